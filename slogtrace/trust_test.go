package slogtrace_test

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/internal/samples"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/slogtrace"
	"go.opentelemetry.io/otel/baggage"
	otelprop "go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// allSets are the predefined sets of fields.
var allSets = map[string]slogtrace.Fields{
	"Plain": slogtrace.Plain(), "OpenTelemetry": slogtrace.OpenTelemetry(), "Datadog": slogtrace.Datadog(),
	"GoogleCloud": slogtrace.GoogleCloud("shop"), "Elastic": slogtrace.Elastic(), "Azure": slogtrace.Azure(),
}

// decimal returns an id of 16 hexadecimal digits in Datadog's decimal form.
func decimal(t *testing.T, id string) string {
	t.Helper()
	b, err := hex.DecodeString(id)
	if err != nil {
		t.Fatal(err)
	}
	return strconv.FormatUint(binary.BigEndian.Uint64(b), 10)
}

// TestUntrusted: nothing that an untrusted caller sent is logged. The format, the names of the fields and the place of
// the log call do not matter.
func TestUntrusted(t *testing.T) {
	untrusted := samples.New(2)
	in := everything(untrusted)
	in.Set("Baggage", "tenant=untrusted")
	in.Set("X-Request-Id", "untrusted-id")
	secrets := []string{
		untrusted.TraceID(), untrusted.TraceID()[16:], untrusted.SpanID(), untrusted.ParentID(), decimal(t, untrusted.TraceID()[16:]), decimal(t, untrusted.SpanID()), "untrusted",
	}
	p := propagation.MustNew(propagation.Config{Formats: propagation.AllFormats()})
	other := otelprop.NewCompositeTextMapPropagator(otelprop.TraceContext{}, otelprop.Baggage{})
	for name, fields := range allSets {
		for _, trust := range []propagation.Trust{propagation.Restart, propagation.Ignore} {
			ctx := p.ExtractHTTPTrust(context.Background(), in, trust)
			span, _ := sdktrace.NewTracerProvider().Tracer("").Start(ctx, "work")
			again := other.Extract(ctx, otelprop.HeaderCarrier(in))
			if trust == propagation.Ignore {
				again = baggage.ContextWithoutBaggage(again) // Ignore keeps nothing to compare baggage with
			}
			for what, ctx := range map[string]context.Context{
				"request": ctx, "span": span, "copy": propagation.Copy(context.Background(), ctx), "extracted again": p.ExtractHTTP(ctx, in), "other propagator": again,
			} {
				var o output
				l := o.logger(t, slogtrace.WithFields(fields), slogtrace.WithBaggage("tenant"))
				l.InfoContext(ctx, "m")
				l.WithGroup("g").InfoContext(ctx, "m", "a", 1)
				for _, secret := range secrets {
					if strings.Contains(o.String(), secret) {
						t.Errorf("%s, %v, %s: the untrusted value %s is logged in %s", name, trust, what, secret, o.String())
					}
				}
				if what == "span" == (o.String() == "{\"level\":\"INFO\",\"msg\":\"m\"}\n{\"level\":\"INFO\",\"msg\":\"m\",\"g\":{\"a\":1}}\n") {
					t.Errorf("%s, %v, %s: logged %s, want ids exactly with a local span", name, trust, what, o.String())
				}
			}
			promoted := added(t, propagation.Promote(ctx), slogtrace.WithFields(fields), slogtrace.WithBaggage("tenant"))
			if strings.Contains(promoted, "untrusted-id") != (trust == propagation.Restart) {
				t.Errorf("%s, %v: after Promote it logs %s", name, trust, promoted)
			}
		}
	}
}

// TestUntrustedInPart: each bit of Trust keeps its part out of the log.
func TestUntrustedInPart(t *testing.T) {
	p := propagation.MustNew(propagation.Config{})
	all := `"trace_id":"` + callerTrace + `","span_id":"` + callerSpan + `","sampled":true,"request_id":"` + callerID + `","baggage.tenant":"acme"`
	for trust, without := range map[propagation.Trust]string{
		propagation.Continue:          "",
		propagation.DistrustIDs:       `"trace_id":"` + callerTrace + `","span_id":"` + callerSpan + `","sampled":true,`,
		propagation.DistrustSampling:  `"sampled":true,`,
		propagation.DistrustRequestID: `"request_id":"` + callerID + `",`,
		propagation.DistrustBaggage:   `,"baggage.tenant":"acme"`,
		propagation.DistrustHeaders:   "",
	} {
		in := ordinary()
		in["X-Request-Id"] = []string{callerID}
		ctx := p.ExtractHTTPTrust(context.Background(), in, trust)
		want := strings.Replace(all, without, "", 1)
		if trust == propagation.DistrustSampling { // the trace reason in Envoy's id is a decision, too
			want = strings.Replace(want, "-9d5e-", "-4d5e-", 1)
		}
		check(t, trust.String(), added(t, ctx, slogtrace.WithBaggage("tenant")), want)
	}

	ctx := propagation.MustNew(propagation.Config{Formats: []propagation.Format{propagation.RequestID}}).
		ExtractHTTPTrust(context.Background(), ordinary(), propagation.DistrustSampling)
	ctx = otelprop.TraceContext{}.Extract(ctx, otelprop.HeaderCarrier(ordinary()))
	if got := added(t, ctx, slogtrace.WithFields(slogtrace.Fields{TraceID: "t", Sampled: "s", Flags: "f"})); got != `"t":"`+callerTrace+`"` {
		t.Errorf("with another propagator inside, it logs %s, want only the trace id", got)
	}
}

// TestBehindEdge: a request passes through a whole server. The application's own baggage is logged.
func TestBehindEdge(t *testing.T) {
	p := propagation.MustNew(propagation.Config{GenerateRequestID: true})
	var o output
	l := o.logger(t, slogtrace.WithBaggage("tenant", "own"))
	var id string
	handler := httptrace.Middleware(p, httptrace.Edge())(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		member, _ := baggage.NewMember("own", "1")
		bag, _ := baggage.FromContext(r.Context()).SetMember(member)
		l.InfoContext(baggage.ContextWithBaggage(r.Context(), bag), "m")
		id = propagation.RequestIDFromContext(r.Context())
	}))
	r, _ := http.NewRequest("GET", "/", nil)
	r.Header = ordinary()
	handler.ServeHTTP(nil, r)
	check(t, "the line", o.String(), fmt.Sprintf("{\"level\":\"INFO\",\"msg\":\"m\",\"request_id\":%q,\"baggage.own\":\"1\"}\n", id))
	if id == "" || id == callerID {
		t.Errorf("the request id is %q, want a generated one", id)
	}
}
