// Package frameworks holds the lines of Go that docs/frameworks.md shows: one test for each library, against
// the library itself. It has tests only. TestPage compares the page with the tests' source, so a line of the page
// that is not tested fails.
package frameworks
