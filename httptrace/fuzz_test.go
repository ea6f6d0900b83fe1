package httptrace_test

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

// FuzzPolicies sends any headers through Middleware, Transport and a reverse proxy with Rewrite, in memory. Neither
// client forwards a header of an untrusted caller. An external host gets no baggage, no Config.Headers and no headers
// that control the mesh.
func FuzzPolicies(f *testing.F) {
	for _, attack := range attacks {
		if len(attack.headers) < 100 {
			f.Add(textOf(attack.headers), byte(0), "api.example.com")
		}
	}
	for way, host := range []string{"api.example.com", "reviews", "8.8.8.8", "[::1]:80", "reviews.default.svc:9080"} {
		f.Add(textOf(inbound(1)), byte(way), host)
	}
	f.Add("Uberctx-: u8\nOt-Baggage-: u9", byte(0), "api.example.com") // prefixes without a key
	plain := everything()
	making := everything()
	making.GenerateRequestID = true
	few := propagation.Config{Formats: []propagation.Format{propagation.B3Multi}} // the proxy copies headers that its Propagator does not know
	props := []*propagation.Propagator{propagation.MustNew(plain), propagation.MustNew(making), propagation.MustNew(few)}
	f.Fuzz(func(t *testing.T, text string, way byte, host string) {
		p := props[int(way)%len(props)]
		came := headersOf(text)
		for posture, opts := range map[string][]httptrace.Option{
			"edge":    {httptrace.Edge()},
			"ignored": {httptrace.WithTrust(func(*http.Request) propagation.Trust { return propagation.Ignore })},
			"trusted": nil,
		} {
			for call, h := range services(p, host) {
				sent := http.Header{}
				h := httptrace.Middleware(p, append(opts, httptrace.WithResponseRequestID())...)(h(sent))
				r := httptest.NewRequest("GET", "http://front/", nil)
				r.Header = came.Clone()
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				checkFields(t, posture+", the response", w.Header())
				if call == "Rewrite" { // the proxy itself handles headers that the Propagator does not know
					maps.DeleteFunc(sent, func(name string, _ []string) bool {
						return !isCarried(strings.ToLower(name)) || p == props[2] && (posture == "trusted" || name == "End-User")
					})
				}
				checkFields(t, posture+", the request", sent)
				checkPolicies(t, posture+", "+call+" to "+host, came, sent, posture != "trusted", host)
			}
		}
	})
}

// services are handlers that call a host, and record the headers of the call.
func services(p *propagation.Propagator, host string) map[string]func(sent http.Header) http.Handler {
	to := &url.URL{Scheme: "http", Host: host}
	noting := func(sent http.Header) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			maps.Copy(sent, r.Header)
			return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, nil
		})
	}
	return map[string]func(sent http.Header) http.Handler{
		"Transport": func(sent http.Header) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				askAll(r.Context())
				out := (&http.Request{Method: "GET", URL: to, Header: http.Header{}}).WithContext(r.Context())
				if resp, err := httptrace.NewTransport(p, noting(sent)).RoundTrip(out); err == nil {
					io.Copy(w, resp.Body)
				}
			})
		},
		"Rewrite": func(sent http.Header) http.Handler {
			return &httputil.ReverseProxy{
				Rewrite:   httptrace.Rewrite(p, func(r *httputil.ProxyRequest) { r.SetURL(to) }),
				Transport: noting(sent),
			}
		},
	}
}

// checkPolicies checks the sent headers by the caller and the destination.
func checkPolicies(t *testing.T, what string, came, sent http.Header, untrusted bool, host string) {
	t.Helper()
	for name, lines := range sent {
		lower := strings.ToLower(name)
		if generated := lower == "x-request-id" && !slices.Equal(lines, came[name]); generated {
			continue
		}
		if untrusted || !isCarried(lower) {
			t.Fatalf("%s: %s is sent as %q, want nothing of an untrusted caller and only carried names: received %q", what, name, lines, came)
		}
		if slices.ContainsFunc(userNames, func(n string) bool { return strings.HasPrefix(lower, n) }) && plainlyExternal(host) {
			t.Fatalf("%s: an external host gets %s, want no user data: %q", what, name, lines)
		}
	}
}

// userNames are names with user data, and names that control the mesh.
var userNames = []string{"baggage", "jaeger-baggage", "uberctx-", "ot-baggage-", "sw8-correlation", "correlation-context", "end-user", "x-envoy-force-trace"}

// plainlyExternal reports whether a host is a name below a public suffix or a public address, in plain spelling.
func plainlyExternal(host string) bool {
	return strings.HasSuffix(host, ".com") || strings.HasSuffix(host, ".com.") || strings.HasPrefix(host, "8.8.")
}

// checkFields checks that no value can split a header or a log line.
func checkFields(t *testing.T, what string, h http.Header) {
	t.Helper()
	for name, lines := range h {
		for _, line := range lines {
			if strings.ContainsAny(line, "\r\n\x00") {
				t.Fatalf("%s has the header %s with a line break or a zero byte: %q", what, name, line)
			}
		}
	}
}

// textOf writes headers as lines. headersOf reads them.
func textOf(h http.Header) string {
	var text strings.Builder
	for name, values := range h {
		for _, v := range values {
			text.WriteString(name + ": " + v + "\n")
		}
	}
	return text.String()
}

// headersOf accepts any bytes in values, as a server other than net/http's might. \n stands for a line feed.
func headersOf(text string) http.Header {
	h := http.Header{}
	for line := range strings.SplitSeq(text, "\n") {
		if name, value, ok := strings.Cut(line, ": "); ok && name != "" && !strings.ContainsFunc(name, notInNames) {
			h.Add(name, strings.ReplaceAll(value, `\n`, "\n"))
		}
	}
	return h
}

func notInNames(r rune) bool {
	return !(r == '-' || '0' <= r && r <= '9' || 'a' <= r|0x20 && r|0x20 <= 'z')
}
