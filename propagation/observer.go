package propagation

import (
	"context"

	"github.com/traceferry/traceferry/internal/outcome"
	"github.com/traceferry/traceferry/internal/wire"
)

// Outcome is something that a request's headers met with other than being carried.
// None of them fails, delays or logs the request.
type Outcome uint8

const (
	// Malformed: a format's lines are not by its grammar. They name nothing. They travel verbatim while
	// there is no local span, unless Config.DropMalformed is set. If only the decision cannot be read, the ids stand.
	Malformed Outcome = iota
	// Duplicate: a header that may come once came more often. Its lines travel; the
	// first counts, but for traceparent, where none does.
	Duplicate
	// TooLarge: a format, or a header, exceeded Config.Limits and was left out.
	TooLarge
	// Conflict: the format is valid and names another trace than a format before it.
	Conflict
	// Stale: the single b3 must not go beside valid x-b3-*, as Envoy prefers it. It names another span, and not
	// that span's child, or it is malformed (which is counted, too). It is not sent, unless Config.Reconcile corrects it.
	Stale
	// Unsendable: a value could not legally be sent on the transport, Config.ASCIIOnly forbids it, or the caller listed
	// the header in Connection. If it holds ids
	// or a decision, its whole format was left out, with its baggage; else only the value was.
	Unsendable
	// NoContext: an outgoing request had nothing to carry, and its context does not descend from the context of an
	// inbound request: client.Get, or context.Background. In code that serves a request this is a mistake.
	// A job that the program starts by itself is counted too. The contexts of net/http's and
	// grpc-go's servers are recognised by the values that these servers put there. Other contexts (fasthttp's,
	// httptest.NewRequest's, a Copy's) are recognised only by captured headers. Its Format is zero.
	// The Transport, InjectHTTPTo and the gRPC clients count it. The other Inject methods, which may run beside them for one
	// call, do not.
	NoContext
	// NothingReceived: an outgoing request had nothing to carry, and its context descends from the context of an
	// inbound request, which had no header that the Propagator carries. This is no mistake. Its Format is zero.
	// It is counted where NoContext is.
	NothingReceived
	// Untrusted: lines came from a caller who is not believed in them; see Trust. Stats counts requests,
	// under the zero Format; the observer hears of each format. What is ignored is not always counted.
	Untrusted
	// Disallowed: something of the format may not go to the host that is called; see Destination.
	Disallowed
	// Reconciled: the format named another span of the trace than the first format. It was sent with the span of the
	// first format, as Config.Reconcile says. Calls are counted; gRPC calls that share one context's metadata count once.
	Reconciled
	// Panicked: Config.LocalSpan or a function of Config.Observer panicked. The panic ends there, and
	// the request goes on as if the function had returned nothing. Its Format is zero. The observer is not told.
	Panicked
)

// String returns the outcome in lower-case words.
func (o Outcome) String() string { return outcome.Outcome(o).String() }

// Observer hears what happens to single requests. Every field may be nil. The
// functions are called in the request's goroutine and must be safe for all
// goroutines, return soon, and neither Extract nor Inject with the context that they are given.
// An Extract calls them when its context is complete. A panic in them ends there, over HTTP and gRPC alike, and
// is counted (Panicked).
type Observer struct {
	// Outcome is called for each unhappy outcome when it is counted. The zero Format
	// stands for Config.Headers and for the request as a whole.
	Outcome func(context.Context, Format, Outcome)

	// Extracted is called by each Extract that carried something, and by Promote, with the formats
	// that it read: what the fleet still sends. The slice is the callee's own.
	Extracted func(context.Context, []Format)
}

// outcome returns the function of that name for the engine; nil for none.
func (o *Observer) outcome() func(context.Context, wire.Format, outcome.Outcome) {
	if o == nil || o.Outcome == nil {
		return nil
	}
	observe := o.Outcome
	return func(ctx context.Context, f wire.Format, what outcome.Outcome) { observe(ctx, Format(f), Outcome(what)) }
}

// extracted returns the function of that name for the engine; nil for none.
func (o *Observer) extracted() func(context.Context, []wire.Format) {
	if o == nil || o.Extracted == nil {
		return nil
	}
	observe := o.Extracted
	return func(ctx context.Context, fs []wire.Format) { observe(ctx, publicFormats(fs)) }
}

// localSpan returns Config.LocalSpan for the engine; nil for none.
func localSpan(ask func(context.Context) (SpanContext, bool)) func(context.Context) (wire.SpanContext, bool) {
	if ask == nil {
		return nil
	}
	return func(ctx context.Context) (wire.SpanContext, bool) {
		sc, ok := ask(ctx)
		return sc.wire(), ok
	}
}
