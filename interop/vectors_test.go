package interop

import (
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

const vectorsFile = "../propagation/testdata/vectors.json"

// vector is what is needed here of a golden vector: the header, as the seed of a fuzz target.
type vector struct {
	Format  string              `json:"format"`
	Headers map[string][]string `json:"headers"`
	// Encoding is "latin1" where each code point of a value stands for a byte.
	Encoding string `json:"encoding"`
}

// vectorNames are the names under which the vectors know our formats.
var vectorNames = map[propagation.Format][]string{
	propagation.W3C:          {"traceparent", "tracestate"},
	propagation.B3Single:     {"b3-single"},
	propagation.B3Multi:      {"b3-multi"},
	propagation.GRPCTraceBin: {"grpc-trace-bin"},
	propagation.CloudTrace:   {"x-cloud-trace-context"},
	propagation.Datadog:      {"datadog"},
	propagation.Jaeger:       {"jaeger"},
	propagation.XRay:         {"xray"},
	propagation.OTTrace:      {"ot-tracer"},
}

// goldenHeaders returns the headers of the golden vectors for a peer's format, those that
// the peer reads.
func (p peer) goldenHeaders(t testing.TB) (hs []http.Header) {
	t.Helper()
	text, err := os.ReadFile(vectorsFile)
	if err != nil {
		t.Fatalf("the golden vectors are missing: %v", err)
	}
	var all []vector
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatalf("%s: %v", vectorsFile, err)
	}
	for _, v := range all {
		if slices.Contains(vectorNames[p.format], v.Format) {
			hs = append(hs, v.header(p.fields))
		}
	}
	if len(hs) == 0 {
		t.Fatalf("%s has no vector for %v", vectorsFile, p.format)
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
