// Package traceferry carries trace headers across a service.
//
// Proxies such as Envoy, Linkerd and cloud load balancers make spans by themselves, but
// only the application can tie its inbound request to its outbound calls: it has to put
// the received headers on every call. This module does that, for many families of
// headers, over net/http and gRPC. Without a tracing SDK the received headers are sent byte
// for byte. With OpenTelemetry or another tracer every received format names the active span.
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
// A program that uses only net/http does not link gRPC. This package itself holds
// nothing but this page.
package traceferry
