// Package lint has analyzers that find the lines where a Go service loses its trace headers, before the service runs.
// Most users run them with the command traceferrylint:
//
//	go install github.com/traceferry/traceferry/lint/cmd/traceferrylint@latest
//	traceferrylint ./...
//
// Package lint/golangci is a plugin of golangci-lint. The page docs/diagnosis.md has a section for each analyzer.
//
// A call carries the headers of an inbound request if three conditions are true. The call is made with a context that
// descends from the request's context. Its client writes headers. And the handler has not yet returned. Each analyzer
// finds one mistake that breaks a condition:
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
// # What context is at hand
//
// Most analyzers report a line only where a context is at hand. A context is at hand if a parameter of the function, or a
// local variable derived from a parameter, belongs or may belong to an inbound request. These parameters belong to an
// inbound request: the *http.Request of a handler, a gRPC stream, the context of a gRPC method, and the context types of
// gin, echo, fiber and fasthttp. A parameter of type context.Context may belong to one. It does not if all callers in the
// package pass a context of the program, such as context.Background. It does not either if the function does the
// program's work:
//
//   - it loops until the context is done
//   - it is a command of cobra or urfave/cli
//   - its name begins with New, Init, Setup, Bootstrap or Mock
//   - its name is Start, Run, Serve, Open, Connect or Launch
//   - it is in a package cli or health
//
// But if a handler of the package calls such a function, the parameter belongs to an inbound request.
//
// A function literal that runs inside of a function sees the contexts of this function. A goroutine for which the function
// does not wait is detached: the analyzers expect no request's context there.
//
// # What is not checked
//
// The analyzers do not check:
//
//   - test files, and files that import testing or net/http/httptest
//   - packages with a path element that begins with test, e2e, integration or mock
//   - generated files
//   - functions without a context at hand, for most analyzers
//
// They see one package at a time. They do not see what a call through an interface does.
//
// # Ignore a finding
//
// A comment silences a finding if it is on the line of the finding, or alone on the line before it. In the doc comment of
// a function, it silences all findings in the function. It has one of two forms. Name an analyzer, or traceferry for all:
//
//	//lint:ignore background the audit record must be written even if the caller is gone
//	//nolint:background // the audit record must be written even if the caller is gone
//
// The first form needs a reason; without one it silences nothing.
package lint
