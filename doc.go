// Package traceferry carries trace headers across a service. It has no code: import packages httptrace, grpctrace and
// propagation instead.
//
//	p := propagation.MustNew(propagation.Config{})
//	handler := httptrace.Middleware(p)(mux)
//	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
//	req, err := http.NewRequestWithContext(r.Context(), "GET", url, nil) // in a handler
//
// Proxies such as Envoy, Linkerd and cloud load balancers make spans by themselves. But a proxy cannot see which call
// belongs to which inbound request. So the application must put the received headers on each of its calls. This module
// does that over net/http and gRPC, for the header formats of many tracing systems. Without a tracing SDK, the received
// headers are sent byte for byte. With OpenTelemetry or another tracer, each received format carries the ids of the
// local span.
//
// Data goes one way:
//
//	inbound headers -> Extract -> context -> Inject -> outbound headers
//
// The packages, in the order in which a user meets them:
//
//   - httptrace: middleware, transport and reverse proxy for net/http
//   - grpctrace: interceptors and stats handlers for google.golang.org/grpc
//   - propagation: the Config, which says what is carried, and the Propagator
//   - propagation/preset: a Config for each mesh
//   - propagation/propagationtest: a test kit for services
//   - stats/expvarstats, stats/otelstats, stats/promstats: counts of lost and refused headers as metrics
//   - slogtrace: trace ids in the records of log/slog
//   - debugpage: a web page that shows lost headers, counters and the Config
//   - cmd/traceferry: a command that decodes headers, explains a Config, and finds what a running service loses
//
// A program that uses only net/http does not link gRPC.
package traceferry
