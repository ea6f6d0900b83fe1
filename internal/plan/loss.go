package plan

import (
	"context"
	"net/http"

	"github.com/traceferry/traceferry/internal/callsite"
	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/ctxkey"
	"go.opentelemetry.io/otel/trace"
)

// Loss is propagation.Loss.
type Loss struct {
	Reason              LossReason
	Destination, Method string
	callsite.Site
}

// LossReason is propagation.LossReason.
type LossReason uint8

const (
	LostContext LossReason = iota
	LostTrace
	LostClient
	LostTime
	LostOrder
)

// Watches reports whether somebody listens for losses. Without a listener, no call is examined.
func (p *Engine) Watches() bool { return p != nil && p.lost != nil }

// Watch examines a call before it injects. It reports a loss, and whether there was one. to may be nil. An outer client
// may have examined the call already; see ContextWatched.
func (p *Engine) Watch(ctx context.Context, to Callee, method string) (lost bool) {
	defer p.in.Meter.Recovered() // spans and contexts of other packages are asked
	var src source
	src.read(p, ctx)
	reason, lost := src.loss(ctx)
	if lost {
		p.report(ctx, reason, to, method)
	}
	return lost
}

// WatchRequest is Watch for a request.
func (p *Engine) WatchRequest(r *http.Request) (lost bool) {
	return p.Watch(r.Context(), destinationOf(r), methodOf(r))
}

// WatchFailure examines a call that has failed. It reports a call that was canceled because the handler of its request
// has returned.
func (p *Engine) WatchFailure(ctx context.Context, to Callee, method string) {
	defer p.in.Meter.Recovered()
	if capture.Over(capture.OrBackground(ctx)) {
		p.report(ctx, LostTime, to, method)
	}
}

// WatchFailedRequest is WatchFailure for a request.
func (p *Engine) WatchFailedRequest(r *http.Request) {
	p.WatchFailure(r.Context(), destinationOf(r), methodOf(r))
}

// loss returns the reason why a call with this source loses headers, whatever client makes it.
func (src *source) loss(ctx context.Context) (LossReason, bool) {
	ctx = capture.OrBackground(ctx)
	switch {
	case capture.Over(ctx):
		return LostTime, true
	case src.c == nil && (src.empty() || src.isLocal && startsTrace(ctx)) && !ctxkey.Served(ctx):
		return LostContext, true
	case src.isLocal && src.c.Restarted(ctx, src.local.TraceID):
		return LostTrace, true
	}
	return 0, false
}

// startsTrace reports whether the active span is a client's span without a parent. An outer client started it with a
// context that had no span. Only recorded spans of OpenTelemetry's SDK provide this data.
func startsTrace(ctx context.Context) bool {
	span, ok := trace.SpanFromContext(ctx).(interface {
		SpanKind() trace.SpanKind
		Parent() trace.SpanContext
	})
	return ok && span.SpanKind() == trace.SpanKindClient && !span.Parent().IsValid()
}

// report calls the listener with the place of the call. It runs on the goroutine of the call.
func (p *Engine) report(ctx context.Context, reason LossReason, to Callee, method string) {
	p.reportAt(ctx, reason, to, method, callsite.Find())
}

func (p *Engine) reportAt(ctx context.Context, reason LossReason, to Callee, method string, site callsite.Site) {
	loss := Loss{Reason: reason, Method: method[:min(len(method), maxText)], Site: site}
	if to != nil {
		host, _ := hostOf(to)
		loss.Destination = host[:min(len(host), maxText)]
	}
	defer p.in.Meter.Recovered()
	p.lost(capture.OrBackground(ctx), loss)
}

// maxText bounds the text in a Loss. Callers may choose it, through a proxy or a redirect.
const maxText = 256

// destinationOf returns the destination of a request, or nil.
func destinationOf(r *http.Request) Callee {
	if r.URL == nil {
		return nil
	}
	return urlCallee{r.URL}
}

func methodOf(r *http.Request) string {
	if r.Method == "" {
		return http.MethodGet
	}
	return r.Method
}
