// Package frameworks has the Go code of docs/frameworks.md, with one test for each library against the library itself.
// It has tests only. TestPage compares the page with the source of the tests. So code on the page that is not tested
// fails the test.
package frameworks
