// Package interop holds the propagators of other libraries against ours: what
// they inject we read as they meant it, what we inject they read as we meant it, and of
// any header values at all both make the same, but for a table of named differences.
//
// It is a module of its own, as the peers are heavy, and has tests only:
//
//	go test .                                      round trips, 10,000 random contexts a pair and direction
//	go test -run Edited -edited 1000000 .          more headers that are almost right
//	go test -list Fuzz .                           the fuzz targets, one a peer
//	go test -run '^$' -fuzz '^FuzzJaeger$' -fuzzminimizetime 10x .
//
// The limit on minimizing is needed because what the peers' code covers differs from
// run to run, as maps are ranged over in random order: without it the fuzzer stands still
// for a minute whenever it believes that it has found something.
//
// Each peer has a file: how it is called, and the ways in which it is known to read
// headers otherwise than we do. Such a difference names the rule that it comes from and
// shows a header that proves it, so that a peer which mends its ways is noticed too.
package interop
