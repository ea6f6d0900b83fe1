package grpctrace_test

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// vector is what is needed here of a golden vector: headers, and the span that they
// name. The engine's own tests read the rest.
type vector struct {
	ID, Format, Transport, Direction, Note string
	Headers                                map[string][]string
	Encoding                               string // latin1: each code point is a byte
	TraceID                                string `json:"trace_id"`
	SpanID                                 string `json:"span_id"`
	Sampled                                string
	Valid                                  bool
}

// vectorFormats is what carries a vector's headers, in precedence.
var vectorFormats = map[string][]propagation.Format{
	"traceparent": {propagation.W3C}, "tracestate": {propagation.W3C},
	"b3-multi": {propagation.B3Multi}, "b3-single": {propagation.B3Single, propagation.B3Multi},
	"grpc-trace-bin": {propagation.GRPCTraceBin}, "x-cloud-trace-context": {propagation.CloudTrace},
	"x-ot-span-context": {propagation.OTSpanContext}, "ot-tracer": {propagation.OTTrace},
	"datadog": {propagation.Datadog, propagation.W3C}, "jaeger": {propagation.Jaeger}, "xray": {propagation.XRay},
	"sw8": {propagation.SkyWalking}, "request-id": {propagation.AzureRequestID}, "x-request-id": {propagation.RequestID},
	"l5d-ctx-trace": {propagation.Linkerd1}, "baggage": {propagation.Baggage},
}

// unread are the vectors whose ids are not for us to read.
var unread = []string{"sw8", "request-id", "x-request-id", "l5d-ctx-trace", "baggage"}

func readVectors(t testing.TB) (vs []vector) {
	t.Helper()
	text, err := os.ReadFile("../propagation/testdata/vectors.json")
	if err == nil {
		err = json.Unmarshal(text, &vs)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range vs {
		if vectorFormats[v.Format] == nil {
			t.Fatalf("%s: nobody carries %q", v.ID, v.Format)
		}
	}
	return vs
}

// metadata is the vector as a client sends it.
func (v vector) metadata() metadata.MD {
	md := metadata.MD{}
	for name, lines := range v.Headers {
		for _, line := range lines {
			if v.Encoding == "latin1" {
				line = latin1(line)
			}
			md.Append(name, line)
		}
	}
	return md
}

func latin1(s string) string {
	raw := make([]byte, 0, len(s))
	for _, r := range s {
		raw = append(raw, byte(r))
	}
	return string(raw)
}

// span is the span context of the vector.
func (v vector) span() (sc propagation.SpanContext) {
	id, _ := hex.DecodeString(v.TraceID)
	copy(sc.TraceID[:], id)
	id, _ = hex.DecodeString(v.SpanID)
	copy(sc.SpanID[:], id)
	sc.Sampling = map[string]propagation.Sampling{
		"no": propagation.Denied, "yes": propagation.Accepted, "debug": propagation.Debug,
	}[v.Sampled]
	return sc
}

// carried returns what of the metadata a service passes on: names of the vector's formats,
// and of them what is not blank.
func (v vector) carried(md metadata.MD) metadata.MD {
	out := metadata.MD{}
	for name, lines := range md {
		ours := slices.ContainsFunc(vectorFormats[v.Format], func(f propagation.Format) bool {
			return slices.Contains(f.Fields(), name) ||
				slices.ContainsFunc(f.Prefixes(), func(p string) bool { return strings.HasPrefix(name, p) })
		})
		for _, line := range lines {
			if ours && strings.Trim(line, " \t") != "" {
				out[name] = append(out[name], line)
			}
		}
	}
	return out
}

// isBase64 reports whether the vector's text is what HTTP has in the place of the
// bytes that metadata has.
func (v vector) isBase64() bool { return v.Format == "grpc-trace-bin" && v.Transport == "http" }

// TestVectors sends every golden vector that is text through a plain client, a service of
// ours that says which span it read, and an echo. Lines that grpc-go refuses to
// send are left out before, once it has refused.
func TestVectors(t *testing.T) {
	back, ran, refused := serve(t, echo()), map[string]int{}, 0
	for formats, vs := range byFormats(readVectors(t)) {
		p := propagation.MustNew(propagation.Config{Formats: vectorFormats[formats]})
		read := make(chan propagation.SpanContext, 1)
		next := dial(t, back, grpctrace.DialOptions(p)...)
		front := dial(t, serve(t, serviceOf(func(ctx context.Context, call caller, msg []byte) ([]byte, error) {
			sc, _ := propagation.RemoteFromContext(ctx)
			read <- sc
			return call(ctx, next, msg)
		}), grpctrace.ServerOptions(p)...))
		for _, v := range vs {
			if v.Direction != "extract" || v.isBase64() {
				continue
			}
			ran[v.Transport]++
			t.Run(v.ID, func(t *testing.T) {
				sent, unsendable := split(v.metadata())
				if len(unsendable) > 0 {
					refused++
					checkRefused(t, front, v.metadata())
				}
				for kind, call := range callers {
					got := arrived(t, sending(t, sent), call, front)
					sc := <-read
					if want := v.span(); len(unsendable) == 0 && !slices.Contains(unread, v.Format) && (v.Valid || v.Format == "tracestate") &&
						(sc.TraceID != want.TraceID || sc.SpanID != want.SpanID || sc.Sampling != want.Sampling) {
						t.Errorf("%s: read %+v, want %+v (%s)", kind, sc, want, v.Note)
					}
					checkSame(t, v.carried(got), v.carried(sent))
				}
			})
		}
	}
	t.Logf("ran %d vectors of transport grpc and %d of text; grpc-go refused lines of %d", ran["grpc"], ran["http"], refused)
	if ran["grpc"] < 18 || ran["http"] < 220 {
		t.Error("vectors are missing")
	}
}
