package propagation

import "fmt"

// Loss is an outgoing call that left without headers that it could have carried, or could not leave because its request
// was over. [Observer.Lost] gets it.
type Loss struct {
	Reason LossReason

	// Destination is the host of the URL, or the host of the gRPC target; "" if it is not known. It has no path and no
	// query, and at most 256 bytes, as Method. In a proxy both may be a caller's choice.
	Destination string
	// Method is the HTTP method ("GET"), or the full gRPC method ("/package.Service/Method"). It is "" for
	// [Propagator.InjectHTTPTo].
	Method string

	// Function, File and Line are the place in the program's source that made the call: the nearest frame of the stack
	// outside traceferry, net/http, grpc-go, OpenTelemetry, some widespread clients that are built on these, and generated
	// code. They are "", "" and 0 if there is none, as in a goroutine that a library started.
	Function string
	File     string
	Line     int

	// InHandler reports that the call was made on the goroutine of an HTTP or gRPC handler. It is false in a goroutine
	// that a handler started, as in a job of the program's own.
	InHandler bool
}

// String returns the reason, the method, the destination and the place, as in
//
//	no context: GET reviews:9080 at /src/shop/cart.go:41
func (l Loss) String() string {
	text := l.Reason.String() + ":"
	for _, part := range []string{l.Method, l.Destination} {
		if part != "" {
			text += " " + part
		}
	}
	if l.File == "" {
		return text
	}
	return fmt.Sprintf("%s at %s:%d", text, l.File, l.Line)
}

// LossReason says why a call left without headers.
type LossReason uint8

const (
	// LostContext: the context of the call does not descend from the context of an inbound request, as for
	// [NoContext]. In code that serves a request this is a mistake: pass the handler's context. A job that the program
	// starts by itself is reported too; Loss.InHandler is false for it.
	//
	// A call whose context has a local span is not reported, unless a client around the call has just started that span
	// without a parent. OpenTelemetry's SDK tells that of spans that it records.
	LostContext LossReason = iota
	// LostTrace: another tracer started a new trace, although the request has a valid remote span context and its caller
	// is trusted. An example is otelhttp.NewHandler outside of httptrace.Middleware, with a propagator that reads none of
	// the received formats.
	//
	// A new trace is not reported if it is on purpose: if the caller's ids are not trusted (Restart, Ignore, DistrustIDs),
	// or if the span links to the caller's span. The link is seen on the span that is active at the call, and on the span
	// that was active at Extract. A child of a linked span that was started after Extract cannot be told from a mistake;
	// nor can a span that the SDK dropped. Use a [Trust] there.
	LostTrace
	// LostClient: the call left with none of the headers that its context carries, because its client has no traceferry.
	// Only httptrace.Guard and package grpctrace/grpcguard see such clients.
	LostClient
	// LostTime: the call is canceled because the handler of its request has returned, before the call or during it. Use
	// [Copy] for work that outlives the request. A context of context.WithoutCancel is not reported: its calls carry the
	// headers. httptrace.Middleware and the server's side of package grpctrace note that a handler has returned, for
	// requests with headers to carry.
	LostTime
	// LostOrder: a client inside of httptrace.Transport, such as otelhttp's transport with another propagator, changed
	// the headers that name spans after Transport had written them. Or a stats handler behind grpctrace.ClientHandler did,
	// such as otelgrpc's. Formats that the other propagator does not write may then name another span. Put Transport
	// inside, and ClientHandler last. A transport that does not return the request with the response
	// (http.Response.Request) hides it.
	LostOrder
)

// String returns the reason in lower-case words.
func (r LossReason) String() string {
	switch r {
	case LostContext:
		return "no context"
	case LostTrace:
		return "restarted trace"
	case LostClient:
		return "client without traceferry"
	case LostTime:
		return "request over"
	case LostOrder:
		return "overwritten"
	}
	return fmt.Sprintf("LossReason(%d)", uint8(r))
}
