package httptrace_test

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/gob"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/propagation"
)

// everything carries all formats and one other header.
func everything() propagation.Config {
	return propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"end-user"}}
}

// traceID and spanID return the ids of the caller's span of request n.
func traceID(n uint64) string { return fmt.Sprintf("463ac35c9f6413ad%016x", n) }
func spanID(n uint64) string  { return fmt.Sprintf("%016x", n|1<<63) }

// inbound returns the headers of request n from a sidecar that uses every format. All are valid and name one span. Each
// value with enough space contains n.
func inbound(n uint64) http.Header {
	trace, span := traceID(n), spanID(n)
	bin, _ := hex.DecodeString("0000" + trace + "01" + span + "0201")
	carrier := []byte{0x12, 20, 0x09} // a BinaryCarrier with a BasicTracerCarrier, whose first field is the trace id
	carrier = binary.LittleEndian.AppendUint64(carrier, n)
	carrier = append(carrier, 0x11)
	carrier = binary.LittleEndian.AppendUint64(carrier, n|1<<63)
	carrier = append(carrier, 0x18, 1)
	base64Of := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

	return http.Header{
		"Traceparent":                 {"00-" + trace + "-" + span + "-01"},
		"Tracestate":                  {"vendor=" + span, "tenant@x=" + span + ",0level2=" + trace},
		"B3":                          {trace + "-" + span + "-1"},
		"X-B3-Traceid":                {trace},
		"X-B3-Spanid":                 {span},
		"X-B3-Sampled":                {"1"},
		"Grpc-Trace-Bin":              {base64.RawStdEncoding.EncodeToString(bin)},
		"X-Cloud-Trace-Context":       {fmt.Sprintf("%s/%d;o=1", trace, n|1<<63)},
		"X-Ot-Span-Context":           {base64.StdEncoding.EncodeToString(carrier)},
		"X-Request-Id":                {fmt.Sprintf("%08x-7b1a-9d5e-8f57-%012x", n, n)},
		"Baggage":                     {"user=" + span + ";p=1", "tenant=" + trace},
		"X-Datadog-Trace-Id":          {fmt.Sprint(n)},
		"X-Datadog-Parent-Id":         {fmt.Sprint(n | 1<<63)},
		"X-Datadog-Sampling-Priority": {"2"},
		"X-Datadog-Tags":              {"_dd.p.tid=463ac35c9f6413ad,_dd.p.n=" + span},
		"Uber-Trace-Id":               {trace + ":" + span + ":0:1"},
		"Uberctx-User":                {"u" + span},
		"X-Amzn-Trace-Id":             {"Root=1-" + trace[:8] + "-" + trace[8:] + ";Parent=" + span + ";Sampled=1;Lineage=" + span},
		"Ot-Tracer-Traceid":           {trace[16:]},
		"Ot-Tracer-Spanid":            {span},
		"Ot-Tracer-Sampled":           {"true"},
		"Ot-Baggage-User":             {"o" + span},
		"Sw8":                         {"1-" + base64Of(trace) + "-" + base64Of(span) + "-3-c3Zj-aW5z-ZXA=-YWRkcg=="},
		"X-Client-Trace-Id":           {"client-" + span},
		"L5d-Ctx-Trace":               {base64Of("l5d." + span)},
		"Request-Id":                  {"|" + trace + "." + span + "."},
		"Correlation-Context":         {"k=" + span},
		"End-User":                    {"user-" + span},
	}
}

// carriedOf returns the headers that everything carries.
func carriedOf(h http.Header) http.Header {
	carried := http.Header{}
	for name, values := range h {
		if isCarried(strings.ToLower(name)) {
			carried[name] = values
		}
	}
	return carried
}

func isCarried(lower string) bool {
	return slices.Contains(carriedNames, lower) ||
		slices.ContainsFunc(carriedPrefixes, func(p string) bool { return strings.HasPrefix(lower, p) })
}

var carriedNames, carriedPrefixes = func() (names, prefixes []string) {
	names = everything().Headers
	for _, f := range propagation.AllFormats() {
		names, prefixes = append(names, f.Fields()...), append(prefixes, f.Prefixes()...)
	}
	return names, prefixes
}()

// checkVerbatim checks that the carried headers arrived exactly as in want, line by line.
func checkVerbatim(t *testing.T, arrived, want http.Header) {
	t.Helper()
	got := carriedOf(arrived)
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if !slices.Equal(got[name], want[name]) {
			t.Errorf("%s arrived as %q, want %q", name, got[name], want[name])
		}
	}
	for name, values := range got {
		if _, sent := want[name]; !sent {
			t.Errorf("%s arrived as %q, want it absent", name, values)
		}
	}
}

// echo answers with its received headers, byte for byte.
func echo(w http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	gob.NewEncoder(w).Encode(r.Header)
}

// forward calls url with the context of the request that it serves, as an application does in its handlers. It returns
// the answer.
func forward(client *http.Client, url string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		out, err := http.NewRequestWithContext(r.Context(), "GET", url, nil)
		if err == nil {
			err = passOn(w, client, out)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
		}
	}
}

func passOn(w http.ResponseWriter, client *http.Client, out *http.Request) error {
	resp, err := client.Do(out)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	w.WriteHeader(resp.StatusCode)
	_, err = io.Copy(w, resp.Body)
	return err
}

// request returns a request that ends with the test, or after ten seconds.
func request(t testing.TB, method, url string, h http.Header, body io.Reader) *http.Request {
	t.Helper()
	ctx, _ := cancellable(t)
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	if h != nil {
		req.Header = h.Clone()
	}
	return req
}

// cancellable returns a context that ends with the test, so that nothing waits for ever.
func cancellable(t testing.TB) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx, cancel
}

// exchange sends headers to url and returns the response and its body.
func exchange(t testing.TB, url string, h http.Header) (*http.Response, string) {
	t.Helper()
	return do(t, http.DefaultClient, request(t, "GET", url, h, nil))
}

func do(t testing.TB, client *http.Client, req *http.Request) (*http.Response, string) {
	t.Helper()
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

// arrived sends headers to url and returns the headers that the echo behind it received.
func arrived(t testing.TB, url string, h http.Header) http.Header {
	t.Helper()
	resp, body := exchange(t, url, h)
	return echoed(t, resp, body)
}

func echoed(t testing.TB, resp *http.Response, body string) http.Header {
	t.Helper()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", resp.Status, body)
	}
	return decode(t, strings.NewReader(body))
}

// decode reads the answer of echo.
func decode(t testing.TB, body io.Reader) (got http.Header) {
	t.Helper()
	if err := gob.NewDecoder(body).Decode(&got); err != nil {
		t.Error(err)
	}
	return got
}

// engine gives access to the internals of a Propagator.
func engine(p *propagation.Propagator) *plan.Engine { return (*plan.Engine)(p) }
