// Package more has the code of docs/frameworks.md for libraries with many dependencies. Each library has one test,
// against the library itself. It is a module of its own, so that the other modules do not need these dependencies. It
// has tests only. TestPage of package frameworks also compares the page with these tests.
package more
