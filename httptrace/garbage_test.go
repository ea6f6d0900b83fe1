package httptrace_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

// garbage are values that any header may have: net/http accepts them.
var garbage = map[string][]string{
	"short":          {"0"},
	"separators":     {"-;,=:/%-;,=:/%--;;,,==::"},
	"long":           {strings.Repeat("deadbeef", 100)},
	"not UTF-8":      {"\xff\xfe\x80"},
	"UTF-8":          {"café ☃"},
	"a tab":          {"a\tb"},
	"quotes":         {`"; DROP TABLE "`, `%s%d%v\n`},
	"many lines":     {"a", "b", "c", "d", "e", "f", "g", "h"},
	"hex, too long":  {strings.Repeat("f", 36)},
	"zeros":          {"00-00000000000000000000000000000000-0000000000000000-00"},
	"the same twice": {"1", "1"},
}

// Each header in turn has a garbage value. No request fails. Nothing is logged, which serve checks. All headers arrive,
// also the garbage, because the proxy that reads it decides.
func TestPromise6_NoInputFailsARequest(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, http.HandlerFunc(echo))
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	h := httptrace.Middleware(p, httptrace.WithResponseRequestID(), httptrace.WithTagHeaders("traceparent", "x-request-id"))
	tracer, _ := sdk()
	calls := forward(client, back.URL)
	front := serve(t, h(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/span" {
			ctx, span := tracer.Tracer("test").Start(r.Context(), "local")
			defer span.End()
			r = r.WithContext(ctx)
			w.Header().Set("Local", span.SpanContext().SpanID().String())
		}
		calls(w, r)
	})))
	for _, name := range slices.Sorted(maps.Keys(inbound(1))) {
		t.Run(name, func(t *testing.T) {
			for kind, lines := range garbage {
				headers := inbound(1)
				headers[name] = lines
				want := headers.Clone()
				if name == "B3" && !decisionAlone(lines) {
					want.Del(name) // x-b3-* are valid, and with a malformed b3 Envoy would make no span
				}
				checkVerbatim(t, arrived(t, front.URL, headers), want)

				// With a local span, every format names that span.
				resp, body := exchange(t, front.URL+"/span", headers)
				named := spansNamed(echoed(t, resp, body))
				if len(named) != spanFormats {
					t.Errorf("%s in %s: %d formats name a span, want %d", kind, name, len(named), spanFormats)
				}
				for f, sc := range named {
					if sc.SpanID.String() != resp.Header.Get("Local") {
						t.Errorf("%s in %s: %s names %s, want the local span %s", kind, name, f, sc.SpanID, resp.Header.Get("Local"))
					}
				}
			}
		})
	}
}

// decisionAlone reports whether the lines of b3 are a valid decision without ids.
func decisionAlone(lines []string) bool { return lines[0] == "0" || lines[0] == "1" }

// A header that exceeds a limit is dropped, with its whole format. The request continues.
func TestPromise6_TooLargeIsLeftOut(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, http.HandlerFunc(echo))
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	front := serve(t, httptrace.Middleware(p)(forward(client, back.URL)))
	headers := inbound(1)
	headers.Set("Tracestate", "a="+strings.Repeat("x", 8192))
	want := inbound(1)
	want.Del("Traceparent")
	want.Del("Tracestate")
	checkVerbatim(t, arrived(t, front.URL, headers), want)
	if n := p.Stats().Count(propagation.W3C, propagation.TooLarge); n != 1 {
		t.Errorf("counted %d times, want once", n)
	}
}
