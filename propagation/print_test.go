package propagation_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/trace"
)

// TestPrintedContexts: a printed or logged context contains no value of a header.
func TestPrintedContexts(t *testing.T) {
	const secret = "s3cr3t"
	type key struct{}
	p := compile(t, propagation.Config{
		Formats: propagation.AllFormats(), Headers: []string{"x-tenant"}, UnsafeHeaders: []string{"authorization"},
	})
	few := []string{"Traceparent", callerW3C, "X-Request-Id", secret, "Authorization", "Bearer " + secret, "X-Tenant", secret, "Baggage", "k=" + secret}
	many := append([]string{"Uberctx-A", secret, "Sw8", secret, "B3", callerB3, "Request-Id", secret, "Tracestate", "a=" + secret}, few...)

	for name, ctx := range map[string]context.Context{
		"HTTP":     received(p, few...),
		"overflow": received(p, many...),
		"metadata": p.ExtractMetadata(context.Background(), carrier(many...)),
		"twice":    p.ExtractHTTP(received(p, few...), carrier("B3", secret)),
		"copy":     propagation.Copy(context.Background(), received(p, many...)),
	} {
		propagation.RemoteFromContext(ctx) // a print shows neither parsed values nor received headers
		withCancel, cancel := context.WithCancel(ctx)
		defer cancel()
		withTimeout, cancel := context.WithTimeout(withCancel, time.Hour)
		defer cancel()
		withMetadata, _ := engine(p).ContextWithMetadata(ctx, nil, key{}, func(md map[string][]string) any { return md })
		metadataWithCancel, cancel := context.WithCancel(withMetadata)
		defer cancel()
		for what, ctx := range map[string]context.Context{
			"itself":            ctx,
			"WithValue":         context.WithValue(ctx, key{}, 1),
			"WithCancel":        withCancel,
			"WithTimeout":       withTimeout,
			"WithoutCancel":     context.WithoutCancel(ctx),
			"ContextWithSpan":   trace.ContextWithSpan(ctx, trace.SpanFromContext(ctx)),
			"outgoing metadata": withMetadata,
			"and more":          metadataWithCancel,
		} {
			t.Run(name+"/"+what, func(t *testing.T) {
				for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
					text := fmt.Sprintf(verb, ctx) + fmt.Sprintf(verb, struct{ Ctx context.Context }{ctx})
					if strings.Contains(text, secret) || strings.Contains(text, callerSpan) {
						t.Errorf("%s of a %T prints a header's value, want none", verb, ctx)
					}
				}
			})
		}
		var log strings.Builder
		slog.New(slog.NewJSONHandler(&log, nil)).Info("request", "ctx", ctx)
		text, _ := json.Marshal(ctx)
		if strings.Contains(log.String(), secret) || strings.Contains(string(text), secret) {
			t.Errorf("%s: the log %s or the JSON %s has a header's value, want none", name, log.String(), text)
		}
	}
}

// TestPrintedSpan: the remote span is a view of the capture. It prints no value of a header either.
func TestPrintedSpan(t *testing.T) {
	p := compile(t, propagation.Config{UnsafeHeaders: []string{"authorization"}})
	span := trace.SpanFromContext(received(p, "Traceparent", callerW3C, "Authorization", "s3cr3t"))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(verb, span); strings.Contains(text, "s3cr3t") {
			t.Errorf("%s prints a credential: %s", verb, text)
		}
	}
}

// TestContextString: a context prints as its parent, followed by the received formats.
func TestContextString(t *testing.T) {
	p := compile(t, propagation.Config{Headers: []string{"x-tenant"}})
	for want, in := range map[string][]string{
		"context.Background.traceferry(tracecontext,requestid)": {"X-Request-Id", "r1", "Traceparent", callerW3C},
		"context.Background.traceferry()":                       {"X-Tenant", "acme"},
	} {
		if got := fmt.Sprint(received(p, in...)); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
