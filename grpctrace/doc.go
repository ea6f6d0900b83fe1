// Package grpctrace carries trace headers across google.golang.org/grpc: from a call's metadata into its context, and
// from the context to outgoing calls, unary and streaming. Setup takes one line for each side:
//
//	server := grpc.NewServer(grpctrace.ServerOptions(p)...)
//	conn, err := grpc.NewClient(target, append(grpctrace.DialOptions(p), grpc.WithTransportCredentials(creds))...)
//
// p is a propagation.Propagator. Its propagation.Config says what is carried. Package preset has a Config for each mesh:
//
//	p := propagation.MustNew(preset.Istio())
//
// Headers that were received over HTTP can be sent over gRPC, and the other way round. Names get the transport's case.
// Values of -bin names are bytes over gRPC and base64 over HTTP.
//
// # Interceptors or stats handlers
//
// Interceptors cost less: one allocation a call, on either side. With a stats handler, grpc-go builds an event for
// every step of a call, even if the handler does not use it. Without traceferry, a unary call over loopback with six
// headers takes some 30 microseconds and 153 allocations. Client and server together add:
//
//   - with interceptors: 4 allocations and one to four microseconds
//   - with stats handlers: 48 allocations and eight to ten microseconds
//
// These numbers are for two cores and Go 1.26. To measure, run go -C benchmarks test -bench Call.
//
// Use a stats handler where order matters:
//
//   - On a client beside otelgrpc, whose span begins after the interceptors. Register otelgrpc's handler first, then
//     [ClientHandler].
//   - On a client, if the headers must carry the span of each attempt of a retried call.
//   - On a server, if other stats handlers need the remote span context. Register [ServerHandler] before them.
//
// So [ServerOptions] uses interceptors, and [DialOptions] uses a handler. It is harmless to use both on one side.
//
// OpenCensus, zipkin-go and grpc-go's own OpenTelemetry plugin append headers to the metadata. They must run before this
// package, which replaces headers. If they run after it, a header is sent twice. An otelgrpc whose own propagator is p
// reads only one line of a repeated name. The interceptors of ServerOptions run after it and read the other lines.
//
// # At an edge
//
// The server's side trusts every caller by default. At an edge, pass a [Decider]: [Edge], [PeersIn], [PeersWithID], or
// a function of your own. Beside otelgrpc, use ServerHandler for that, and register it before otelgrpc's handler.
// Interceptors run later, when otelgrpc's span is already a child of the untrusted caller's span.
//
// # The trace id in the response
//
// [WithTraceResponse], [WithServerTiming] and [WithResponseTraceID] make the server interceptors tell the caller the
// trace id: in the header of a call that succeeds, and in the trailer of a call that fails. By default only callers that
// are trusted in everything get it; [WithResponseTo] changes that.
//
// # Lost headers
//
// Set propagation.Observer.Lost to learn which line of the program makes a call that loses headers. The client's side
// reports calls without the handler's context, calls after the handler has returned, restarted traces, and headers that a
// stats handler registered after ClientHandler has changed. Package grpcguard reports calls of connections without the
// options of this package. See propagation.Loss.
//
// # What grpc-go refuses
//
// grpc-go fails a call for a metadata value with a byte outside 0x20-0x7E. It silently drops names that it reserves.
// Many servers refuse more than 8 KiB of metadata. A received value must not make a call fail, so this package leaves
// such values out and counts them (propagation.Unsendable). If the value holds ids or a decision, its whole format is left
// out. If it is user data, only its line is left out. If the total exceeds Limits.MetadataBytes, baggage is left out first
// (propagation.TooLarge).
package grpctrace
