// Package weave carries trace headers across net/http in a service that has no line of traceferry. A build tool weaves
// calls of this package into the build. It is experimental: names, variables and aspects may change in any release.
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
// Environment variables configure it; docs/weave.md has the table. Without any, it carries the formats of the zero
// propagation.Config and trusts every caller. It says so on standard error when the first server starts to serve.
// At an edge, set TRACEFERRY_TRUST=edge.
//
// [WrapHandler] and [RoundTrip] know no build tool. Any tool can weave them in:
//
//   - WrapHandler around the handler of each server, which is outside of every other middleware
//   - RoundTrip around the body of (*http.Transport).RoundTrip, which is inside of every other transport
//   - Get, Head, Post and PostForm instead of those of net/http, with a context or a request that is in scope
//
// A service may have lines of traceferry too. Then its own Middleware and Transport win.
package weave
