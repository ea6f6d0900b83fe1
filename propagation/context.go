package propagation

import (
	"context"
	"iter"

	"github.com/traceferry/traceferry/internal/capture"
)

// RemoteFromContext returns what the caller's headers said of its span: the first
// format of Config.Formats whose lines are valid and have both ids, else the first that holds a decision beside a trace
// id, else the first that holds a decision alone. False, where no captured format says any of these. A trace id alone
// says nothing of a span; IDGenerator uses it.
//
// Headers that do not parse are carried all the same; only nothing is said of them here.
// The headers are parsed at the first call for a request (two allocations),
// and it may be called from any goroutine.
func RemoteFromContext(ctx context.Context) (SpanContext, bool) {
	sc, ok := capture.Of(ctx).Remote()
	return publicSpanContext(sc), ok
}

// UntrustedFromContext returns the span context that an untrusted caller sent, and whether there is one. Link to it, and
// do not continue it. The span context of a caller whose ids are trusted is RemoteFromContext's.
//
//	if caller, ok := propagation.UntrustedFromContext(ctx); ok {
//		ctx, span = tracer.Start(ctx, name, trace.WithLinks(trace.Link{SpanContext: caller.OpenTelemetry()}))
//	}
//
// It parses the headers anew at each call, and may be called from any goroutine.
func UntrustedFromContext(ctx context.Context) (SpanContext, bool) {
	sc, ok := capture.Of(ctx).UntrustedRemote()
	return publicSpanContext(sc), ok
}

// RequestIDFromContext returns the captured x-request-id. It is "" if there is none, or if the id is not 1 to 128
// characters of A-Z a-z 0-9 . _ : -, or is dots alone, as "." and ".." are.
//
// What it returns is safe in logs and headers, and as the name of a file on Unix: it stays in its directory. It may
// begin with a dot or a hyphen, and on Windows more must be replaced: the colon, a dot at the end, and names of devices
// such as NUL. A different id is carried all the same.
func RequestIDFromContext(ctx context.Context) string { return capture.Of(ctx).RequestID() }

// CapturedFromContext ranges over the captured lines as name and value, but for
// those of Config.UnsafeHeaders. Names are in lower case, values as they came: bytes that
// are not printable among them, so quote them before they reach a terminal. Lines
// of one name are side by side and in order.
func CapturedFromContext(ctx context.Context) iter.Seq2[string, string] {
	return capture.CapturedLines(ctx)
}

// Copy returns dst with what src has captured, and nothing else of src: no
// deadline, no cancellation, no local span, no changed baggage. It is for work that
// outlives the request:
//
//	go job(propagation.Copy(context.Background(), r.Context()))
//
// It costs one allocation; where src has captured nothing it is dst.
func Copy(dst, src context.Context) context.Context { return capture.CopyCapture(dst, src) }

// Promote returns a context in which the caller of ctx is believed after all: what was held
// back is carried again, as if Extract had been told Continue, and a request id that was
// made meanwhile gives way to the caller's. It is for handlers that authenticate their
// callers themselves:
//
//	if authenticated(r) {
//		r = r.WithContext(propagation.Promote(r.Context()))
//	}
//
// A local span that runs in ctx stays the active one; the next without one is the caller's child.
// Calls made with ctx itself, before or after, are not affected. Where the caller is believed
// already the context returned is ctx; after Ignore there is nothing to bring back, but what is
// extracted later is believed. The propagators of Config.Also do not read anew, and baggage that OpenTelemetry
// had in the context before the decision stays hidden. It costs a few
// allocations, and may be called from any goroutine.
func Promote(ctx context.Context) context.Context { return capture.Promote(ctx) }

// Demote returns a context in which the caller of ctx is believed in nothing, as if Extract had
// been told Restart: for handlers that find out later that a caller is untrusted. A local span
// that runs in ctx stays the active one; if it continues the caller's trace, calls made with the
// context still name that. What a propagator of Config.Also has put into ctx is out of reach. Calls
// made with ctx itself are not affected. It costs a few allocations, and may be called from any
// goroutine.
func Demote(ctx context.Context) context.Context { return capture.Demote(ctx) }

// WithoutCapture returns a context without the captured headers of ctx: calls made with it carry nothing of them,
// and OpenTelemetry sees neither their remote span nor their baggage. Use it where a derived context serves other
// work than the request it comes from, a connection's context for its messages:
//
//	for msg := range messages {
//		handle(p.Extract(propagation.WithoutCapture(conn.Context()), msg.Headers), msg)
//	}
//
// A local span stays the active one, and so does baggage that the application has changed. A decision against
// the caller stays too, so that a later Extract holds back as much; Promote takes it back. Deadline and
// cancellation are those of ctx. Where nothing is captured the context returned is ctx. It
// costs one allocation, and may be called from any goroutine.
func WithoutCapture(ctx context.Context) context.Context { return capture.WithoutCapture(ctx) }
