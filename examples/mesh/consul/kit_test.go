package consul

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/traceferry/traceferry/examples/mesh/app"
	"github.com/traceferry/traceferry/examples/mesh/binary"
	"github.com/traceferry/traceferry/examples/mesh/envoy"
	"github.com/traceferry/traceferry/examples/mesh/judge"
	"github.com/traceferry/traceferry/examples/mesh/sink"
	"github.com/traceferry/traceferry/examples/mesh/system"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
)

// books is the number of books that each test asks for.
const books = 5

// run is a mesh of Consul with the application and a collector.
type run struct {
	*testing.T
	mesh   *Mesh
	app    *app.App
	sink   sink.Sink
	routes system.Routes
}

// start starts everything, or skips the test if a binary is missing.
func start(t *testing.T, m *Mesh) run {
	t.Helper()
	var err error
	if _, err = binary.Find("consul"); err != nil {
		t.Skip(err)
	}
	if m.Envoy, err = envoy.Find(""); err != nil {
		t.Skip(err)
	}
	r := run{T: t, mesh: m}
	if r.sink, err = sink.NewZipkin(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.sink.Close() })
	if r.app, err = app.Start(propagation.MustNew(preset.Consul())); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.app.Close() })
	t.Cleanup(m.Stop)
	r.routes, err = m.Start(t.Context(), system.Ground{Dir: t.TempDir(), Services: r.app.Addr, Collector: r.sink.Addr()})
	if err != nil {
		t.Fatal(err)
	}
	r.app.SetRoute(r.routes.Outbound)
	r.app.SetCallers(r.routes.Callers)
	return r
}

// ask asks for the books with headers. It returns the traces when no more spans arrive.
func (r run) ask(headers http.Header) map[string][]sink.Span {
	r.Helper()
	before := len(r.spans())
	for i := range books {
		if err := app.Ask(r.Context(), http.DefaultClient, r.routes.Entry, i+1, headers); err != nil {
			r.Fatal(err)
		}
	}
	// Envoy reports at least every 5 seconds.
	for have, since := before, time.Now(); time.Since(since) < 7*time.Second; time.Sleep(50 * time.Millisecond) {
		now := len(r.spans())
		if now-before >= books*judge.SpansFor {
			break
		}
		if now > have {
			have, since = now, time.Now()
		}
	}
	return judge.ByTrace(r.spans()[before:])
}

// spans returns the spans of requests for books. It omits those of requests by which Start checks that the mesh is
// ready.
func (r run) spans() []sink.Span {
	return slices.DeleteFunc(r.sink.Spans(), func(s sink.Span) bool { return strings.HasSuffix(s.Tags["http.url"], "/ready") })
}

// got returns a header of a call for the first book, as the call's service received it.
func (r run) got(call, header string) string {
	lines := r.app.Hops.Got(app.Hop{Call: call, Book: strconv.Itoa(1)})[header]
	if len(lines) == 0 {
		return ""
	}
	return lines[0]
}

// mustTrace fails the test unless there is the given number of traces, each with the given number of spans.
func mustTrace(r run, traces map[string][]sink.Span, want, spans int) {
	r.Helper()
	if len(traces) != want {
		r.Errorf("%d traces instead of %d", len(traces), want)
	}
	for id, trace := range traces {
		if len(trace) != spans {
			r.Errorf("trace %s has %d spans instead of %d", id, len(trace), spans)
		}
	}
}
