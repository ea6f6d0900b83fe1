package interop

import (
	"flag"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
)

var edited = flag.Int("edited", 50_000, "the number of edited headers that each peer is tried with")

// TestEditedHeaders compares each peer on the seeds of its fuzz target with a few small edits. The results are headers
// that are almost right. A fuzzer needs a long time to find them.
func TestEditedHeaders(t *testing.T) {
	for _, p := range peers {
		t.Run(p.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(3, 4))
			seeds := p.seeds(t)
			for range *edited {
				h := seeds[r.IntN(len(seeds))].Clone()
				for range 1 + r.IntN(3) {
					p.edit(r, h, seeds)
				}
				if p.check(t, h); t.Failed() {
					return
				}
			}
		})
	}
}

// edit changes one line of a header, or the number of its lines.
func (p peer) edit(r *rand.Rand, h http.Header, seeds []http.Header) {
	field := p.fields[r.IntN(len(p.fields))]
	other := seeds[r.IntN(len(seeds))].Get(field)
	lines := h[field]
	if len(lines) == 0 {
		h[field] = []string{other}
		return
	}
	i := r.IntN(len(lines))
	switch r.IntN(16) {
	case 0:
		h[field] = slices.Insert(lines, i, other)
	case 1:
		h[field] = slices.Insert(lines, i, "")
	case 2:
		delete(h, field)
	case 3:
		lines[i] = other
	default:
		lines[i] = editLine(r, lines[i], other)
	}
}

// tokens are parts of the formats' grammars, and of headers from careless senders.
var tokens = strings.Split("-|;|:|/|=|,|;o=|%|%3A|+|-0|0|00|1|d|f|F|x|?|@|_| |\t|\x00|\x7f|é|true|false|TRUE|"+
	"Root=|Parent=|Sampled=|Self=|Lineage=|_dd.p.tid=|synthetics|0000000000000000|18446744073709551616", "|")

// editLine changes a line at one position.
func editLine(r *rand.Rand, line, other string) string {
	from := r.IntN(len(line) + 1)
	to := from + r.IntN(min(len(line)-from, 17)+1)
	switch token := tokens[r.IntN(len(tokens))]; r.IntN(9) {
	case 0:
		return line[:from] + token + line[from:] // insert
	case 1:
		return line[:from] + token + line[min(from+len(token), len(line)):] // overwrite
	case 2:
		return line[:from] + line[to:] // delete
	case 3:
		return line[:to] + line[from:] // double
	case 4:
		return line[:from] + strings.ToUpper(line[from:to]) + line[to:]
	case 5:
		return line[:from] + other[min(from, len(other)):] // cross
	case 6:
		return line[:from] + string("0123456789abcdef"[r.IntN(16)]) + line[min(from+1, len(line)):]
	case 7:
		return token
	default:
		return line[:from] + strings.Repeat("0", to-from) + line[to:]
	}
}
