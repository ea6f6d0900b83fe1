package httptrace_test

import (
	"context"
	"net/http"
	"reflect"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

const inside, outside = "http://reviews:9080/", "http://api.partner.example/"

// TestGuard: which requests of a client without traceferry are losses.
func TestGuard(t *testing.T) {
	w3c := []propagation.Format{propagation.W3C, propagation.B3Multi, propagation.RequestID, propagation.Baggage}
	p, book := watched(propagation.Config{Formats: w3c, Destinations: []propagation.Destination{
		{Hosts: []string{"silent"}, Formats: []propagation.Format{}},
	}})
	captured := inboundOf(p, inbound(1))
	baggageOnly := inboundOf(p, http.Header{"Baggage": {"a=1"}})
	nothing := inboundOf(p, http.Header{"Accept": {"*/*"}})
	for name, test := range map[string]struct {
		ctx    context.Context
		url    string
		header http.Header
		want   []propagation.LossReason
	}{
		"none of the headers":           {captured, inside, nil, []propagation.LossReason{propagation.LostClient}},
		"others only":                   {captured, inside, http.Header{"Accept": {"x"}, "Sw8": {"x"}}, []propagation.LossReason{propagation.LostClient}},
		"one of the headers":            {captured, inside, http.Header{"X-Request-Id": {"by hand"}}, nil},
		"one of them, spelled":          {captured, inside, http.Header{"x-B3-traceid": {"by hand"}}, nil},
		"a host that may have none":     {captured, "http://silent/", nil, nil},
		"baggage for an external host":  {baggageOnly, outside, nil, nil},
		"baggage":                       {baggageOnly, inside, nil, []propagation.LossReason{propagation.LostClient}},
		"signed":                        {captured, outside, http.Header{"Authorization": {"AWS4-HMAC-SHA256 Credential=x"}}, nil},
		"nothing received":              {nothing, inside, nil, nil},
		"no context":                    {context.Background(), inside, nil, []propagation.LossReason{propagation.LostContext}},
		"no context, another tracer's":  {context.Background(), inside, http.Header{"Traceparent": {"x"}}, nil},
		"untrusted":                     {p.ExtractHTTPTrust(context.Background(), inbound(1), propagation.Restart), inside, nil, nil},
		"a copy":                        {propagation.Copy(context.Background(), captured), inside, nil, []propagation.LossReason{propagation.LostClient}},
		"a copy whose capture was lost": {propagation.WithoutCapture(captured), inside, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			base := new(trip)
			r := outgoing(t, test.ctx, test.url)
			if test.header != nil {
				r.Header = test.header
			}
			before := *r
			header := r.Header.Clone()
			if _, err := httptrace.Guard(p, base).RoundTrip(r); err != nil {
				t.Fatal(err)
			}
			if base.got != r || !reflect.DeepEqual(*r, before) || !reflect.DeepEqual(r.Header, header) {
				t.Error("the request was changed")
			}
			book.expect(t, test.want...)
		})
	}
}

// TestGuardBesideTransport: however Guard and Transport are combined, a right call is no loss, and a wrong call is one
// loss.
func TestGuardBesideTransport(t *testing.T) {
	p, book := watched(propagation.Config{})
	other := propagation.MustNew(propagation.Config{})
	captured := inboundOf(p, inbound(1))
	for name, make := range map[string]func(base http.RoundTripper) http.RoundTripper{
		"Guard as the base": func(base http.RoundTripper) http.RoundTripper {
			return httptrace.NewTransport(p, httptrace.Guard(p, base))
		},
		"Guard as the default": func(base http.RoundTripper) http.RoundTripper {
			http.DefaultTransport = httptrace.Guard(p, base)
			return httptrace.NewTransport(p, nil)
		},
		"Guard outside": func(base http.RoundTripper) http.RoundTripper {
			return httptrace.Guard(p, httptrace.NewTransport(p, base))
		},
		"Guards": func(base http.RoundTripper) http.RoundTripper {
			return httptrace.NewTransport(p, httptrace.Guard(p, httptrace.Guard(p, base)))
		},
		"another wrapper in between": func(base http.RoundTripper) http.RoundTripper {
			guard := httptrace.Guard(p, base)
			return httptrace.NewTransport(p, roundTripperFunc(func(r *http.Request) (*http.Response, error) { return guard.RoundTrip(r.Clone(r.Context())) }))
		},
		"Transports": func(base http.RoundTripper) http.RoundTripper {
			return httptrace.NewTransport(p, httptrace.NewTransport(p, httptrace.Guard(p, base)))
		},
		"another Transport inside": func(base http.RoundTripper) http.RoundTripper {
			return httptrace.NewTransport(p, httptrace.NewTransport(other, httptrace.Guard(p, base)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			defer func(before http.RoundTripper) { http.DefaultTransport = before }(http.DefaultTransport)
			base := new(trip)
			transport := make(base)
			for ctx, want := range map[context.Context][]propagation.LossReason{
				captured: nil, context.Background(): {propagation.LostContext},
			} {
				if _, err := transport.RoundTrip(outgoing(t, ctx, inside)); err != nil {
					t.Fatal(err)
				}
				book.expect(t, want...)
				if carried := base.got.Header.Get("Traceparent") != ""; carried != (want == nil) {
					t.Errorf("the request was sent with %v, want traceparent exactly if no loss is expected", base.got.Header)
				}
			}
		})
	}
}

// TestGuardAsDefault: a Transport that is the base of the Guard in http.DefaultTransport uses net/http's own transport.
func TestGuardAsDefault(t *testing.T) {
	defer func(before http.RoundTripper) { http.DefaultTransport = before }(http.DefaultTransport)
	p, book := watched(propagation.Config{})
	back := serve(t, http.HandlerFunc(echo))
	for name, guard := range map[string]http.RoundTripper{
		"over a Transport": httptrace.Guard(p, httptrace.NewTransport(p, nil)),
		"without a base":   httptrace.Guard(p, nil),
	} {
		http.DefaultTransport = guard
		resp, _ := do(t, http.DefaultClient, outgoing(t, inboundOf(p, inbound(1)), back.URL))
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", name, resp.Status)
		}
		if lost := len(book.take()); lost != 1 && name == "without a base" || lost != 0 && name != "without a base" {
			t.Errorf("%s: %d losses were reported, want 1 only without a base", name, lost)
		}
		http.DefaultClient.CloseIdleConnections()
	}
}

// TestGuardWithoutListener: without Observer.Lost, Guard passes requests on and does not examine them.
func TestGuardWithoutListener(t *testing.T) {
	for _, p := range []*propagation.Propagator{nil, {}, propagation.MustNew(propagation.Config{})} {
		base := new(closer)
		guard := httptrace.Guard(p, base)
		r := outgoing(t, context.Background(), inside)
		if n := testing.AllocsPerRun(10, func() { guard.RoundTrip(r) }); base.got != r || n != 0 {
			t.Errorf("a request costs %v allocations, want 0; the base must get the request itself", n)
		}
		guard.(interface{ CloseIdleConnections() }).CloseIdleConnections()
		if !base.closed {
			t.Error("the base's connections were not closed")
		}
	}
	httptrace.Guard(nil, new(trip)).(interface{ CloseIdleConnections() }).CloseIdleConnections() // the base has no such method
}

type closer struct {
	got    *http.Request
	closed bool
}

func (c *closer) RoundTrip(r *http.Request) (*http.Response, error) { c.got = r; return nil, nil }
func (c *closer) CloseIdleConnections()                             { c.closed = true }
