package interop

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// lineEnd separates the lines of one field in an argument of a fuzz target; it cannot
// be in a header's value. Raw bytes can hold it: see FuzzGRPCTraceBin.
const lineEnd = "\n"

// maxFuzzed is far below our limits, beyond which a format is not read at all.
const maxFuzzed = 2048

// fuzz runs a peer and us on arbitrary lines of its fields. Seeds are the golden
// vectors and the examples of its known differences.
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

// checkArgs makes a header of a fuzz target's arguments. An empty argument is no header.
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
