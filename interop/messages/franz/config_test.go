package franz

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/internal/samples"
	"github.com/traceferry/traceferry/interop/messages/internal/trip"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/trace"
)

// TestConfig: rules for topics, and limits.
func TestConfig(t *testing.T) {
	q := open(t).(*queue)
	config := propagation.Config{Headers: []string{"tenant"}}
	config.InternalHosts = []string{"kafka:orders.*"}
	config.Destinations = []propagation.Destination{
		{Hosts: []string{"kafka:partner.*"}, Formats: []propagation.Format{propagation.W3C}},
	}
	config.Limits = propagation.Limits{MessageLines: 10, MessageBytes: 1024}
	p := propagation.MustNew(config)
	h := samples.Headers(samples.New(1), []propagation.Format{propagation.W3C, propagation.RequestID, propagation.Baggage})
	h.Set("Tenant", "7")
	ctx := p.ExtractHTTP(t.Context(), h)
	for topic, want := range map[string]string{
		trip.Orders:  "baggage tenant traceparent tracestate x-request-id",
		trip.Partner: "traceparent tracestate",
	} {
		if err := q.Send(ctx, p, topic, "order"); err != nil {
			t.Fatal(err)
		}
		record := q.poll(t, topic, 1)[0]
		if got := strings.Join(slices.Sorted(maps.Keys(q.message(record).Header)), " "); got != want {
			t.Errorf("%s gets %q, want %q", topic, got, want)
		}
	}
}

// TestDemote: headers of an untrusted producer are not carried. Their span context stays for a link.
func TestDemote(t *testing.T) {
	p, q := newPropagator(), open(t).(*queue)
	_, ctx := received(p, 1)
	if err := q.Send(ctx, p, trip.Partner, "order"); err != nil {
		t.Fatal(err)
	}
	ctx = extract(context.Background(), p, q.poll(t, trip.Partner, 1)[0])
	if len(sent(ctx, p)) == 0 {
		t.Error("the record has no headers")
	}
	ctx = propagation.Demote(ctx)
	if got := sent(ctx, p); len(got) != 0 || trace.SpanContextFromContext(ctx).IsValid() {
		t.Errorf("a call carries %q, want nothing", got)
	}
	if sc, ok := propagation.UntrustedFromContext(ctx); !ok || sc.SpanID.String() != samples.New(1).SpanID() {
		t.Errorf("the span context for a link is %v, want the producer's", sc)
	}
}
