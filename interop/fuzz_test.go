package interop

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// lineEnd separates the lines of one field in an argument of a fuzz target, because a header's value cannot contain it.
// Raw bytes can contain it: see FuzzGRPCTraceBin.
const lineEnd = "\n"

// maxFuzzed is far below our limits. A format that exceeds a limit is not read.
const maxFuzzed = 2048

// fuzz runs a peer and us on arbitrary lines of the peer's fields. The seeds are the golden vectors and the examples of
// known differences.
func fuzz(f *testing.F, p peer) {
	for _, h := range p.seeds(f) {
		args := make([]any, len(p.fields))
		for i, field := range p.fields {
			args[i] = strings.Join(h.Values(field), lineEnd)
		}
		f.Add(args...)
	}
	switch len(p.fields) {
	case 1:
		f.Fuzz(func(t *testing.T, a string) { p.checkArgs(t, a) })
	case 2:
		f.Fuzz(func(t *testing.T, a, b string) { p.checkArgs(t, a, b) })
	case 3:
		f.Fuzz(func(t *testing.T, a, b, c string) { p.checkArgs(t, a, b, c) })
	case 5:
		f.Fuzz(func(t *testing.T, a, b, c, d, e string) { p.checkArgs(t, a, b, c, d, e) })
	default:
		f.Fatalf("%d fields", len(p.fields))
	}
}

func (p peer) seeds(t testing.TB) []http.Header {
	seeds := append(p.goldenHeaders(t), p.sample)
	for _, d := range p.known {
		seeds = slices.AppendSeq(seeds, maps.Values(d.makes))
	}
	return seeds
}

// checkArgs makes a header from a fuzz target's arguments. An empty argument means that the header is absent.
func (p peer) checkArgs(t *testing.T, args ...string) {
	h := http.Header{}
	for i, arg := range args {
		if len(arg) > maxFuzzed || strings.Count(arg, lineEnd) > 8 {
			return
		}
		if arg != "" {
			h[p.fields[i]] = strings.Split(arg, lineEnd)
		}
	}
	p.check(t, h)
	checkPolicies(t, h)
}
