package propagation_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/traceferry/traceferry/internal/headerdiff"
	"github.com/traceferry/traceferry/propagation"
	otelprop "go.opentelemetry.io/otel/propagation"
)

// tagged returns a request with a header of every format. Each value contains the mark.
func tagged(mark uint32) http.Header {
	id, h := fmt.Sprintf("%016x", mark), http.Header{}
	for name, value := range map[string]string{
		"traceparent": "00-" + id + id + "-" + id + "-01", "tracestate": "m=" + id, "b3": id + id + "-" + id + "-1",
		"x-b3-traceid": id + id, "x-b3-spanid": id, "x-request-id": id, "baggage": "m=" + id, "x-user": id, "uberctx-m": id,
		"uber-trace-id": id + id + ":" + id + ":0:1", "x-amzn-trace-id": "Root=1-" + id[:8] + "-" + id[8:] + id + ";Parent=" + id + ";Lineage=" + id,
		"sw8": id, "l5d-ctx-trace": id, "ot-baggage-m": id,
	} {
		h.Set(name, value)
	}
	return h
}

// TestPromise4_Isolation: requests that share a Propagator and run at the same time never get each other's headers, with and
// without a local span.
func TestPromise4_Isolation(t *testing.T) {
	type span struct{}
	p := propagation.MustNew(propagation.Config{
		Formats: propagation.AllFormats(), Headers: []string{"x-user"},
		LocalSpan: func(ctx context.Context) (propagation.SpanContext, bool) {
			sc, ok := ctx.Value(span{}).(propagation.SpanContext)
			return sc, ok
		},
	})
	var wg sync.WaitGroup
	for g := range uint32(64) {
		wg.Go(func() {
			reused := http.Header{}
			for i := range uint32(200) {
				mark := g<<16 | i | 1<<31
				ctx := p.ExtractHTTP(context.Background(), tagged(mark))
				if i%2 == 1 {
					sc, _ := propagation.RemoteFromContext(ctx)
					ctx = context.WithValue(ctx, span{}, sc)
				}
				p.InjectHTTP(ctx, reused)
				carrier := otelprop.MapCarrier{}
				p.Inject(ctx, carrier)
				md := map[string][]string{}
				p.InjectMetadata(ctx, md)
				id := fmt.Sprintf("%016x", mark)
				for _, h := range []map[string][]string{reused, md} {
					for name, lines := range h {
						if len(lines) != 1 || !marked(name, lines[0], id) {
							t.Errorf("request %s sends %s: %q, want one line with its own mark", id, name, lines)
						}
					}
				}
				for name, value := range carrier {
					if !marked(name, value, id) {
						t.Errorf("request %s sets %s: %q, want its own mark", id, name, value)
					}
				}
				if t.Failed() {
					return
				}
			}
		})
	}
	wg.Wait()
}

// marked reports whether a value has the mark of the request, or is a decision, which is the same for all requests.
func marked(name, value, id string) bool {
	return strings.Contains(strings.ReplaceAll(value, "-", ""), id) || strings.HasSuffix(strings.ToLower(name), "sampled")
}

// TestPromise4_SharedValues: Set, Add and Del on one outgoing header do not change another call of the request. A change of
// the inbound header does not change a call either.
func TestPromise4_SharedValues(t *testing.T) {
	p := propagation.MustNew(propagation.Config{Formats: propagation.AllFormats()})
	in := tagged(1)
	ctx := p.ExtractHTTP(context.Background(), in)
	want, first := http.Header{}, http.Header{}
	p.InjectHTTP(ctx, want)
	want = want.Clone()
	p.InjectHTTP(ctx, first)
	for name := range in {
		in[name][0] = "changed"
		first.Add(name, "added")
		if name[0] < 'T' {
			first.Set(name, "set")
		} else {
			first.Del(name)
		}
	}
	second := http.Header{}
	p.InjectHTTP(ctx, second)
	headerdiff.Check(t, want, second, "the second call")

	copied, ok := engine(p).CloneHTTP(ctx, http.Header{"Accept": {"*/*"}})
	if !ok {
		t.Fatal("CloneHTTP injected nothing, want the received headers")
	}
	for _, lines := range copied {
		lines[0] = "written" // allowed: it is a copy
	}
	third := http.Header{}
	p.InjectHTTP(ctx, third)
	headerdiff.Check(t, want, third, "the third call")
}

// TestPromise5_ReplaceNeverAppend: two Injects into a carrier give the same as one, whatever the carrier had before. A reused
// header keeps no span of the last request.
func TestPromise5_ReplaceNeverAppend(t *testing.T) {
	local, isLocal := propagation.SpanContext{}, false
	p := propagation.MustNew(propagation.Config{
		Formats:   propagation.AllFormats(),
		LocalSpan: func(context.Context) (propagation.SpanContext, bool) { return local, isLocal },
	})
	r := newRequests(t, 5)
	for range 2000 {
		if isLocal = r.IntN(3) == 0; isLocal {
			local = r.context()
		}
		in, before := r.Header(), r.Header()
		ctx := p.ExtractHTTP(context.Background(), in)
		fresh, once, mdOnce := http.Header{}, before.Clone(), map[string][]string{}
		p.InjectHTTP(ctx, fresh)
		p.InjectHTTP(ctx, once)
		twice := once.Clone()
		p.InjectHTTP(ctx, twice)
		if diff := headerdiff.Diff(once, twice); diff != "" {
			t.Fatalf("two Injects give another header than one (-once +twice):\n%s", diff)
		}
		p.InjectMetadata(ctx, mdOnce)
		mdTwice := http.Header(mdOnce).Clone()
		p.InjectMetadata(ctx, mdTwice)
		if diff := headerdiff.Diff(mdOnce, mdTwice); diff != "" {
			t.Fatalf("two Injects give other metadata than one (-once +twice):\n%s", diff)
		}
		for name, lines := range fresh {
			if !slices.Equal(lines, once[name]) {
				t.Fatalf("%s: injected into a header with %q, it is %q, want %q", name, before[name], once[name], lines)
			}
		}
		if len(fresh) == 0 {
			continue
		}
		for _, f := range traceFormats() {
			if got, want := readAs(f, once), readAs(f, fresh); got != want {
				t.Fatalf("%v has %+v in a reused header, want %+v as in a new header\nbefore %q\nafter %q", f, got, want, before, once)
			}
		}
	}
}

// TestPromise5_CopiedByProxy: if a reverse proxy has copied the received headers, each line is sent only once.
func TestPromise5_CopiedByProxy(t *testing.T) {
	p := propagation.MustNew(propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"X-User"}})
	in := tagged(7)
	ctx := p.ExtractHTTP(context.Background(), in)
	out := in.Clone()
	p.InjectHTTP(ctx, out)
	expect(t, out, in)
	odd := http.Header{"traceparent": {"x"}, "UBERCTX-M": {"x"}, "X-user": {"x"}, "Accept": {"x"}}
	engine(p).StripHTTP(ctx, odd)
	expect(t, odd, http.Header{"Accept": {"x"}})
}
