package propagationtest_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/propagationtest"
	"google.golang.org/grpc/metadata"
)

// broken is a service with one mistake, and a failure that the kit must find.
type broken struct {
	serve  func(m *propagationtest.Mesh) http.HandlerFunc
	opts   []propagationtest.Option
	kind   propagationtest.Kind
	header string
}

// calls is a service that calls one HTTP callee with what change makes of the headers.
func calls(change func(in, out http.Header)) func(*propagationtest.Mesh) http.HandlerFunc {
	return func(m *propagationtest.Mesh) http.HandlerFunc {
		details := m.HTTP("details")
		return func(w http.ResponseWriter, r *http.Request) {
			out := pick(r.Header)
			change(r.Header, out)
			get(r.Context(), http.DefaultClient, details.URL, out)
		}
	}
}

// rates is the same over gRPC.
func rates(change func(in http.Header, out metadata.MD)) func(*propagationtest.Mesh) http.HandlerFunc {
	return func(m *propagationtest.Mesh) http.HandlerFunc {
		conn := dial(m.GRPC("ratings").Target)
		return func(w http.ResponseWriter, r *http.Request) {
			out := toMetadata(pick(r.Header))
			change(r.Header, out)
			rate(r.Context(), conn, out)
		}
	}
}

var brokenServices = map[string]broken{
	"everything lost": {serve: calls(func(_, out http.Header) { clear(out) }), kind: propagationtest.LostAll},
	"lost at gRPC":    {serve: rates(func(_ http.Header, md metadata.MD) { clear(md) }), kind: propagationtest.LostAll},
	"one header lost at gRPC": {serve: rates(func(_ http.Header, md metadata.MD) { delete(md, "grpc-trace-bin") }),
		kind: propagationtest.Lost, header: "grpc-trace-bin"},
	"lost in a goroutine": {serve: func(m *propagationtest.Mesh) http.HandlerFunc {
		details, audit := m.HTTP("details"), m.HTTP("audit")
		return func(w http.ResponseWriter, r *http.Request) {
			get(r.Context(), http.DefaultClient, details.URL, pick(r.Header))
			go get(context.Background(), http.DefaultClient, audit.URL, http.Header{})
		}
	}, kind: propagationtest.LostAll},
	"first line only": {serve: calls(func(in, out http.Header) {
		for name := range out {
			out.Set(name, in.Get(name))
		}
	}), kind: propagationtest.Lost, header: "tracestate"},
	"empty values": {serve: calls(func(in, out http.Header) {
		for _, name := range carriedByHand {
			if in.Get(name) == "" {
				out.Set(name, "")
			}
		}
	}), kind: propagationtest.Empty, header: "b3"},
	"b3: 0 out of nothing": {serve: calls(func(in, out http.Header) {
		if in.Get("b3") == "" {
			out.Set("b3", "0")
		}
	}), kind: propagationtest.Invented, header: "b3"},
	"doubled by append": {serve: calls(func(in, out http.Header) {
		for name := range out {
			out.Add(name, in.Get(name))
		}
	}), kind: propagationtest.Duplicated, header: "traceparent"},
	"doubled by append at gRPC": {serve: rates(func(in http.Header, md metadata.MD) { md.Append("b3", in.Values("b3")...) }),
		kind: propagationtest.Duplicated, header: "b3"},
	"lower-cased ids": {serve: calls(func(_, out http.Header) {
		for _, lines := range out {
			for i := range lines {
				lines[i] = strings.ToLower(lines[i])
			}
		}
	}), kind: propagationtest.Changed, header: "x-request-id"},
	"one of two formats stale": {serve: calls(func(_, out http.Header) {
		if p := strings.Split(out.Get("traceparent"), "-"); len(p) == 4 {
			out.Set("traceparent", "00-"+p[1]+"-00f067aa0ba902b7-01")
		}
	}), opts: []propagationtest.Option{propagationtest.Spans(), propagationtest.Formats(propagation.W3C, propagation.B3Multi)},
		kind: propagationtest.Inconsistent, header: "x-b3-spanid"},
	"a new trace in one format": {serve: calls(func(_, out http.Header) {
		out.Set("traceparent", "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01")
	}), opts: []propagationtest.Option{propagationtest.Spans()}, kind: propagationtest.Inconsistent, header: "traceparent"},
	"the caller's parent beside a new span": {serve: calls(func(_, out http.Header) {
		if out.Get("x-b3-spanid") != "" {
			out.Set("x-b3-spanid", "00f067aa0ba902b7")
		}
	}), opts: []propagationtest.Option{propagationtest.Spans(), propagationtest.Formats(propagation.B3Multi)},
		kind: propagationtest.Inconsistent, header: "x-b3-spanid"},
	"an old b3 beside Envoy's x-b3-*": {serve: calls(func(_, _ http.Header) {}),
		opts: []propagationtest.Option{propagationtest.OldEnvoy()}, kind: propagationtest.Invented, header: "b3"},
	"mixed up by a shared map": {serve: sharedMap, kind: propagationtest.MixedUp},
	"headers of the first request": {serve: func(m *propagationtest.Mesh) http.HandlerFunc {
		details := m.HTTP("details")
		var once sync.Once
		var first http.Header
		return func(w http.ResponseWriter, r *http.Request) {
			once.Do(func() { first = pick(r.Header) })
			get(r.Context(), http.DefaultClient, details.URL, first.Clone())
		}
	}, kind: propagationtest.MixedUp, header: "traceparent"},
	"baggage to an external host": {serve: func(m *propagationtest.Mesh) http.HandlerFunc {
		partner := m.HTTP("partner", propagationtest.External("api.partner.example"))
		client := &http.Client{Transport: m.Transport()}
		return func(w http.ResponseWriter, r *http.Request) {
			get(r.Context(), client, partner.URL+"/rates", pick(r.Header))
		}
	}, kind: propagationtest.ToExternal, header: "baggage"},
	"request id regenerated": {serve: calls(func(_, out http.Header) { out.Set("x-request-id", "5f2f7d9c-7b1a-4d5e-8f57-1f8f0a2b3c4d") }),
		kind: propagationtest.Changed, header: "x-request-id"},
	"tracestate joined wrongly": {serve: calls(func(in, out http.Header) {
		if lines := in.Values("tracestate"); len(lines) > 0 {
			out.Set("tracestate", strings.Join(lines, ";"))
		}
	}), kind: propagationtest.Changed, header: "tracestate"},
	"tracestate in another order": {serve: calls(func(in, out http.Header) {
		if lines := out["Tracestate"]; len(lines) > 1 {
			lines[0], lines[1] = lines[1], lines[0]
		}
	}), kind: propagationtest.Changed, header: "tracestate"},
	"-bin not decoded": {serve: rates(func(in http.Header, md metadata.MD) { md.Set("grpc-trace-bin", in.Values("grpc-trace-bin")...) }),
		kind: propagationtest.Changed, header: "grpc-trace-bin"},
	"retried call without headers": {serve: func(m *propagationtest.Mesh) http.HandlerFunc {
		details := m.HTTP("details", propagationtest.FailsFirst())
		return func(w http.ResponseWriter, r *http.Request) {
			resp, err := get(r.Context(), http.DefaultClient, details.URL, pick(r.Header))
			if err == nil && resp.StatusCode == http.StatusServiceUnavailable {
				get(r.Context(), http.DefaultClient, details.URL, http.Header{})
			}
		}
	}, kind: propagationtest.LostAll},
	"redirect with credentials": {serve: func(m *propagationtest.Mesh) http.HandlerFunc {
		partner := m.HTTP("partner", propagationtest.External("api.partner.example"))
		details := m.HTTP("details", propagationtest.RedirectsTo(partner.URL+"/details"))
		client := &http.Client{Transport: m.Transport(), CheckRedirect: func(req *http.Request, via []*http.Request) error {
			req.Header = via[0].Header.Clone() // net/http had left the credentials out
			return nil
		}}
		return func(w http.ResponseWriter, r *http.Request) {
			out := pick(r.Header)
			out.Set("Authorization", r.Header.Get("Authorization"))
			get(r.Context(), client, details.URL, out)
		}
	}, kind: propagationtest.ToExternal, header: "authorization"},
	"cached response's headers": {serve: func(m *propagationtest.Mesh) http.HandlerFunc {
		details := m.HTTP("details")
		var once sync.Once
		var cached http.Header
		return func(w http.ResponseWriter, r *http.Request) {
			resp, err := get(r.Context(), http.DefaultClient, details.URL, pick(r.Header))
			if err != nil {
				return
			}
			once.Do(func() { cached = resp.Header.Clone() })
			w.Header().Set("X-Request-Id", cached.Get("X-Request-Id"))
		}
	}, kind: propagationtest.MixedUp, header: "x-request-id"},
	"an invented decision": {serve: calls(func(_, out http.Header) {
		if out.Get("x-b3-traceid") != "" && out.Get("x-b3-sampled") == "" {
			out.Set("x-b3-sampled", "0")
		}
	}), kind: propagationtest.Invented, header: "x-b3-sampled"},
	"a format lost behind its proxy alone": {serve: calls(func(in, out http.Header) {
		if in.Get("x-request-id") == "" {
			out.Del("traceparent")
		}
	}), kind: propagationtest.Lost, header: "traceparent"},
	"no call": {serve: func(m *propagationtest.Mesh) http.HandlerFunc {
		m.HTTP("details")
		return func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no such path", http.StatusNotFound) }
	}, kind: propagationtest.NoCall},
	"a panic": {serve: func(m *propagationtest.Mesh) http.HandlerFunc {
		m.HTTP("details", propagationtest.MayBeSilent())
		return func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }
	}, kind: propagationtest.Failed},
	"a call too many": {serve: func(m *propagationtest.Mesh) http.HandlerFunc {
		details := m.HTTP("details", propagationtest.Calls(1))
		return func(w http.ResponseWriter, r *http.Request) {
			get(r.Context(), http.DefaultClient, details.URL, pick(r.Header))
			get(r.Context(), http.DefaultClient, details.URL, pick(r.Header))
		}
	}, kind: propagationtest.CallCount},
	"base64 of gRPC as text in HTTP": {serve: calls(func(in, out http.Header) {
		if v := in.Get("grpc-trace-bin"); v != "" {
			out.Set("grpc-trace-bin", base64.StdEncoding.EncodeToString([]byte(v)))
		}
	}), kind: propagationtest.Changed, header: "grpc-trace-bin"},
}

// sharedMap keeps the headers of all requests in one place, and calls when other requests have been there.
func sharedMap(m *propagationtest.Mesh) http.HandlerFunc {
	details := m.HTTP("details")
	var mu sync.Mutex
	shared := http.Header{}
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		shared = pick(r.Header)
		mu.Unlock()
		get(r.Context(), http.DefaultClient, details.URL+"/before", pick(r.Header))
		mu.Lock()
		out := shared.Clone()
		mu.Unlock()
		get(r.Context(), http.DefaultClient, details.URL+"/after", out)
	}
}

// TestBrokenServices: the kit finds each, and says what it is.
func TestBrokenServices(t *testing.T) {
	for name, b := range brokenServices {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := propagationtest.Test(func(m *propagationtest.Mesh) any { return b.serve(m) }, append(b.opts, briefly)...)
			var failures propagationtest.Failures
			if !errors.As(err, &failures) || !failures.Has(b.kind, b.header) {
				t.Fatalf("want %q of %q, got\n%v", b.kind, b.header, err)
			}
			if testing.Verbose() {
				t.Log(err)
			}
		})
	}
}
