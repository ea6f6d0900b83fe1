package propagationtest

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/traceferry/traceferry/internal/compare"
	"github.com/traceferry/traceferry/internal/samples"
)

// Run makes a subtest of each case, with a new Mesh and a new service. newService starts the callees on the Mesh and
// returns the service, as [Mesh.Drive] takes it:
//
//	propagationtest.Run(t, func(m *propagationtest.Mesh) any {
//		return newApp(m.HTTP("details").URL, m.GRPC("ratings").Target)
//	})
//
// It panics on a mistake in the options.
func Run(t *testing.T, newService func(*Mesh) any, opts ...Option) {
	for _, c := range Cases(opts...) {
		t.Run(strings.ReplaceAll(c.Name, " ", "-"), func(t *testing.T) {
			m := New(t, append(slices.Clone(opts), only(c.Name))...)
			m.Drive(newService(m))
			if t.Failed() {
				t.Log(c.Explanation)
			}
		})
	}
}

// Test runs all cases against one service and returns an error as [Mesh.Check] does. It needs no testing.T.
// newService starts the callees on the Mesh and returns the service, as for [Run]. Test closes the Mesh at the end.
func Test(newService func(*Mesh) any, opts ...Option) error {
	m, err := Start(opts...)
	if err != nil {
		return err
	}
	defer m.Close()
	return m.Check(context.Background(), newService(m))
}

// exchange is one request with its answer and the calls that the service made for it.
type exchange struct {
	id     int
	kase   *Case
	kind   int  // of request: its index
	grpc   bool // the service got it over gRPC
	from   samples.Caller
	handed http.Header // what the service got
	creds  http.Header // its credentials
	answer answer
	err    error
	calls  []call
	losses []Loss
}

// requestCount gives each request of a process ids of its own.
var requestCount atomic.Int64

// newExchange prepares a request as the proxy before the service hands it out.
func (m *Mesh) newExchange(c *Case, kind, i int) *exchange {
	id := int(requestCount.Add(1))
	x := &exchange{id: id, kase: c, kind: kind, from: samples.New(id)}
	sends := c.sends
	if sends == nil {
		sends = everything
	}
	x.handed = sends(&m.conf, i, x.from)
	m.owners.Own(id, x.handed)
	if c.tracer != nil {
		c.tracer.Advance(x.handed, "the tested service")
		m.owners.Own(id, x.handed)
	}
	m.owners.Own(id, compare.Items(x.handed))
	m.owners.Own(id, http.Header{"Trace": {x.from.TraceID()}})
	if slices.ContainsFunc(m.callees, func(c *callee) bool { return c.external != "" }) {
		x.creds = http.Header{"Authorization": {"Bearer token-of-" + x.from.SpanID()}, "Cookie": {"session=" + x.from.ParentID()}}
	}
	return x
}

// do sends the requests of a case and attributes the calls.
func (m *Mesh) do(ctx context.Context, d driver, c Case) ([]*exchange, error) {
	count := 1
	if c.count != nil {
		count = c.count(&m.conf)
	}
	requests := m.conf.requests
	if len(requests) == 0 {
		requests = d.requests()
	}
	var xs []*exchange
	for kind := range requests {
		for i := range count {
			x := m.newExchange(&c, kind, i)
			x.grpc = d.grpc()
			xs = append(xs, x)
		}
	}
	if c.atOnce {
		m.sendAll(ctx, d, requests, xs)
		return xs, ctx.Err()
	}
	for _, x := range xs {
		m.clear()
		m.send(ctx, d, requests[x.kind], x)
		m.settle([]*exchange{x})
		calls, losses := m.clear()
		m.attribute(calls, x)
		x.losses = losses
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return xs, nil
}

func (m *Mesh) send(ctx context.Context, d driver, r Request, x *exchange) {
	ctx, cancel := context.WithTimeout(ctx, m.conf.timeout)
	defer cancel()
	h := x.handed.Clone()
	maps.Copy(h, x.creds)
	if x.answer, x.err = d.send(ctx, r, h); x.err != nil {
		x.err = fmt.Errorf("the request failed: %w", x.err)
	}
}

// sendAll sends all requests at once and tells the calls apart by their headers.
func (m *Mesh) sendAll(ctx context.Context, d driver, requests []Request, xs []*exchange) {
	m.clear()
	var wg sync.WaitGroup
	for _, x := range xs {
		wg.Go(func() { m.send(ctx, d, requests[x.kind], x) })
	}
	wg.Wait()
	m.settle(xs)
	byID := map[int]*exchange{}
	for _, x := range xs {
		byID[x.id] = x
	}
	calls, losses := m.clear()
	for _, c := range calls {
		if x := byID[m.ownerOf(c.header)]; x != nil {
			x.calls = append(x.calls, c)
		} else {
			c.stray = true
			m.attribute([]call{c}, xs[0]) // late, or of no request: judged as what one of these was to send
		}
	}
	for _, x := range xs {
		x.losses = losses
	}
}

// attribute gives calls to the request that is under way. A call with the headers of an earlier one, which made fewer
// calls than usual, is late, and belongs to that.
func (m *Mesh) attribute(calls []call, x *exchange) {
	for _, c := range calls {
		to := x
		if old := m.sent[m.ownerOf(c.header)]; old != nil && len(old.calls) < m.most[old.kind] {
			to = old
		}
		to.calls = append(to.calls, c)
	}
	m.sent[x.id] = x
	m.most[x.kind] = max(m.most[x.kind], len(x.calls))
}

// clear returns the calls that arrived and what traceferry lost, and forgets them.
func (m *Mesh) clear() ([]call, []Loss) {
	m.mu.Lock()
	defer m.mu.Unlock()
	calls, losses := m.inbox, m.losses
	m.inbox, m.losses, m.last = nil, nil, time.Now()
	return calls, losses
}
