package promstats_test

import (
	"context"
	"log/slog"
	"net/http"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
	"github.com/traceferry/traceferry/stats/promstats"
)

func ExampleNew() {
	p := propagation.MustNew(preset.Istio())

	prometheus.MustRegister(promstats.New(p, nil))
	http.Handle("GET /metrics", promhttp.Handler())
}

// Two counters show the progress of a migration from B3 to W3C. They are your own counters, because the Propagator's
// counts do not name the formats of good requests. They cost a few increments for each request.
func ExampleNew_migration() {
	received := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "shop_received_formats_total",
		Help: "Requests that carried a trace header, by format.",
	}, []string{"format"})
	onlyB3 := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "shop_requests_only_b3_total",
		Help: "Requests with B3 headers and without a W3C header.",
	})
	config := propagation.Config{
		Formats: []propagation.Format{propagation.W3C, propagation.B3Multi, propagation.B3Single},
		Observer: &propagation.Observer{Extracted: func(_ context.Context, formats []propagation.Format) {
			for _, f := range formats {
				received.WithLabelValues(f.String()).Inc()
			}
			b3 := slices.Contains(formats, propagation.B3Multi) || slices.Contains(formats, propagation.B3Single)
			if b3 && !slices.Contains(formats, propagation.W3C) {
				onlyB3.Inc()
			}
		}},
	}
	prometheus.MustRegister(received, onlyB3, promstats.New(propagation.MustNew(config), nil))
}

// callerKey is the context key of the caller's address.
type callerKey struct{}

// The counts do not name the caller. An Observer does, with a value that an outer middleware has put into the context.
// Log that value, or count by an identity with few values, such as a SPIFFE id. An address as a label makes too many
// series.
func ExampleNew_caller() {
	p := propagation.MustNew(propagation.Config{
		Observer: &propagation.Observer{Outcome: func(ctx context.Context, f propagation.Format, o propagation.Outcome) {
			if o == propagation.Malformed {
				slog.WarnContext(ctx, "malformed trace header", "format", f.String(), "caller", ctx.Value(callerKey{}))
			}
		}},
	})
	prometheus.MustRegister(promstats.New(p, nil))

	service := http.NewServeMux()
	named := func(next http.Handler) http.Handler { // outside httptrace.Middleware
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, r.RemoteAddr)))
		})
	}
	http.Handle("/", named(httptrace.Middleware(p)(service)))
}
