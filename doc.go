// Package traceferry carries trace headers across a service.
//
// Proxies such as Envoy, Linkerd and cloud load balancers make spans by themselves, but
// only the application can tie its inbound request to its outbound calls: it has to put
// on every call what came with the request. This module does that, for sixteen families of
// headers, over net/http and gRPC, with no tracing SDK (what came in goes out, byte
// for byte) or with OpenTelemetry or another tracer (every format in play names the span that runs now).
//
// Data goes one way:
//
//	inbound headers -> Extract -> context -> Inject -> outbound headers
//
// The packages, in the order in which a user meets them:
//
//   - httptrace: middleware, transport and reverse proxy for net/http
//   - grpctrace: interceptors and stats handlers for google.golang.org/grpc
//   - propagation: the engine; what is carried is its Config
//   - propagation/preset: a Config for each mesh
//
// A program that uses only net/http does not link gRPC. This package itself holds
// nothing but this page.
package traceferry
