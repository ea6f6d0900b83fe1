package propagation

import "fmt"

// Loss is an outgoing call that left without headers that it could have carried. [Observer.Lost] gets it.
type Loss struct {
	Reason LossReason

	// Destination is the host of the URL, or the host of the gRPC target; "" if it is not known. It has no path and no
	// query.
	Destination string
	// Method is the HTTP method ("GET"), or the full gRPC method ("/package.Service/Method").
	Method string

	// Function, File and Line are the place in the program's source that made the call: the nearest frame of the stack
	// outside traceferry, net/http, grpc-go, OpenTelemetry and generated protobuf code. They are "", "" and 0 if there is
	// none, as in a goroutine that a library started.
	Function string
	File     string
	Line     int
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
	// LostContext: the context of the call does not descend from the context of an inbound request. See [NoContext].
	LostContext LossReason = iota
	// LostTrace: another tracer started a new trace, although the request has a valid remote span context.
	LostTrace
	// LostClient: the client has no traceferry, so the call left without what its context carries.
	LostClient
	// LostTime: the handler of the inbound request had ended before the call.
	LostTime
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
	}
	return fmt.Sprintf("LossReason(%d)", uint8(r))
}
