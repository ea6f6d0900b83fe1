package propagation

import (
	"context"

	"github.com/traceferry/traceferry/internal/outcome"
	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/internal/wire"
)

// Outcome is a problem that the headers of a request or of a call had. [Stats] counts outcomes, and the Propagator
// calls [Observer].Outcome for them. No outcome makes a request fail, delays it or logs it.
type Outcome uint8

// The outcomes. Each is counted for a format, unless its text says otherwise.
const (
	// Malformed: lines of a format do not follow its grammar. Such lines name no span. They are sent verbatim while
	// no local span runs, unless Config.DropMalformed is set. If only the decision cannot be read, the ids are used,
	// and the decision counts as open.
	Malformed Outcome = iota
	// Duplicate: a header that may occur only once occurs more often. All its lines are sent. Extract reads the first
	// line. Of a repeated traceparent, Extract reads no line.
	Duplicate
	// TooLarge: a format or a header exceeds Config.Limits, and is left out.
	TooLarge
	// Conflict: a format is valid and names another trace than the format that gives the remote span context.
	Conflict
	// Stale: a b3 beside valid x-b3-* of the same request is older, or malformed. A malformed b3 counts as Malformed,
	// too. A b3 is older if it names another span than x-b3-*, and that span is no child of the span in x-b3-*.
	//
	// Inject does not send such a b3, because Envoy before 1.40 advances only x-b3-*, and prefers b3 when it reads.
	// Envoy makes no span for a malformed b3. With Config.Reconcile, Inject corrects the older b3. A b3 that names
	// the child of the span in x-b3-* is what Envoy 1.40 writes, and is sent.
	Stale
	// Unsendable: a value may not be sent. The transport does not allow it, Config.ASCIIOnly forbids it, or the
	// caller listed the header in Connection. If the value holds ids or a decision, its whole format is left out,
	// with its baggage. Otherwise only the value is left out.
	Unsendable
	// NoContext: an outgoing call has nothing to carry, and its context does not descend from the context of an
	// inbound request. Examples are client.Get and context.Background. In code that serves a request this is a
	// mistake. Observer.Lost gets the line of the call (LostContext). A job that the program starts by itself is
	// counted, too; see [Propagator.Begin]. The Format is zero.
	//
	// The contexts of net/http's and grpc-go's servers are recognised by the values that these servers put there.
	// Other contexts (fasthttp's, httptest.NewRequest's) are recognised only by captured headers.
	//
	// httptrace.Transport, InjectHTTPTo, Lines and the gRPC clients count it. The other Inject methods do not,
	// because they may run beside these for one call.
	NoContext
	// NothingReceived: an outgoing call has nothing to carry, because its inbound request had no header that the
	// Propagator carries. This is no mistake. The Format is zero. It is counted by the same functions as NoContext.
	NothingReceived
	// Untrusted: lines were received from a caller that is not trusted with them; see Trust. Stats counts each
	// request once, under the zero Format. Observer.Outcome is called for each format. Lines that Ignore drops are
	// not always counted.
	Untrusted
	// Disallowed: a part of the format may not be sent to the destination; see Destination. It counts calls.
	Disallowed
	// Reconciled: a format named another span of the trace than the first valid format, and was sent with the span of
	// that format; see Config.Reconcile. It counts calls. gRPC calls that share one context's metadata count once.
	Reconciled
	// Panicked: Config.LocalSpan or a function of Config.Observer panicked. The package recovers the panic, and goes
	// on as if the function had returned nothing. The Format is zero. The observer is not called for it.
	Panicked
)

// String returns the outcome in lower-case words, such as "malformed" or "no context". [Stats] and [StatsKey] use
// these names. They are stable.
func (o Outcome) String() string { return outcome.Outcome(o).String() }

// Observer has functions that the Propagator calls for single requests and calls. Set it in Config.Observer, for logs
// or traces of lost headers. To count only, use [Stats], which costs less. Every field may be nil.
//
// The functions run on the goroutine of the request or call. So they must return soon, and must be safe for
// concurrent use. They must not call Extract or Inject with the context that they get. Extract calls them when its
// context is complete, so they can use functions such as RemoteFromContext. A panic in them is recovered, over HTTP
// and gRPC alike, and counted (Panicked).
type Observer struct {
	// Outcome is called for each outcome when it is counted. The zero Format stands for Config.Headers and for the
	// request as a whole. With Outcome set, every Extract parses the ids.
	Outcome func(context.Context, Format, Outcome)

	// Extracted is called by each Extract that captured a header, and by Promote, with the formats that it read. Use
	// it to find out which formats your callers still send. The slice belongs to Extracted, which may keep and change
	// it.
	Extracted func(context.Context, []Format)

	// Lost is called for each outgoing call that loses headers, with the line of the program that made the call; see
	// [Loss]. It runs on the goroutine of the call.
	//
	// While Lost is nil, the package examines no call and reads no stack. With Lost, each call costs some more
	// look-ups in its context. Each loss costs ten to twenty microseconds for the stack, and the time of the
	// function.
	//
	// A caller that can make the service lose headers can make it call Lost as often. So limit what Lost writes, for
	// example to one line for each place.
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
