package propagation

import "fmt"

// Loss is an outgoing call that lost headers. Either the call left without headers that it could have carried, or it
// could not leave because the handler of its request has returned. [Observer].Lost gets it. It is a plain value that
// can be compared with ==.
type Loss struct {
	Reason LossReason // why the headers were lost; each constant says what to do

	// Destination is the host of the URL, or the host of the gRPC target. It is "" if it is not known. It has no path
	// and no query. Destination and Method have at most 256 bytes each. In a proxy a caller may choose both, so
	// escape them before you print them.
	Destination string
	// Method is the HTTP method ("GET"), or the full gRPC method ("/package.Service/Method"). It is "" for
	// [Propagator.InjectHTTPTo].
	Method string

	// Function, File and Line are the place in the program's source that made the call. This is the nearest frame of
	// the stack that is not in traceferry, net/http, grpc-go, OpenTelemetry, generated code, or a common client that
	// is built on these. They are "", "" and 0 if there is no such frame, as in a goroutine that a library started.
	Function string
	File     string
	Line     int

	// InHandler reports that the call was made on the goroutine of an HTTP or gRPC handler. It is false in a
	// goroutine that a handler started, and in a job that the program started by itself.
	InHandler bool
}

// String returns the reason, the method, the destination and the place in one line, without the parts that are not
// known:
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

// LossReason says why a call lost headers.
type LossReason uint8

// The reasons of a [Loss].
const (
	// LostContext: the context of the call does not descend from the context of an inbound request; see [NoContext].
	// In code that serves a request this is a mistake. Make the call with the handler's context. A job that the
	// program starts by itself is reported, too. Loss.InHandler is false for it. Start such a job with
	// [Propagator.Begin].
	//
	// A call whose context has a local span is not reported, with one exception: a client around the call has just
	// started that span, and the span has no parent. Only spans that OpenTelemetry's SDK records show that.
	LostContext LossReason = iota
	// LostTrace: another tracer started a new trace, although the request has a valid remote span context and its
	// caller is trusted. An example is otelhttp.NewHandler outside of httptrace.Middleware, with a propagator that
	// reads none of the received formats. Put httptrace.Middleware outside, or give the tracer a propagator that
	// reads these formats.
	//
	// A new trace on purpose is not reported: if the caller's ids are not trusted (Restart, Ignore, DistrustIDs), or
	// if the span links to the caller's span. The package looks for the link in the span that is active at the call,
	// and in the span that was active at Extract. So it reports two kinds of new traces also if they are on purpose:
	// a child of a linked span that was started after Extract, and a span that the SDK dropped. To prevent that, give
	// Extract a [Trust] that distrusts the ids.
	LostTrace
	// LostClient: the call left with none of the headers that its context carries, because its client does not use
	// traceferry. Only httptrace.Guard and package grpctrace/grpcguard see such clients.
	LostClient
	// LostTime: the call is canceled, because the handler of its request has returned before the call or during it.
	// Use [Copy] for work that outlives the request. A call with a context of context.WithoutCancel is not reported,
	// because it carries the headers. httptrace.Middleware and the servers of package grpctrace record that a handler
	// has returned, for requests with headers to carry.
	LostTime
	// LostOrder: other code changed the headers that name spans after traceferry had written them. Such code is a
	// client inside of httptrace.Transport, such as otelhttp's transport with another propagator. Over gRPC it is a
	// stats handler behind grpctrace.ClientHandler, such as otelgrpc's. Formats that the other propagator does not
	// write may then name another span. Put Transport inside of the other transport, and ClientHandler after the
	// other handlers.
	//
	// This loss is not seen if a transport does not return the request with the response (http.Response.Request).
	LostOrder
)

// String returns the reason in lower-case words: "no context", "restarted trace", "client without traceferry",
// "request over" or "overwritten".
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
