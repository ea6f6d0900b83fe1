package propagation

import (
	"context"

	"github.com/traceferry/traceferry/internal/outcome"
	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/internal/wire"
)

// Outcome is a problem that a request's headers had on their way. [Stats] counts outcomes, and an [Observer] is called
// for them. No outcome makes a request fail, delays it or logs it.
type Outcome uint8

const (
	// Malformed: lines of a format do not follow its grammar. Such lines name no span. They travel verbatim while there
	// is no local span, unless Config.DropMalformed is set. If only the decision cannot be read, the ids are used.
	Malformed Outcome = iota
	// Duplicate: a header that may occur only once occurs more often. Its lines are forwarded. Extract reads the first line,
	// and no line of a repeated traceparent.
	Duplicate
	// TooLarge: a format, or a header, exceeds Config.Limits and was left out.
	TooLarge
	// Conflict: a format is valid and names another trace than a format before it in precedence.
	Conflict
	// Stale: a single b3 is older than valid x-b3-*, or malformed beside them (then Malformed is counted, too). A b3 is
	// older if it names another span, and that span is no child of the span in x-b3-*. The b3 is not sent, because
	// Envoy prefers it to x-b3-*. With Config.Reconcile it is corrected instead.
	Stale
	// Unsendable: a value may not be sent. The transport does not allow it, Config.ASCIIOnly forbids it, or the caller
	// listed the header in Connection. If the value holds ids or a decision, its whole format was left out, with its
	// baggage. Otherwise only the value was left out.
	Unsendable
	// NoContext: an outgoing request had nothing to carry, and its context does not descend from the context of an
	// inbound request. Examples are client.Get and context.Background. In code that serves a request this is a mistake.
	// A job that the program starts by itself is counted too. Its Format is zero. Observer.Lost gets the line of the call
	// (LostContext).
	//
	// The contexts of net/http's and grpc-go's servers are recognised by the values that these servers put there. Other
	// contexts (fasthttp's, httptest.NewRequest's) are recognised only by captured headers.
	//
	// The Transport, InjectHTTPTo and the gRPC clients count it. The other Inject methods do not, because they may run
	// beside these for one call.
	NoContext
	// NothingReceived: an outgoing request had nothing to carry, and its context descends from the context of an
	// inbound request, which had no header that the Propagator carries. This is no mistake. Its Format is zero. It is
	// counted where NoContext is.
	NothingReceived
	// Untrusted: lines were received from a caller who is not trusted with them; see Trust. Stats counts each request
	// once, under the zero Format. The observer is called for each format. Lines that Ignore drops are not always
	// counted.
	Untrusted
	// Disallowed: something of the format may not be sent to the destination; see Destination.
	Disallowed
	// Reconciled: a format named another span of the trace than the first format, and was sent with the span of the
	// first format; see Config.Reconcile. It counts calls. gRPC calls that share one context's metadata count once.
	Reconciled
	// Panicked: Config.LocalSpan or a function of Config.Observer panicked. The panic is recovered, and the request
	// continues as if the function had returned nothing. Its Format is zero. The observer is not called for it.
	Panicked
)

// String returns the outcome in lower-case words.
func (o Outcome) String() string { return outcome.Outcome(o).String() }

// Observer has functions that are called for single requests. Every field may be nil. The functions run in the
// request's goroutine. They must be safe for concurrent use, and must return soon. They may neither Extract nor Inject
// with the context that they get. Extract calls them when its context is complete. A panic in them is recovered, over
// HTTP and gRPC alike, and counted (Panicked).
type Observer struct {
	// Outcome is called for each outcome when it is counted. The zero Format stands for Config.Headers and for the
	// request as a whole.
	Outcome func(context.Context, Format, Outcome)

	// Extracted is called by each Extract that carried something, and by Promote, with the formats that it read. It
	// shows which formats your callers still send. Extracted may keep and change the slice.
	Extracted func(context.Context, []Format)

	// Lost is called for each outgoing call that left without headers that it could have carried, with the line of the
	// program that made the call; see [Loss]. It runs on the goroutine of the call.
	//
	// While Lost is nil, no call is examined and no stack is read. With Lost, each call costs some further look-ups in its
	// context, and each loss ten to twenty microseconds for the stack, plus what the function does. Whoever can make the
	// service lose headers can make it call Lost as often: bound what it writes, for example to one line a place.
	Lost func(context.Context, Loss)
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

// lost returns the function of that name for the engine; nil for none.
func (o *Observer) lost() func(context.Context, plan.Loss) {
	if o == nil || o.Lost == nil {
		return nil
	}
	observe := o.Lost
	return func(ctx context.Context, l plan.Loss) {
		observe(ctx, Loss{LossReason(l.Reason), l.Destination, l.Method, l.Function, l.File, l.Line, l.InHandler})
	}
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
