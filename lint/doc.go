// Package lint has analyzers that find the lines where a Go service loses its trace headers, before the service runs.
//
// A call carries the headers of an inbound request if three things hold: it is made with a context that descends from
// the request's, through a client that writes headers, while the request is still being handled. Each analyzer finds
// one way to miss one of them:
//
//	background   context.Background or TODO where a request's context is at hand
//	baregrpc     a gRPC connection without the options of grpctrace
//	bareclient   http.Get, http.DefaultClient and clients without a transport that writes headers
//	gincontext   a framework's own context (gin, fiber, fasthttp) passed as a context.Context
//	goroutine    a goroutine with the request's context that outlives the handler
//	newrequest   http.NewRequest and client.Get, which take no context
//	otelorder    traceferry and OpenTelemetry's instrumentation in the wrong order
//
// baregrpc and gincontext are off by default. Their flag -on switches them on.
//
// Run them with the command in lint/cmd/traceferrylint, by itself or with go vet, or in golangci-lint with the plugin
// in lint/golangci. The page docs/diagnosis.md has a section for each analyzer.
//
// # What context is at hand
//
// Most analyzers report a line only where a context is at hand: a parameter, or a local variable derived from one,
// that is an inbound request's or may be. These are an inbound request's for certain: an *http.Request of a handler, a
// gRPC stream or the context of a gRPC method, and the context types of gin, echo, fiber and fasthttp. A parameter of type
// context.Context may be one, too. It is not one if all callers in the package pass a context of the program, such as
// context.Background. It is not one either if the function does the program's work:
//
//   - it loops until the context is done
//   - it is a command of cobra or urfave/cli
//   - its name begins with New, Init, Setup, Bootstrap or Mock
//   - its name is Start, Run, Serve, Open, Connect or Launch
//   - it is in a package cli or health
//
// If a handler of the package calls such a function, its context is an inbound request's all the same.
//
// A function literal sees the contexts of the function around it if it runs inside of it. A goroutine for which the function
// does not wait is detached: the analyzers expect no request's context there.
//
// # What is not checked
//
// Test files, files that import testing or net/http/httptest, packages with a path element that begins with test, e2e,
// integration or mock, generated files, and functions without a context at hand. The analyzers see one package at a time, and do
// not see what a call through an interface does.
//
// # Ignore a finding
//
// A comment on the line of the finding, or alone on the line before it, silences it. So does a comment in the doc comment of
// a function, for the whole function. Both usual forms are understood; name an analyzer, or traceferry for all:
//
//	//lint:ignore background the audit record must be written even if the caller is gone
//	//nolint:background // the audit record must be written even if the caller is gone
//
// The first form needs a reason; without one it silences nothing.
package lint
