package propagation

import (
	"context"
	"iter"

	"github.com/traceferry/traceferry/internal/capture"
)

// RemoteFromContext returns the remote span context: what the received headers say of the caller's span. Use it to
// read the caller's ids or decision, whatever the format. It uses the first of these, in the order of precedence of
// Config.Formats:
//
//  1. a valid format with both ids
//  2. a valid format with a decision and a trace id
//  3. a valid format with a decision alone
//
// It returns false if no captured format has any of these. A trace id alone is not a span context; [IDGenerator] uses
// it. RemoteFromContext ignores headers that do not parse. Calls still carry them.
//
// The first call for a request parses the headers, with two allocations. It is safe for concurrent use.
func RemoteFromContext(ctx context.Context) (SpanContext, bool) {
	sc, ok := capture.Of(ctx).Remote()
	return publicSpanContext(sc), ok
}

// UntrustedFromContext returns the span context that an untrusted caller sent. It returns false if there is none, or
// if the caller's ids are trusted; then use [RemoteFromContext]. Use the result for a span link. Do not start a child
// span of it.
//
//	if caller, ok := propagation.UntrustedFromContext(ctx); ok {
//		ctx, span = tracer.Start(ctx, name, trace.WithLinks(trace.Link{SpanContext: caller.OpenTelemetry()}))
//	}
//
// Each call parses the headers again. It is safe for concurrent use.
func UntrustedFromContext(ctx context.Context) (SpanContext, bool) {
	sc, ok := capture.Of(ctx).UntrustedRemote()
	return publicSpanContext(sc), ok
}

// RequestIDFromContext returns the captured x-request-id, for logs and error pages. It also returns an id that
// Extract or Begin has generated. It returns "" if there is no id, or if the id is not safe to print. A safe id has 1
// to 128 characters of A-Z a-z 0-9 . _ : -, and not only dots. Calls carry an id that is not safe, too.
//
// The result is safe in logs and headers. It is also safe as a file name on Unix, because it stays in its directory.
// It may begin with a dot or a hyphen. On Windows, first replace the colon, a dot at the end, and names of devices
// such as NUL.
func RequestIDFromContext(ctx context.Context) string { return capture.Of(ctx).RequestID() }

// CapturedFromContext ranges over the captured lines as name and value, for debug pages. It leaves out
// Config.UnsafeHeaders and withheld lines. Names are in lower case. Lines of one name are adjacent and in order.
// Values are as received. They may have bytes that are not printable, so quote them before you write them to a
// terminal.
func CapturedFromContext(ctx context.Context) iter.Seq2[string, string] {
	return capture.CapturedLines(ctx)
}

// Copy returns a context that has the values of dst and the captured headers of src. It copies nothing else of src:
// no deadline, no cancellation, no local span and no baggage that the application has changed. Use it for work that
// outlives the request:
//
//	go job(propagation.Copy(context.Background(), r.Context()))
//
// Copy costs one allocation. If src has captured nothing, Copy returns dst. If src then belongs to an inbound
// request, the result is marked so. Calls with it count as [NothingReceived] and not as [NoContext]. Copy is safe for
// concurrent use.
func Copy(dst, src context.Context) context.Context { return capture.CopyCapture(dst, src) }

// Promote returns a context in which the caller of ctx is trusted in everything. It is for handlers that authenticate
// their callers themselves:
//
//	if authenticated(r) {
//		r = r.WithContext(propagation.Promote(r.Context()))
//	}
//
// Calls carry the withheld headers again, as if Extract had been called with Continue. The caller's request id
// replaces one that Extract generated. A local span that runs in ctx stays active. If no local span runs, the next
// span is the caller's child. Calls made with ctx itself do not change. If the caller is already trusted, Promote
// returns ctx.
//
// Promote has these limits:
//
//   - After Ignore there are no withheld headers. Promote then trusts only headers that are extracted later.
//   - The propagators of Config.Also do not read the headers again.
//   - Baggage that OpenTelemetry had in the context before the trust decision stays hidden.
//
// Promote costs a few allocations, and is safe for concurrent use.
func Promote(ctx context.Context) context.Context { return capture.Promote(ctx) }

// Demote returns a context in which the caller of ctx is trusted in nothing, as if Extract had been called with
// Restart. It is for handlers that find out late that a caller is untrusted. A local span that runs in ctx stays
// active. If that span continues the caller's trace, calls made with the context still carry the caller's trace id.
// Calls made with ctx itself do not change.
//
// Demote does not remove values that a propagator of Config.Also has put into ctx. It costs a few allocations, and is
// safe for concurrent use.
func Demote(ctx context.Context) context.Context { return capture.Demote(ctx) }

// WithoutCapture returns a context without the captured headers of ctx. Calls made with it do not carry these
// headers, and OpenTelemetry sees neither the remote span context nor the caller's baggage. Use it for work that
// belongs to another request than ctx. An example is a connection's context for the messages on the connection:
//
//	for msg := range messages {
//		handle(p.Extract(propagation.WithoutCapture(conn.Context()), msg.Headers), msg)
//	}
//
// Deadline, cancellation and a local span stay. Baggage that the application has changed stays, too. A decision not
// to trust the caller also stays, so a later Extract withholds at least as much. [Promote] takes that decision back.
//
// WithoutCapture costs one allocation, and is safe for concurrent use. If nothing is captured, it returns ctx.
func WithoutCapture(ctx context.Context) context.Context { return capture.WithoutCapture(ctx) }
