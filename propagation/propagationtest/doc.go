// Package propagationtest tests that a service carries trace headers from the requests that it serves to the
// calls that it makes, over HTTP and gRPC. The service may use any library, or none.
//
//	func TestCarries(t *testing.T) {
//		m := propagationtest.New(t)
//		details := m.HTTP("details") // a server on loopback
//		ratings := m.GRPC("ratings") // a gRPC server that answers any method
//		m.Drive(newApp(details.URL, ratings.Target))
//	}
//
// A [Mesh] stands for the service mesh around the service. [Mesh.HTTP] and [Mesh.GRPC] start the services that it calls.
// [Mesh.Drive] sends requests to it: with all header families, with each alone, with none, as the proxies of real meshes
// write them, and many at once. Each request has ids of its own, so the mesh knows whose header it sees. [Cases] explains
// each kind of request. A failure is a sentence: the callee, the header, what was wrong, and what the specification says.
//
// # Which headers must arrive
//
// By default, the headers of propagation.Config's zero value: the eight most common formats. The other families are sent,
// too. A header of them is judged only if it arrives somewhere, so a service may carry none of them. [Formats] and
// [Carries] say it exactly.
//
// The lines of tracestate and baggage may be joined by commas, as RFC 9110 allows. Over gRPC, a -bin value may lose its padding.
// Everything else must arrive line by line, byte for byte. For a service with a tracer use [Spans].
//
// # Other ways to use it
//
// [Run] makes a subtest of each case, with a new service each. [Test] returns an error and needs no testing.T. [Start]
// returns a Mesh without a test, for [Mesh.Check].
//
// [TestPropagator] runs golden vectors against an OpenTelemetry propagator. [TestMiddleware] is for
// authors of middleware and transports.
//
// The package imports testing and google.golang.org/grpc. Import it in tests only.
package propagationtest
