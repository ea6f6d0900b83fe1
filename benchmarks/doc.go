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
// The following command checks the goals of the table. A busy machine can miss them by chance, so the command must be
// run explicitly. Goals for allocations are always checked:
//
//	go -C benchmarks test -run TestRatios -ratios -v
//
// # What is compared
//
// No two of these libraries do exactly the same work, and a library may be fast because it carries less. From the
// sidecar's request, the hand-written loop and traceferry carry six headers byte for byte. OpenTelemetry's composite
// reads the ids from five of them, and writes them in seven formats. zipkin-go does that for B3 only, and dd-trace-go
// for its own headers, B3 and W3C. otelhttp and zipkin-go's middleware also name spans and look at responses. Here
// their providers and samplers record nothing. zipkin-go's transport writes into the caller's request, and the others
// copy the request first. TestLibrariesCarry shows that no library is fast because it does nothing.
//
// Over gRPC, the loop looks up the same names in net/http's spelling. grpc-go converts each of them to lower case at
// each call, which takes about a quarter of the loop's time. The loop's entry config=18lower has the names in lower
// case. It is not in the table. A client's loop only calls AppendToOutgoingContext with ready pairs. For otelgrpc, only
// TagRPC is measured, without the other events of a stats handler. This command measures the cost of traceferry's
// wirings for a whole call, with all events:
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
