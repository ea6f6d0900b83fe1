package interop

import (
	"math/rand/v2"
	"net/http"
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

// TestPeerWritesWeRead reads the headers that each peer injects for random span contexts.
func TestPeerWritesWeRead(t *testing.T) {
	for _, p := range peers {
		t.Run(p.name, func(t *testing.T) {
			randomContexts(contexts, func(_ *rand.Rand, sc propagation.SpanContext) {
				h := http.Header{}
				p.inject(sc, h)
				if got, want := p.says(read(p.format, h)), p.survives(sc); got != want {
					t.Fatalf("the peer wrote %q\nwe read        %+v\nthe peer meant %+v", h, got, want)
				}
			})
		})
	}
}

// TestWeWritePeerReads: each peer reads the headers that we inject for random local spans.
func TestWeWritePeerReads(t *testing.T) {
	for _, p := range peers {
		t.Run(p.name, func(t *testing.T) {
			randomContexts(contexts, func(_ *rand.Rand, sc propagation.SpanContext) {
				h := write(p.format, sc)
				if got, want := p.says(p.extract(h)), p.survives(sc); got != want {
					t.Fatalf("we wrote      %q\nthe peer read %+v\nwe meant      %+v", h, got, want)
				}
			})
		})
	}
}

// translator translates received headers from one format to another, without a local span.
func translator(from, to propagation.Format) *propagation.Propagator {
	return propagation.MustNew(propagation.Config{Formats: []propagation.Format{from}, Emit: []propagation.Format{to}})
}

// TestTranslate: one peer writes, we translate without a local span, and another peer reads. It runs for every two
// peers.
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
					got.TraceState, want.TraceState = "", "" // other formats share only Datadog's member
					if got != want {
						t.Fatalf("%s wrote %q\nwe made  %q\n%s read %+v\nwant     %+v", from.name, in, out, to.name, got, want)
					}
				})
			})
		}
	}
}
