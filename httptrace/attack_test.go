package httptrace_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"
)

// A hostile caller attacks a real server, which calls another server. attackbytes_test.go has bytes that no client
// would send. attackcost_test.go checks the cost of attacks.

// posture is the setup of the attacked service, and the headers that the service may send.
type posture struct {
	name    string
	config  propagation.Config
	options []httptrace.Option
	may     func(lower string) bool
}

var postures = []posture{
	{"default", propagation.Config{}, nil, carriedByDefault},
	{"all formats", everything(), nil, isCarried},
	{"edge", everything(), []httptrace.Option{httptrace.Edge()}, func(string) bool { return false }},
	{"external host behind", withDestinations(), nil, func(lower string) bool { return lower == "traceparent" || lower == "tracestate" }},
	{"edge, external host behind", withDestinations(), []httptrace.Option{httptrace.Edge()}, func(string) bool { return false }},
}

// withDestinations adds a rule for the servers of these tests, as for an external host.
func withDestinations() propagation.Config {
	c := everything()
	c.Destinations = []propagation.Destination{{Hosts: []string{"127.0.0.1"}, Formats: []propagation.Format{propagation.W3C}, Headers: []string{}}}
	return c
}

func carriedByDefault(lower string) bool {
	return slices.Contains(propagation.MustNew(propagation.Config{}).Fields(), lower)
}

// attack is a hostile request, with the outcome that it counts if all formats are carried.
type attack struct {
	name    string
	headers http.Header
	format  propagation.Format
	outcome propagation.Outcome
}

var attacks = []attack{
	{"10,000 names under a prefix", manyNames("Uberctx-K", 10_000), propagation.Jaeger, propagation.TooLarge},
	{"1 MiB of tracestate in 5,000 lines", http.Header{"Tracestate": manyLines(5_000, "k="+strings.Repeat("v", 207)), "Traceparent": {w3cOf(1)}}, propagation.W3C, propagation.TooLarge},
	// CVE-2026-29181: each line is within the limit for one line.
	{"baggage in 100 lines of 8,000 bytes", http.Header{"Baggage": manyLines(100, "k="+strings.Repeat("v", 7998))}, propagation.Baggage, propagation.TooLarge},
	{"baggage in 20,000 lines", http.Header{"Baggage": manyLines(20_000, "k=v")}, propagation.Baggage, propagation.TooLarge},
	// CVE-2026-41178: one line without a limit causes a logged error for each bad member.
	{"1 MiB of baggage in one line", http.Header{"Baggage": {strings.Repeat("k=%zz;;,", 1<<17)}}, propagation.Baggage, propagation.TooLarge},
	{"8 KiB of bad baggage", http.Header{"Baggage": {strings.Repeat("k=%zz;;,", 1<<10)}}, propagation.Baggage, propagation.Malformed},
	{"36 digits in b3", http.Header{"B3": {strings.Repeat("a", 36)}}, propagation.B3Single, propagation.Malformed},
	{"Datadog without a priority", http.Header{"X-Datadog-Trace-Id": {"1"}, "X-Datadog-Parent-Id": {"2"}, "X-Datadog-Tags": {"_dd.p.dm"}}, 0, noOutcome},
	{"two traceparents", http.Header{"Traceparent": {w3cOf(1), w3cOf(2)}}, propagation.W3C, propagation.Duplicate},
	{"the same traceparent twice", http.Header{"Traceparent": {w3cOf(1), w3cOf(1)}}, propagation.W3C, propagation.Duplicate},
	{"a good traceparent and a bad one", http.Header{"Traceparent": {w3cOf(1), "00-"}}, propagation.W3C, propagation.Duplicate},
	{"a bad traceparent and a good one", http.Header{"Traceparent": {"00-", w3cOf(1)}}, propagation.W3C, propagation.Duplicate},
	{"names of proxies", forged, 0, noOutcome},
	{"everything at once", inbound(1), 0, noOutcome},
}

const noOutcome propagation.Outcome = 255

func w3cOf(n uint64) string { return "00-" + traceID(n) + "-" + spanID(n) + "-01" }

