// Package interop compares the propagators of other libraries with ours. We read what
// they inject as they meant it, and they read what we inject as we meant it. Both read
// any header values alike, except for a table of named differences.
//
// It is a module of its own, because the peers are heavy, and has tests only:
//
//	go test .                                      round trips, 10,000 random contexts a pair and direction
//	go test -run Edited -edited 1000000 .          more headers that are almost right
//	go test -list Fuzz .                           the fuzz targets, one a peer
//	go test -run '^$' -fuzz '^FuzzJaeger$' -fuzzminimizetime 10x .
//
// The flag -fuzzminimizetime is needed because the peers range over maps in random order,
// so each run covers other code. Without the flag the fuzzer stands still for a minute
// whenever it thinks that it has found something.
//
// Each peer has a file: how to call it, and its known differences. A difference names the
// rule that it comes from, and has a header that shows it. A test fails when a peer no longer
// differs.
package interop
