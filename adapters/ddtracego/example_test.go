package ddtracego_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/DataDog/dd-trace-go/v2/ddtrace/mocktracer"
	"github.com/DataDog/dd-trace-go/v2/ddtrace/tracer"
	"github.com/traceferry/traceferry/adapters/ddtracego"
	"github.com/traceferry/traceferry/propagation"
)

// A caller that sends Datadog's headers and B3: both name dd-trace-go's span, which is its child.
func Example() {
	defer mocktracer.Start().Stop() // in a service: tracer.Start()
	p := propagation.MustNew(propagation.Config{
		Formats:   []propagation.Format{propagation.Datadog, propagation.B3Single},
		LocalSpan: ddtracego.LocalSpan,
	})
	in := http.Header{
		"X-Datadog-Trace-Id":          {"5208512171318403364"},
		"X-Datadog-Parent-Id":         {"11744061942159299346"},
		"X-Datadog-Sampling-Priority": {"1"},
		"X-Datadog-Tags":              {"_dd.p.tid=463ac35c9f6413ad"},
		"B3":                          {"463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-1"},
	}

	ctx := p.ExtractHTTP(context.Background(), in) // httptrace.Middleware does it
	caller, _ := tracer.Extract(tracer.HTTPHeadersCarrier(in))
	span := tracer.StartSpan("work", childOf(caller), tracer.WithSpanID(1))
	defer span.Finish()
	out := http.Header{}
	p.InjectHTTP(tracer.ContextWithSpan(ctx, span), out) // httptrace.NewTransport does it

	fmt.Println(out.Get("X-Datadog-Trace-Id"), out.Get("X-Datadog-Parent-Id"), out.Get("X-Datadog-Tags"))
	fmt.Println(out.Get("B3"))
	// Output:
	// 5208512171318403364 1 _dd.p.tid=463ac35c9f6413ad
	// 463ac35c9f6413ad48485a3953bb6124-0000000000000001-1
}
