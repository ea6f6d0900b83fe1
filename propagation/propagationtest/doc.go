// Package propagationtest tests that a service carries trace headers from the requests that it serves to the calls
// that it makes, over HTTP and gRPC. The service may use any library, or none. The test needs no mesh and no Docker,
// and takes about a second.
//
//	func TestCarries(t *testing.T) {
//		m := propagationtest.New(t)
//		details := m.HTTP("details") // a server on loopback
//		ratings := m.GRPC("ratings") // a gRPC server that answers any method
//		m.Drive(newApp(details.URL, ratings.Target))
//	}
//
// If the service carries other headers than the default ones, name them with an option:
//
//	m := propagationtest.New(t, propagationtest.Carries(preset.Istio()))
//
// # Concepts
//
// A [Mesh] stands for the service mesh around the service. A callee is a service that the tested service calls.
// [Mesh.HTTP] and [Mesh.GRPC] start callees. A format is the headers of one tracing system.
//
// [Mesh.Drive] sends requests to the service: with the headers of all formats, of each format alone, of none, as the
// proxies of real meshes write them, and many at once. [Cases] explains each kind of request. Each request has ids of
// its own, so the Mesh knows to which request a header belongs.
//
// A failure is a sentence. It names the callee and the header, and says what is wrong and what the specification
// says. See [Failure].
//
// # Which headers must arrive
//
// By default, the headers of propagation.Config's zero value must arrive: the eight most common formats. The headers
// of the other formats are sent, too. A header of these formats is judged only if it arrives at some callee, so a
// service may carry none of them. To say exactly what the service carries, use [Carries] or [Formats].
//
// The lines of tracestate and baggage may be joined by commas, as RFC 9110 allows (section 5.3). Over gRPC, a -bin
// value may lose its padding. Everything else must arrive line by line, byte for byte. For a service with a tracer
// use [Spans].
//
// # Other ways to use it
//
//   - [Run] makes a subtest of each case, with a new service each.
//   - [Test] returns an error and needs no testing.T.
//   - [Start] returns a Mesh without a test, for [Mesh.Check].
//   - [FailOnLoss] makes any test of a service that uses traceferry fail for each call that loses headers.
//   - [TestPropagator] runs golden vectors against an OpenTelemetry propagator.
//   - [TestMiddleware] tests middleware and transports, for their authors.
//
// The package imports testing and google.golang.org/grpc. Import it in tests only.
//
// The page [Test your service] has more examples.
//
// [Test your service]: https://github.com/traceferry/traceferry/blob/main/docs/testing.md
package propagationtest
