package benchmarks

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/httptrace"
	"go.opentelemetry.io/otel/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// TestLibrariesCarry lets each library carry the sidecar's request with the functions that the benchmarks measure, and
// checks the result. So no library is fast because it does nothing.
func TestLibrariesCarry(t *testing.T) {
	c, otel, datadog := istioConfig(), composite(), datadogPropagator()
	bg := context.Background()
	for name, carry := range map[string]func(in, out http.Header){
		"traceferry": func(in, out http.Header) { c.p.InjectHTTP(c.p.ExtractHTTP(bg, in), out) },
		"hand":       func(in, out http.Header) { handInject(handRead(in), out) },
		"otel": func(in, out http.Header) {
			otel.Inject(otel.Extract(bg, propagation.HeaderCarrier(in)), propagation.HeaderCarrier(out))
		},
		"zipkin-go": func(in, out http.Header) {
			zipkinInject(zipkinExtract(&http.Request{Header: in}), &http.Request{Header: out})
		},
		"dd-trace-go": func(in, out http.Header) { datadogInject(datadog, datadogExtract(datadog, in), out) },
	} {
		t.Run("lib="+name, func(t *testing.T) {
			out := http.Header{}
			carry(sidecarHeaders(), out)
			expectTrace(t, out)
		})
	}
	for name, lib := range map[string]struct {
		middleware func(http.Handler) http.Handler
		transport  func(http.RoundTripper) http.RoundTripper
	}{
		"traceferry": {httptrace.Middleware(c.p), func(base http.RoundTripper) http.RoundTripper { return httptrace.NewTransport(c.p, base) }},
		"hand":       {handMiddleware, func(base http.RoundTripper) http.RoundTripper { return handTransport{base} }},
		"otelhttp":   {otelMiddleware, otelTransport},
		"zipkin-go":  {zipkinMiddleware, zipkinTransport},
	} {
		t.Run("through net/http/lib="+name, func(t *testing.T) {
			sent := &recorder{}
			send(contextBehind(lib.middleware), lib.transport(sent), 3)()
			expectTrace(t, sent.header)
		})
	}
}

// TestLibrariesCarryGRPC is TestLibrariesCarry for metadata.
func TestLibrariesCarryGRPC(t *testing.T) {
	c, in := istioConfig(), sidecarMetadata()
	stream := func(intercept grpc.StreamServerInterceptor) step {
		return func(ctx context.Context) context.Context {
			serveStream(ctx, intercept)()
			return sink.ctx
		}
	}
	for name, forward := range map[string]step{
		"lib=traceferry":             ourForward(c.p),
		"lib=traceferry/call=stream": stream(grpctrace.StreamServerInterceptor(c.p)).then(clientStep(grpctrace.UnaryClientInterceptor(c.p))),
		"lib=hand":                   serverStep(handUnaryServer(handNames)),
		"lib=hand/config=18lower":    serverStep(handUnaryServer(handLowerNames())),
		"lib=hand/call=stream":       stream(handStreamServer),
		"lib=hand/side=client":       clientStep(handUnaryClient(handPairs())),
		"lib=otelgrpc":               otelServerStep().then(otelClientStep()),
	} {
		t.Run(name, func(t *testing.T) {
			md, _ := metadata.FromOutgoingContext(forward(in))
			sent := http.Header{}
			for key, values := range md {
				sent[http.CanonicalHeaderKey(key)] = values
			}
			expectTrace(t, sent)
		})
	}
}

// TestSevenFormats shows that with a local span traceferry does at least the work of OpenTelemetry's composite. It
// sends all headers that the composite sends, with the same ids.
func TestSevenFormats(t *testing.T) {
	p, ours, theirs := sevenConfig().p, http.Header{}, http.Header{}
	p.InjectHTTP(p.ExtractHTTP(localSpan(), sidecarHeaders()), ours)
	composite().Inject(localSpan(), propagation.HeaderCarrier(theirs))
	if len(theirs) < 7 {
		t.Errorf("OpenTelemetry sends only %q", theirs)
	}
	for name := range theirs {
		if got, want := ours.Get(name), theirs.Get(name); got != want {
			t.Errorf("%s: %q, OpenTelemetry's is %q", name, got, want)
		}
	}
}

// recorder is a RoundTripper that remembers the header it was given.
type recorder struct{ header http.Header }

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	r.header = req.Header.Clone()
	return newNoNetwork().RoundTrip(req)
}

// expectTrace fails the test unless the one header that all libraries know names the sidecar's trace.
func expectTrace(t *testing.T, h http.Header) {
	t.Helper()
	if got := h.Get("X-B3-Traceid"); got != traceID {
		t.Errorf("X-B3-Traceid is %q, want %q", got, traceID)
	}
	t.Logf("sent: %q", slices.Sorted(maps.Keys(h)))
}
