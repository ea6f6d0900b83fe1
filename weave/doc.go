// Package weave carries trace headers across net/http in a service whose source does not use traceferry. A build tool
// weaves calls of this package into the build. The package is experimental: names, variables, and the places where code is added may change in
// any release.
//
// orchestrion.yml beside this file has the aspects for orchestrion (github.com/DataDog/orchestrion). Only the tool file
// of the service names this package:
//
//	//go:build tools
//
//	package tools
//
//	import (
//		_ "github.com/DataDog/orchestrion"
//		_ "github.com/traceferry/traceferry/weave"
//		_ "github.com/traceferry/traceferry/weave/weavegrpc"
//	)
//
// Environment variables configure the woven code; docs/weave.md has the table. Without any variable, it carries the
// formats of the zero propagation.Config and trusts every caller. It warns of that on standard error when the first
// server starts to serve. At an edge, set TRACEFERRY_TRUST=edge.
//
// [WrapHandler] and [RoundTrip] do not depend on orchestrion. Any build tool can weave them in:
//
//   - WrapHandler around the handler of each server, so that it is outside of every other middleware
//   - RoundTrip around the body of (*http.Transport).RoundTrip, so that it is inside of every other transport
//   - Get, Head, Post and PostForm instead of those of net/http, with a context or a request that is in scope
//
// A service may also use traceferry in its own source. Then the trust decision of its own Middleware applies, and
// RoundTrip does not touch a call that its own Transport has handled.
package weave
