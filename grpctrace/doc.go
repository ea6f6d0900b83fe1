// Package grpctrace carries trace headers across google.golang.org/grpc: from a call's
// metadata into its context, and from the context to outgoing calls, unary and streaming.
// One option each wires it:
//
//	server := grpc.NewServer(grpctrace.ServerOptions(p)...)
//	conn, err := grpc.NewClient(target, append(grpctrace.DialOptions(p), grpc.WithTransportCredentials(creds))...)
//
// Captured headers are the same whether they came by HTTP or gRPC, and leave by
// either: names in the transport's case, -bin values as its bytes or its base64.
//
// # Interceptors or stats handlers
//
// Interceptors cost less: one allocation a call, on either side. A stats handler makes grpc-go
// build an event for every step of a call, whatever the handler does with them. On a unary call
// over loopback that takes some 30 microseconds and 153 allocations with six headers, interceptors
// on both sides add 4 allocations and one to four microseconds, stats handlers on both sides 48
// allocations and eight to ten (two cores, Go 1.26; go -C benchmarks test -bench Call). A handler
// is needed where order matters: on a client beside otelgrpc, whose span begins after the
// interceptors (register otelgrpc's handler first, then ClientHandler), and for headers that name
// the span of each attempt of a retried call; on a server for ServerHandler before other handlers
// that want the caller's context. So ServerOptions are interceptors and DialOptions is a handler.
// Using both on one side is harmless.
//
// Other instrumentation that writes headers itself by appending to the metadata, as
// OpenCensus', zipkin-go's and grpc-go's own OpenTelemetry plugin do, must run before
// ours, which replaces; after ours it would send a header twice. An otelgrpc whose own
// propagator is p reads one line of a name; ServerOptions, which run after it, read the others.
//
// # At an edge
//
// The server's side believes every caller, unless a [Decider] says otherwise: [Edge], [PeersIn],
// [PeersWithID], or a function of your own. Beside otelgrpc that takes ServerHandler, registered before
// otelgrpc's: interceptors run after it, when its span is the untrusted caller's child already.
//
// # What grpc-go refuses
//
// grpc-go fails a call for a metadata value with a byte outside 0x20-0x7E, and silently drops names
// that it keeps for itself; many servers refuse more than 8 KiB of metadata. A received value must
// not fail a call, so such values are left out and counted (propagation.Unsendable): ids and decisions
// with their whole format, user data line by line. If the total exceeds
// Limits.MetadataBytes, baggage is left out first (propagation.TooLarge).
package grpctrace
