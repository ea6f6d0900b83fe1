package interop

import (
	"math/rand/v2"
	"net/http"
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

// TestPeerWritesWeRead reads what each peer injects for random span contexts.
func TestPeerWritesWeRead(t *testing.T) {
	for _, p := range peers {
		t.Run(p.name, func(t *testing.T) {
			randomContexts(contexts, func(_ *rand.Rand, sc propagation.SpanContext) {
				h := http.Header{}
				p.inject(sc, h)
				if got, want := p.says(read(p.format, h)), p.survives(sc); got != want {
					t.Fatalf("it wrote %q\nwe read  %+v\nit meant %+v", h, got, want)
				}
			})
		})
	}
}

// TestWeWritePeerReads lets each peer read what we inject for random local spans.
func TestWeWritePeerReads(t *testing.T) {
	for _, p := range peers {
		t.Run(p.name, func(t *testing.T) {
			randomContexts(contexts, func(_ *rand.Rand, sc propagation.SpanContext) {
				h := write(p.format, sc)
				if got, want := p.says(p.extract(h)), p.survives(sc); got != want {
					t.Fatalf("we wrote %q\nit read  %+v\nwe meant %+v", h, got, want)
				}
			})
		})
	}
}

// translator translates received headers from one format to another, without a local span.
func translator(from, to propagation.Format) *propagation.Propagator {
	return propagation.MustNew(propagation.Config{Formats: []propagation.Format{from}, Emit: []propagation.Format{to}})
}

// TestTranslate has one peer write, us translate without a span, and another peer
// read, for every two peers.
func TestTranslate(t *testing.T) {
	for _, from := range peers {
		for _, to := range peers {
			t.Run(from.name+" to "+to.name, func(t *testing.T) {
				p := translator(from.format, to.format)
				randomContexts(100, func(_ *rand.Rand, sc propagation.SpanContext) {
					in, out := http.Header{}, http.Header{}
					from.inject(sc, in)
					inject(p, to.format, extract(p, from.format, in), out)
					got, want := to.says(to.extract(out)), to.survives(from.survives(sc))
					got.TraceState, want.TraceState = "", "" // between other formats, Datadog's member alone has a meaning
					if got != want {
						t.Fatalf("%s wrote %q\nwe made  %q\n%s read %+v\nwant     %+v", from.name, in, out, to.name, got, want)
					}
				})
			})
		}
	}
}
