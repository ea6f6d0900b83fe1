// Package slogtrace adds trace ids to the records of log/slog, so that the lines of one request are found together. It
// wraps any slog.Handler:
//
//	log := slog.New(slogtrace.MustNew(slog.NewJSONHandler(os.Stderr, nil)))
//	log.InfoContext(r.Context(), "paid", "amount", 12)
//
//	{"time":...,"level":"INFO","msg":"paid","amount":12,"trace_id":"463ac35c9f6413ad48485a3953bb6124",
//	 "span_id":"a2fb4a1d1a96d312","sampled":true,"request_id":"5f2f7d9c-7b1a-9d5e-8f57-1f8f0a2b3c4d"}
//
// The ids come from the context of each record, so use the methods with a context: InfoContext, ErrorContext, Log. No
// tracing SDK is needed. The headers that httptrace or grpctrace has read into the context are enough.
//
// # Which ids
//
// A record gets the ids of the local span. If no span runs in the context, it gets the ids that the caller sent, in
// any format. The local span is OpenTelemetry's active span, or the span of propagation.Config.LocalSpan; see
// [WithPropagator].
//
// A value that the caller did not send is left out. Examples are the span id of an X-Ray header with a trace id alone,
// and an open sampling decision. A record whose context has no ids, no request id and no listed baggage is not changed.
//
// # Untrusted callers
//
// The Handler logs nothing that is withheld from an untrusted caller: no ids, decision, request id or baggage. See
// propagation.Trust. A local span is logged with its own ids. If otelhttp is outside of httptrace.Middleware, its span
// continues the trace of an untrusted caller. Then the log has that caller's trace id.
//
// Values of trusted callers cannot break a log line. Ids are hexadecimal or decimal digits. A request id is what
// propagation.RequestIDFromContext returns: at most 128 letters, digits and ". _ : -". A baggage value is left out if it
// has more than 256 bytes, or a character that is not printable.
//
// # Names
//
// The option [WithFields] sets the names that a log backend expects:
//
//	slogtrace.MustNew(next, slogtrace.WithFields(slogtrace.Datadog()))
//
// You can change single names; see [Fields].
//
// # Groups
//
// Log backends look for the ids at the top level of a record. The [Handler] puts them there after WithGroup, too. If
// the application itself logs an attribute of the same name at the top level, only the application's value is logged. The
// trace id, the span id and the decision belong together: if the application logs one of them, none of them is added.
//
// # Other loggers
//
// The page docs/logs.md has the lines for zap, zerolog, logrus and OpenTelemetry's log bridges.
package slogtrace
