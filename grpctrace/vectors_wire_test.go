package grpctrace_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/baggage"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// TestVectors sends the golden vectors from a plain client to a service of ours, which returns the span that it read.
// The service calls an echo. Lines that grpc-go refuses are removed, after the test has checked that it refuses them.
func TestVectors(t *testing.T) {
	back, ran, refused := serve(t, echo()), map[string]int{}, 0
	for format, vs := range byFormat(t, "extract") {
		p := propagation.MustNew(propagation.Config{Formats: vectorFormats(format)})
		next, read := dial(t, back, grpctrace.DialOptions(p)...), make(chan propagation.SpanContext, 1)
		front := dial(t, serve(t, serviceOf(func(ctx context.Context, call caller, msg []byte) ([]byte, error) {
			sc, _ := propagation.RemoteFromContext(ctx)
			read <- sc
			return call(ctx, next, msg)
		}), grpctrace.ServerOptions(p)...))
		for _, v := range vs {
			if v.isBase64() {
				continue // in metadata these are bytes
			}
			ran[v.Transport]++
			t.Run(v.ID, func(t *testing.T) {
				sent, unsendable := split(v.metadata())
				if len(unsendable) > 0 {
					refused++
					if _, err := callUnary(sending(t, v.metadata()), front, nil); status.Code(err) != codes.Internal {
						t.Errorf("grpc-go sends %q with the error %v, want that it refuses the value", unsendable, err)
					}
				}
				for kind, call := range callers {
					got := arrived(t, sending(t, sent), call, front)
					if sc := <-read; len(unsendable) == 0 && !v.says(sc) {
						t.Errorf("%s: read %+v, want %+v (%s)", kind, sc, v.span(), v.Note)
					}
					checkSame(t, v.carried(got), v.sentOn(sent))
				}
			})
		}
	}
	t.Logf("ran %d vectors of transport grpc and %d of text; grpc-go refused lines of %d", ran["grpc"], ran["http"], refused)
	if ran["grpc"] < 18 || ran["http"] < 240 || refused == 0 {
		t.Error("fewer vectors ran than expected")
	}
}

// TestVectorsFromHTTP sends the vectors of transport http over HTTP, and the service forwards them over gRPC. Lines
// that grpc-go would refuse are dropped, and the call succeeds.
func TestVectorsFromHTTP(t *testing.T) {
	back, ran := serve(t, echo()), 0
	for format, vs := range byFormat(t, "extract") {
		p := propagation.MustNew(propagation.Config{Formats: vectorFormats(format)})
		next := dial(t, back, grpctrace.DialOptions(p)...)
		for _, call := range callers {
			front := httptest.NewServer(httptrace.Middleware(p)(overGRPC(call, next)))
			t.Cleanup(front.Close)
			for _, v := range vs {
				if v.Transport != "http" {
					continue
				}
				ran++
				t.Run(v.ID, func(t *testing.T) {
					before := p.Stats().Total(propagation.Unsendable)
					got := arrivedFromHTTP(t, front.URL, v.header())
					if v.isBase64() {
						if named := spansNamed(got)[propagation.GRPCTraceBin]; v.Valid && named != v.span() {
							t.Errorf("names %+v, want %+v (%s)", named, v.span(), v.Note)
						}
						return
					}
					sent, unsendable := split(metadataOf(v.header()))
					checkSame(t, v.carried(got), v.sentOn(sent))
					if left := p.Stats().Total(propagation.Unsendable) - before; left != uint64(len(v.carried(unsendable))) {
						t.Errorf("counted %d dropped values, want %d: %q", left, len(v.carried(unsendable)), unsendable)
					}
				})
			}
		}
	}
	if ran < 2*240 {
		t.Errorf("only %d vectors ran, want at least 480", ran)
	}
}

// TestVectorsInjected writes the span of each vector for the direction inject.
func TestVectorsInjected(t *testing.T) {
	back, ran := serve(t, echo()), 0
	for format, vs := range byFormat(t, "inject") {
		fs := vectorFormats(format)[:1]
		c := propagation.Config{Formats: fs, LocalSpan: spanOf}
		switch format {
		case "request-id", "l5d-ctx-trace": // forwarded, but never written
			continue
		case "baggage": // the application writes it
		default:
			c.Emit = fs
		}
		conn := dial(t, back, grpctrace.DialOptions(propagation.MustNew(c))...)
		for _, v := range vs {
			ran++
			t.Run(v.ID, func(t *testing.T) {
				for _, call := range callers {
					checkSame(t, v.carried(arrived(t, v.injecting(t), call, conn)), v.metadata())
				}
			})
		}
	}
	if ran < 17 {
		t.Errorf("only %d vectors ran, want at least 17", ran)
	}
}

// injecting returns the context for the inject test of a vector.
func (v vector) injecting(t *testing.T) context.Context {
	if v.Format == "baggage" {
		member, err := baggage.NewMemberRaw("foo", `",;\`)
		if err != nil {
			t.Fatal(err)
		}
		bag, _ := baggage.New(member)
		return baggage.ContextWithBaggage(t.Context(), bag)
	}
	ctx, sc := t.Context(), v.span()
	if v.Format == "tracestate" { // the span changes the first member, its own; both were received
		sc.TraceState, _, _ = strings.Cut(v.Tracestate, ",")
		ctx = readers[propagation.W3C].ExtractMetadata(ctx, metadata.Pairs(
			"traceparent", "00-"+v.TraceID+"-00f067aa0ba902b7-01", "tracestate", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"))
	}
	return withSpan(ctx, sc)
}

// TestVectorsTranslated forwards the vectors that define a translation to W3C, and checks the result.
func TestVectorsTranslated(t *testing.T) {
	back, ran := serve(t, echo()), 0
	for format, vs := range byFormat(t, "translate") {
		p := propagation.MustNew(propagation.Config{Formats: vectorFormats(format), Emit: []propagation.Format{propagation.W3C}})
		conn := interceptors.between(t, p, back)
		for _, v := range vs {
			ran++
			t.Run(v.ID, func(t *testing.T) {
				came := v.metadata()
				want := metadata.MD{"traceparent": came["traceparent"], "tracestate": {v.Tracestate}}
				delete(came, "traceparent")
				for _, call := range callers {
					got := arrived(t, sending(t, came), call, conn)
					checkSame(t, carriedBy([]propagation.Format{propagation.W3C}, got), want)
				}
			})
		}
	}
	if ran < 2 {
		t.Errorf("only %d vectors ran, want at least 2", ran)
	}
}
