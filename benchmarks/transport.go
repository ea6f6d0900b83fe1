package benchmarks

import (
	"context"
	"fmt"
	"net/http"

	"github.com/traceferry/traceferry/httptrace"
)

// noNetwork answers every request at once, so that only the transport around it is measured.
type noNetwork struct{ answer *http.Response }

func newNoNetwork() noNetwork { return noNetwork{&http.Response{StatusCode: http.StatusOK}} }

func (n noNetwork) RoundTrip(*http.Request) (*http.Response, error) {
	n.answer.Body = http.NoBody // otelhttp has replaced the Body
	return n.answer, nil
}

// send returns a function that sends a request through a transport. The context is that of a handler behind the
// middleware of the same library. own is the number of headers that the request already has.
func send(ctx context.Context, transport http.RoundTripper, own int) func() {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://details:9080/", nil)
	if err != nil {
		panic(err)
	}
	r.Header = ownHeaders(own)
	return func() {
		if _, err := transport.RoundTrip(r); err != nil {
			panic(err)
		}
	}
}

func transportTasks() []Task {
	return []Task{
		transportTask(2, &Goal{Allocs: 4, Faster: map[string]float64{otelHTTP.Name: 8}}),
		transportTask(3, &Goal{Allocs: 6, Faster: map[string]float64{otelHTTP.Name: 8}}),
	}
}

func transportTask(own int, goal *Goal) Task {
	c, base := istioConfig(), newNoNetwork()
	return Task{
		Section: sectionHTTP, Name: "Transport", Input: fmt.Sprintf("own=%d", own),
		Title: fmt.Sprintf("transport, a call with %d headers of its own and 6 carried ones", own),
		Entries: []Entry{
			c.entry(send(contextBehind(httptrace.Middleware(c.p)), httptrace.NewTransport(c.p, base), own), goal),
			handEntry(send(contextBehind(handMiddleware), handTransport{base}, own)),
			otelHTTPEntry(send(contextBehind(otelMiddleware), otelTransport(base), own)),
			zipkinEntry("unsampled", send(contextBehind(zipkinMiddleware), zipkinTransport(base), own)),
		},
	}
}