func manyNames(prefix string, n int) http.Header {
	h := make(http.Header, n)
	for i := range n {
		h[fmt.Sprintf("%s%06d", prefix, i)] = []string{"v"}
	}
	return h
}

func manyLines(n int, line string) []string { return slices.Repeat([]string{line}, n) }

// forged are requests and claims that only a proxy of the mesh may make. They are never sent.
var forged = http.Header{
	"X-Envoy-Internal": {"true"}, "X-Envoy-Original-Path": {"/admin"}, "X-Envoy-Upstream-Rq-Timeout-Ms": {"1"}, "X-Envoy-Retry-On": {"5xx"},
	"X-Envoy-Decorator-Operation": {"x"}, "X-Envoy-Peer-Metadata": {"AAAA"}, "X-Envoy-Peer-Metadata-Id": {"sidecar~10.0.0.1"},
	"X-Envoy-External-Address": {"10.0.0.1"}, "X-Envoy-Attempt-Count": {"9"}, "X-Forwarded-Client-Cert": {"URI=spiffe://cluster.local/ns/admin/sa/root"},
	"X-Forwarded-For": {"127.0.0.1"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"admin"}, "Forwarded": {"for=127.0.0.1"}, "X-Real-Ip": {"127.0.0.1"},
	"L5d-Client-Id": {"root"}, "L5d-Dst-Override": {"admin.svc"}, "L5d-Dst-Canonical": {"admin.svc"}, "L5d-Reqid": {"1"}, "X-Consul-Token": {"root"},
	"X-Istio-Attributes": {"AAAA"}, "X-Ambassador-Diag": {"1"}, "X-Goog-Iap-Jwt-Assertion": {"x"}, "X-Amzn-Oidc-Data": {"x"}, "X-Amz-Security-Token": {"x"},
	"Via": {"1.1 proxy"}, "Authorization": {"Bearer x"}, "Cookie": {"a=b"}, "Proxy-Authorization": {"Basic x"}, "Jwt": {"x"},
}

// Every attack on every posture, over both protocols: the request is served, and nothing is logged. No forbidden header
// is sent, and withheld or dropped headers are counted.
func TestAttacks(t *testing.T) {
	back := serve(t, http.HandlerFunc(echo))
	for _, posture := range postures {
		t.Run(posture.name, func(t *testing.T) {
			p := propagation.MustNew(posture.config)
			front := attacked(t, p, posture.options, forward(&http.Client{Transport: httptrace.NewTransport(p, nil)}, back.URL))
			for protocol, client := range attackers(t) {
				for _, attack := range attacks {
					t.Run(protocol+"/"+attack.name, func(t *testing.T) {
						expectSilence(t)
						before := p.Stats()
						resp, body := do(t, client, request(t, "GET", front.URL, attack.headers, nil))
						checkSentOn(t, echoed(t, resp, body), attack.headers, posture.may)
						checkResponse(t, resp)
						if posture.name == "all formats" && attack.outcome != noOutcome &&
							p.Stats().Count(attack.format, attack.outcome) == before.Count(attack.format, attack.outcome) {
							t.Errorf("the outcome %[2]v of %[1]v was not counted", attack.format, attack.outcome)
						}
						if posture.options != nil && attack.name == "everything at once" && p.Stats().Total(propagation.Untrusted) == before.Total(propagation.Untrusted) {
							t.Error("the withheld headers were not counted")
						}
					})
				}
			}
		})
	}
}

// attacked is a server behind Middleware that accepts headers of any size. Its handler calls every function that a
// handler can call, and then the next handler.
func attacked(t *testing.T, p *propagation.Propagator, opts []httptrace.Option, next http.Handler) *httptest.Server {
	t.Helper()
	asking := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		askAll(r.Context())
		next.ServeHTTP(w, r)
	})
	return startLarge(t, httptrace.Middleware(p, append(slices.Clone(opts), httptrace.WithResponseRequestID())...)(asking))
}

// startLarge starts a server of both protocols that accepts headers of any size.
func startLarge(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	return start(t, h, func(s *httptest.Server) {
		s.Config.MaxHeaderBytes = 16 << 20
		s.Config.Protocols = new(http.Protocols)
		s.Config.Protocols.SetHTTP1(true)
		s.Config.Protocols.SetUnencryptedHTTP2(true)
		s.Start()
	})
}

