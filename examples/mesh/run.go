package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/traceferry/traceferry/examples/mesh/judge"
	"github.com/traceferry/traceferry/examples/mesh/sink"
	"github.com/traceferry/traceferry/propagation"
)

// run starts the mesh, sends the requests, draws the trace of the first one, and judges all of them.
func (o options) run(ctx context.Context, stdout io.Writer) (*judge.Verdict, error) {
	dir, tidy, err := o.folder()
	if err != nil {
		return nil, err
	}
	defer tidy()
	var p *propagation.Propagator
	if !o.broken {
		if p, err = propagation.New(o.config); err != nil {
			return nil, err
		}
	}
	m, err := startMesh(ctx, o, p, dir)
	if err != nil {
		return nil, cmp.Or(context.Cause(ctx), err)
	}
	defer m.close()
	if o.keep != "" {
		fmt.Fprintf(stdout, "configurations and logs: %s\n\n", dir)
	}

	var v judge.Verdict
	for _, err := range m.load(ctx, o) {
		v.Find(judge.Failed, "%v", err)
	}
	fmt.Fprintf(stdout, "%s\n\n", listeners())
	settle(ctx, m.collector, o.spans())
	m.Stop()
	spans, err := spansOf(m.collector)
	if err != nil {
		return nil, err
	}
	spans = m.Label(spans, m.app.Hops)
	lines, err := m.Logs()
	if err := cmp.Or(context.Cause(ctx), err); err != nil {
		return nil, err
	}
	draw(stdout, spans, "1")
	v.JudgeTraces(spans, o.n, o.spans()/o.n, o.mesh.leaf)
	// If the application does not carry x-request-id, each sidecar makes one.
	if o.mesh.ids != (judge.RequestIDs{}) && slices.Contains(o.config.Formats, propagation.RequestID) {
		v.JudgeRequestIDs(lines, spans, o.n, o.mesh.ids)
	}
	o.judgeHeaders(&v, m.app.Hops)
	if o.wait {
		show(ctx, stdout, m.collector, spans)
	}
	return &v, nil
}

// folder returns the folder for configurations and logs, and a function to call at the end.
func (o options) folder() (dir string, tidy func(), err error) {
	if o.keep == "" {
		dir, err = os.MkdirTemp("", "mesh")
		return dir, func() { os.RemoveAll(dir) }, err
	}
	if dir, err = filepath.Abs(o.keep); err != nil {
		return "", nil, err
	}
	if err = os.MkdirAll(dir, 0o700); err != nil {
		return "", nil, err
	}
	return dir, func() {}, nil
}

// spans returns the number of spans of all requests.
func (o options) spans() int {
	if o.tracer.spans > 0 {
		return o.n * o.tracer.spans
	}
	if o.tracer.envoy.UpstreamSpans || o.tracing.GetSpawnUpstreamSpan().GetValue() {
		return 2 * o.n * judge.SpansFor
	}
	return o.n * judge.SpansFor
}

// settle waits until all spans are there and no more arrive, or until none has arrived for a while.
func settle(ctx context.Context, s sink.Sink, want int) {
	const quiet, still = 6 * time.Second, 200 * time.Millisecond // quiet is longer than a tracer's reporting interval
	have, since := 0, time.Now()
	for ctx.Err() == nil {
		asked := time.Now()
		if now := received(s); now > have {
			have, since = now, time.Now()
		}
		if since := time.Since(since); since > quiet || have >= want && since > still {
			return
		}
		time.Sleep(max(50*time.Millisecond, 4*time.Since(asked))) // the API of a backend may be slow
	}
}
