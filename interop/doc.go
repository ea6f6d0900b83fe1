// Package interop compares the propagators of other libraries with ours. We must read their headers as they meant them,
// and they must read ours as we meant them. Both must read arbitrary header values alike, except for a table of named
// differences.
//
// It is a module of its own, because the peers are heavy. It has tests only:
//
//	go test .                                      round trips, 10,000 random contexts a pair and direction
//	go test -run Edited -edited 1000000 .          more headers that are almost right
//	go test -list Fuzz .                           the fuzz targets, one a peer
//	go test -run '^$' -fuzz '^FuzzJaeger$' -fuzzminimizetime 10x .
//
// The peers range over maps in random order, so each run covers different code. Without the flag -fuzzminimizetime, the
// fuzzer stops for a minute whenever it assumes that it has found something.
//
// Each peer has a file with the code to call it, and its known differences. A difference names the rule that it comes
// from, and has a header that shows it. A test fails when a peer no longer differs.
package interop
