// Package benchmarks measures traceferry beside what a service would use instead:
// the loop that everybody writes by hand, OpenTelemetry's propagators, otelhttp and otelgrpc,
// zipkin-go and dd-trace-go. All get the same requests. It is a module of its own so that
// their weight stays out of traceferry's go.mod.
//
// The benchmarks, in names that benchstat understands:
//
//	go -C benchmarks test -run '^$' -bench . -count 10 > new.txt
//	benchstat -filter '.name:Extract' -row /request -col /lib,/config new.txt
//
// The tables of docs/performance.md, printed or written:
//
//	go -C benchmarks run ./cmd/table
//	go -C benchmarks run ./cmd/table -w
//
// The goals that the table should meet, which a busy machine can miss by chance, so they are
// checked only when asked for; allocations always are:
//
//	go -C benchmarks test -run TestRatios -ratios -v
//
// # What is compared
//
// No two of these libraries do quite the same, and a fast one may be fast because it
// carries less. From the sidecar's request the hand-written loop and traceferry carry six
// headers byte for byte; OpenTelemetry's composite reads the ids out of five of them and writes them
// again in seven formats; zipkin-go does so for B3 alone, dd-trace-go for its own headers, B3 and
// W3C. otelhttp and zipkin-go's middleware also name spans and look at responses:
// they run here with providers and samplers that record nothing. zipkin-go's transport writes into the
// caller's request, where the others copy it first. TestLibrariesCarry shows that none is
// fast because it does nothing.
//
// Over gRPC the loop looks up the same names, spelled as for net/http, and grpc-go lowers each of them at
// each call: about a quarter of the loop's time. Its entry config=18lower, beside the table's, has
// them in lower case. A client's loop is only AppendToOutgoingContext of pairs that are ready. Of
// otelgrpc TagRPC alone is measured, without the events that a stats handler is sent. What the ways of
// wiring traceferry add to a whole call, events included, is told by
//
//	go -C benchmarks test -run '^$' -bench Call -count 20
//
// Log handlers do not do the same either. slogtrace adds four attributes, the others add two. The handler that programs
// write by hand puts its ids into the open group, and dd-trace-go's makes a new handler for each record to avoid that.
// otelslog writes no JSON: it makes a record of OpenTelemetry's, which the log SDK here drops.
//
// The cost of trust and of destination rules has no peer either:
//
//	go -C benchmarks test -run '^$' -bench 'Destination|Trust' -count 10
package benchmarks
