package propagation

import (
	"context"
	"iter"

	"github.com/traceferry/traceferry/internal/capture"
)

// RemoteFromContext returns the remote span context: what the received headers say of the caller's span. It uses the
// first of these, in the order of precedence of Config.Formats:
//
//  1. a valid format with both ids
//  2. a valid format with a decision and a trace id
//  3. a valid format with a decision alone
//
// It returns false if no captured format has any of these. A trace id alone is not a span context; IDGenerator uses it.
// Headers that do not parse have no part in this, but are still carried.
//
// The first call for a request parses the headers, with two allocations. It is safe for concurrent use.
func RemoteFromContext(ctx context.Context) (SpanContext, bool) {
	sc, ok := capture.Of(ctx).Remote()
	return publicSpanContext(sc), ok
}

// UntrustedFromContext returns the span context that an untrusted caller sent. It returns false if there is none. Link
// to this span context, and do not continue it. If the caller's ids are trusted, use [RemoteFromContext].
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

// RequestIDFromContext returns the captured x-request-id. It returns "" if there is none, or if the id is not 1 to 128
// characters of A-Z a-z 0-9 . _ : -. It also returns "" for an id of dots only, such as "." or "..". An id that it does
// not return is still carried.
//
// The result is safe in logs and headers. It is also safe as a file name on Unix, because it stays in its directory. It
// may begin with a dot or a hyphen. On Windows, replace more before you use it as a file name: the colon, a dot at the
// end, and names of devices such as NUL.
func RequestIDFromContext(ctx context.Context) string { return capture.Of(ctx).RequestID() }

// CapturedFromContext ranges over the captured lines as name and value, except those of Config.UnsafeHeaders. Names are
// in lower case. Values are as received and may have bytes that are not printable, so quote them before you write them
// to a terminal. Lines of one name are adjacent and in order.
func CapturedFromContext(ctx context.Context) iter.Seq2[string, string] {
	return capture.CapturedLines(ctx)
}

// Copy returns dst with the captured headers of src. It copies nothing else of src: no deadline, no cancellation, no
// local span and no changed baggage. Use it for work that outlives the request:
//
//	go job(propagation.Copy(context.Background(), r.Context()))
//
// It costs one allocation. If src has captured nothing, it returns dst, with a mark that it belongs to an inbound request
// if src does. Calls with that context are counted as [NothingReceived].
func Copy(dst, src context.Context) context.Context { return capture.CopyCapture(dst, src) }

// Promote returns a context in which the caller of ctx is trusted. It is for handlers that authenticate their callers
// themselves:
//
//	if authenticated(r) {
//		r = r.WithContext(propagation.Promote(r.Context()))
//	}
//
// Withheld headers are carried again, as if Extract had been called with Continue. The caller's request id replaces one
// that Extract generated. A local span that runs in ctx stays active. If no local span runs, the next span is the
// caller's child. Calls made with ctx itself are not affected. If the caller is already trusted, Promote returns ctx.
//
// Promote has these limits:
//
//   - After Ignore there is nothing to bring back. Headers that are extracted later are trusted.
//   - The propagators of Config.Also do not read again.
//   - Baggage that OpenTelemetry had in the context before the trust decision stays hidden.
//
// It costs a few allocations, and is safe for concurrent use.
func Promote(ctx context.Context) context.Context { return capture.Promote(ctx) }

// Demote returns a context in which the caller of ctx is trusted in nothing, as if Extract had been called with
// Restart. It is for handlers that find out late that a caller is untrusted. A local span that runs in ctx stays
// active. If that span continues the caller's trace, calls made with the context still carry the caller's trace id.
// Demote does not remove what a propagator of Config.Also has put into ctx. Calls made with ctx itself are not
// affected. It costs a few allocations, and is safe for concurrent use.
func Demote(ctx context.Context) context.Context { return capture.Demote(ctx) }

// WithoutCapture returns a context without the captured headers of ctx. Calls made with it carry none of them, and
// OpenTelemetry sees neither their remote span nor their baggage. Use it where a derived context serves other work than
// its request, such as a connection's context for the messages on the connection:
//
//	for msg := range messages {
//		handle(p.Extract(propagation.WithoutCapture(conn.Context()), msg.Headers), msg)
//	}
//
// A local span stays active, and baggage that the application has changed stays too. A decision not to trust the caller
// also stays, so that a later Extract withholds as much. [Promote] takes that decision back. Deadline and cancellation
// are those of ctx. It costs one allocation, and is safe for concurrent use. If nothing is captured, it returns ctx.
func WithoutCapture(ctx context.Context) context.Context { return capture.WithoutCapture(ctx) }
