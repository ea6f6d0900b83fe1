package plan

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/internal/wire"
)

// TestIndexes: each index finds its names and no others, like a plain map.
func TestIndexes(t *testing.T) {
	random := randomNames(rand.New(rand.NewPCG(1, 2)), 150)
	for name, c := range map[string]Config{
		"nothing":        {Formats: []wire.Format{}, Emit: []wire.Format{}},
		"zero":           {},
		"all":            {Formats: wire.AllFormats()},
		"all and random": {Formats: wire.AllFormats(), Headers: random},
		"just random":    {Formats: []wire.Format{}, Headers: random},
		"read only":      {Formats: []wire.Format{}, ReadOnly: []wire.Format{wire.Jaeger, wire.XRay}},
		"emitted":        {Formats: []wire.Format{wire.Linkerd1}, Emit: []wire.Format{wire.B3Multi, wire.Jaeger}},
	} {
		p := New(c)
		t.Run(name+"/readHTTP", func(t *testing.T) { checkIndex(t, p.in.ReadHTTP, oracle(p, false)) })
		t.Run(name+"/readMetadata", func(t *testing.T) { checkIndex(t, p.in.ReadMetadata, oracle(p, false)) })
		t.Run(name+"/sentHTTP", func(t *testing.T) { checkIndex(t, p.in.SentHTTP, oracle(p, true)) })
		t.Run(name+"/sentMetadata", func(t *testing.T) { checkIndex(t, p.sentMetadata, oracle(p, true)) })
	}
}

// oracle returns the expected names of an index: the lower-case names that p reads. With sent, it also has the names
// that p may write.
func oracle(p *Engine, sent bool) (want map[string]wire.FieldID) {
	want = map[string]wire.FieldID{}
	for _, f := range wire.AllFormats() {
		for i, name := range f.Fields() {
			if p.in.Reads.Has(f) || sent && p.owns.Has(wire.FirstField[f]+wire.FieldID(i)) {
				want[name] = wire.FirstField[f] + wire.FieldID(i)
			}
		}
	}
	for i, h := range p.in.Headers {
		want[h.Lower] = wire.FirstHeader + wire.FieldID(i)
	}
	return want
}

// checkIndex looks up every known name of the package, and similar names.
func checkIndex(t *testing.T, x *wire.Index, want map[string]wire.FieldID) {
	asked := []string{"", "x", "accept", "traceparent", strings.Repeat("x", 300), "ø", "\x00", "-", "x-"}
	for name := range want {
		asked = append(asked, name)
	}
	for _, f := range wire.AllFormats() {
		asked = append(asked, f.Fields()...)
		for _, prefix := range f.Prefixes() {
			asked = append(asked, prefix, prefix+"k", prefix[:len(prefix)-1])
		}
	}
	found := 0
	for _, lower := range asked {
		for _, near := range neighbours(lower) {
			for _, key := range []string{near, http.CanonicalHeaderKey(near), strings.ToUpper(near)} {
				id, ours := want[strings.ToLower(key)]
				got := x.Find(key)
				switch {
				case ours && (got == nil || got.ID != id):
					t.Errorf("%q: found %v, want %d", key, got, id)
				case !ours && got != nil:
					t.Errorf("%q: found %q, want nothing", key, got.Key)
				case ours:
					found++
				}
			}
		}
	}
	if found < len(want) {
		t.Errorf("found %d of %d names", found, len(want))
	}
}

// neighbours returns a name and texts that differ from it by one byte.
func neighbours(name string) []string {
	near := []string{name, name + "x", "x" + name, name + " ", name + "\x00", name + "\x80"}
	for i := range len(name) {
		near = append(near, name[:i]+name[i+1:], name[:i]+"q"+name[i+1:])
	}
	return near
}

// randomNames returns header names of 1 to 80 characters that belong to no format.
func randomNames(r *rand.Rand, n int) []string {
	const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789-_.!"
	seen := map[string]bool{}
	var names []string
	for len(names) < n {
		name := make([]byte, 1+r.IntN(80))
		for i := range name {
			name[i] = alphabet[r.IntN(len(alphabet))]
		}
		if s := string(name); !seen[s] && policy.RefuseHeader(s, false) == "" {
			seen[s] = true
			names = append(names, s)
		}
	}
	return names
}

// TestIndexPrefixes: a prefix is found in any case, if at least one character follows it.
func TestIndexPrefixes(t *testing.T) {
	p := New(Config{Formats: wire.AllFormats()})
	none := New(Config{Formats: []wire.Format{wire.W3C, wire.Baggage}})
	for _, f := range wire.AllFormats() {
		for _, prefix := range f.Prefixes() {
			for _, spelled := range []string{prefix, http.CanonicalHeaderKey(prefix), strings.ToUpper(prefix)} {
				for _, x := range []*wire.Index{p.in.ReadHTTP, p.in.ReadMetadata, p.in.SentHTTP, p.sentMetadata} {
					if id, ok := x.FindPrefix(spelled + "k"); !ok || wire.Fields[id].Format != f || !wire.Fields[id].Prefix {
						t.Errorf("%q: found %d, %v, want the prefix of the format", spelled+"k", id, ok)
					}
					if _, ok := x.FindPrefix(spelled); ok {
						t.Errorf("%q: found without a key, want nothing", spelled)
					}
				}
				if _, ok := none.in.ReadHTTP.FindPrefix(spelled + "k"); ok {
					t.Errorf("%q: found by a Propagator that does not carry %v", spelled+"k", f)
				}
			}
		}
	}
	for _, key := range []string{"", "u", "uberctx", "uberctx_k", "xuberctx-k", "ot-tracer-k", "l5d-k", "uberctx\x80k"} {
		if _, ok := p.in.ReadHTTP.FindPrefix(key); ok {
			t.Errorf("%q: found, want nothing", key)
		}
	}
}

// TestIndexCollisions fills neighbouring slots with names that have the same hash.
func TestIndexCollisions(t *testing.T) {
	// The hash reads the length and three letters; these differ in another.
	var alike []string
	for c := 'a'; c <= 'z'; c++ {
		alike = append(alike, fmt.Sprintf("x%ctenant-name", c))
	}
	for _, name := range alike[1:] {
		if wire.HashOf(name) != wire.HashOf(alike[0]) {
			t.Fatalf("%q and %q do not collide: choose other names", name, alike[0])
		}
	}
	p := New(Config{Formats: wire.AllFormats(), Headers: alike[:25]})
	for _, x := range []*wire.Index{p.in.ReadMetadata, p.sentMetadata} {
		for i, name := range alike[:25] {
			if n := x.Find(name); n == nil || n.ID != wire.FirstHeader+wire.FieldID(i) {
				t.Errorf("%q: found %v, want its own name", name, n)
			}
		}
		if n := x.Find(alike[25]); n != nil {
			t.Errorf("%q: found %q, want nothing", alike[25], n.Key)
		}
	}
}

// TestIndexNoFalseMatch compares the index with a map for many names.
func TestIndexNoFalseMatch(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	names := randomNames(r, 150)
	p := New(Config{Headers: names})
	want := oracle(p, false)
	for _, key := range append(randomNames(r, 20000), names...) {
		id, ours := want[key]
		if n := p.in.ReadMetadata.Find(key); (n != nil) != ours || ours && n.ID != id {
			t.Fatalf("%q: found %v, want %v", key, n, ours)
		}
	}
}
