// Package logs has the Go code of docs/logs.md, with one test for each logger and for each log bridge, against the
// library itself. It has tests only. TestPage compares the page with the source of the tests. So code on the page that
// is not tested fails the test.
package logs
