// Package logs holds the lines of Go that docs/logs.md shows: one test for each logger and for each log bridge, against
// the library itself. It has tests only. TestPage compares the page with the tests' source, so a line of the page that
// is not tested fails.
package logs
