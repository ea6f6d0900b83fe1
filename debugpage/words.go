package debugpage

import "github.com/traceferry/traceferry/propagation"

// advice says for each reason of a loss what to change.
var advice = map[propagation.LossReason]string{
	propagation.LostContext: "Make the call with the context of the request: r.Context(), or the context that the gRPC method gets.",
	propagation.LostTrace:   "Let the tracer continue the received trace: give it this Propagator, for example with otel.SetTextMapPropagator.",
	propagation.LostClient:  "Make the call with a client that has httptrace.NewTransport, or a connection that has grpctrace.DialOptions.",
	propagation.LostTime:    "For work that outlives the request, make the context with propagation.Copy before the handler ends.",
	propagation.LostOrder:   "Put httptrace.NewTransport inside of the other client: otelhttp.NewTransport(httptrace.NewTransport(p, nil)).",
}

// help says what each counter counts.
var help = map[propagation.Outcome]string{
	propagation.Malformed:       "Lines that do not follow the grammar of their format.",
	propagation.Duplicate:       "A header that may occur only once was received several times.",
	propagation.TooLarge:        "Headers that were left out because they exceed Config.Limits.",
	propagation.Conflict:        "A format that names another trace than the format that is used.",
	propagation.Stale:           "A b3 header that is older than the x-b3-* headers beside it. It is not sent.",
	propagation.Unsendable:      "A value that the transport, Config.ASCIIOnly or a Connection header does not allow.",
	propagation.NoContext:       "Calls without headers whose context is not that of a request. A call of a handler among them is a mistake.",
	propagation.NothingReceived: "Calls without headers, because the request had none. This is no mistake.",
	propagation.Untrusted:       "Requests with headers from a caller who is not trusted with them.",
	propagation.Disallowed:      "Headers that may not go to the host of a call.",
	propagation.Reconciled:      "Headers that were corrected because of Config.Reconcile.",
	propagation.Panicked:        "Panics in Config.LocalSpan or Config.Observer.",
}
