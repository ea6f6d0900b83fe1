package interop

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"github.com/traceferry/traceferry/propagation/testdata"
)

// vector is the part of a golden vector that these tests need: the header, as the seed of a fuzz target.
type vector struct {
	Format  string              `json:"format"`
	Headers map[string][]string `json:"headers"`
	// Encoding is "latin1" if each code point of a value stands for a byte.
	Encoding string `json:"encoding"`
}

// goldenHeaders returns the headers of the golden vectors for a peer's format. It omits headers that the peer does not
// read.
func (p peer) goldenHeaders(t testing.TB) (hs []http.Header) {
	t.Helper()
	var all []vector
	if err := json.Unmarshal(testdata.Vectors, &all); err != nil {
		t.Fatal(err)
	}
	for _, v := range all {
		if testdata.FormatNames(v.Format)[0] == p.format.String() {
			hs = append(hs, v.header(p.fields))
		}
	}
	if len(hs) == 0 {
		t.Fatalf("there is no golden vector for %v", p.format)
	}
	return hs
}

func (v vector) header(fields []string) http.Header {
	h := http.Header{}
	for name, values := range v.Headers {
		if !slices.Contains(fields, http.CanonicalHeaderKey(name)) {
			continue
		}
		for _, value := range values {
			if v.Encoding == "latin1" {
				raw := make([]byte, 0, len(value))
				for _, r := range value {
					raw = append(raw, byte(r))
				}
				value = string(raw)
			}
			h.Add(name, value)
		}
	}
	return h
}

// TestGoldenVectors compares all peers on all vectors of their formats.
func TestGoldenVectors(t *testing.T) {
	for _, p := range peers {
		for _, h := range p.goldenHeaders(t) {
			p.check(t, h)
		}
	}
}
