// Package more holds the lines of docs/frameworks.md for heavy libraries: one test for each, against the library itself. It
// is a module of its own, so that the others of this repository do not download what these need. It has tests only.
// TestPage of package frameworks compares the page with these tests, too.
package more