func askAll(ctx context.Context) {
	propagation.RemoteFromContext(ctx)
	propagation.UntrustedFromContext(ctx)
	propagation.RequestIDFromContext(ctx)
	trace.SpanContextFromContext(ctx)
	baggage.FromContext(ctx)
}

// attackers are clients, one for each protocol.
func attackers(t *testing.T) map[string]*http.Client {
	two := new(http.Protocols)
	two.SetUnencryptedHTTP2(true)
	clients := map[string]*http.Client{}
	for name, base := range map[string]*http.Transport{"HTTP1": {}, "HTTP2": {Protocols: two}} {
		t.Cleanup(base.CloseIdleConnections)
		clients[name] = &http.Client{Transport: base}
	}
	return clients
}

// expectSilence fails the test if anything is logged before the test ends. serve checks the servers' own logs.
func expectSilence(t *testing.T) {
	logged := new(logBook)
	slogger, writer, flags := slog.Default(), log.Writer(), log.Flags()
	slog.SetDefault(slog.New(slog.NewTextHandler(logged, &slog.HandlerOptions{Level: slog.LevelDebug})))
	log.SetOutput(logged)
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Print(err) }))
	t.Cleanup(func() {
		slog.SetDefault(slogger)
		log.SetOutput(writer)
		log.SetFlags(flags)
		if text := logged.String(); text != "" {
			t.Errorf("logged %d bytes, want none: %.200s", len(text), text)
		}
	})
}

// clientsOwn are names that the client itself writes.
var clientsOwn = []string{"accept-encoding", "user-agent"}

// checkSentOn checks that only received lines were sent, under permitted names and within the limits.
func checkSentOn(t *testing.T, sent, came http.Header, may func(lower string) bool) {
	t.Helper()
	bytes, lines := 0, 0
	for name, values := range sent {
		lower := strings.ToLower(name)
		if slices.Contains(clientsOwn, lower) {
			continue
		}
		if !may(lower) {
			t.Errorf("%s was sent, want it dropped: %.80q", name, values)
		}
		for _, v := range values {
			bytes, lines = bytes+len(v), lines+1
			if !slices.Contains(came[name], v) {
				t.Errorf("%s was sent as %.80q, want one of the received lines %.80q", name, v, came[name])
			}
		}
	}
	if bytes > 16384 || lines > 64 {
		t.Errorf("%d bytes in %d lines were sent, want at most 16384 in 64", bytes, lines)
	}
}

// checkResponse checks that the response has only net/http's own headers, and a request id without dangerous
// characters.
func checkResponse(t *testing.T, resp *http.Response) {
	t.Helper()
	for name, values := range resp.Header {
		switch name {
		case "Date", "Content-Length", "Content-Type":
		case "X-Request-Id":
			if len(values) != 1 || strings.Trim(values[0], "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-") != "" || len(values[0]) > 128 {
				t.Errorf("the response has the request id %q, want one harmless value", values)
			}
		default:
			t.Errorf("the response has %s, want no such header: %.80q", name, values)
		}
	}
}

// If there are two traceparents, in either order, or only half of a format, the caller's ids and decision are not used.
func TestAttackerSamplesNothing(t *testing.T) {
	p := propagation.MustNew(everything())
	seen := make(chan propagation.SpanContext, 1)
	front := attacked(t, p, nil, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		sc, _ := propagation.RemoteFromContext(r.Context())
		seen <- sc
	}))
	for protocol, client := range attackers(t) {
		for _, attack := range attacks {
			if slices.Contains([]string{"names of proxies", "everything at once"}, attack.name) {
				continue
			}
			t.Run(protocol+"/"+attack.name, func(t *testing.T) {
				resp, _ := do(t, client, request(t, "GET", front.URL, attack.headers, nil))
				if sc := <-seen; sc.Sampling.Decided() || resp.StatusCode != http.StatusOK {
					t.Errorf("%s: the remote span context is %+v, want none and the status 200", resp.Status, sc)
				}
			})
		}
	}
}
