package plan

import (
	"context"
	"net/http"

	"github.com/traceferry/traceferry/internal/callsite"
	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/internal/wire"
)

// GuardRequest examines a request that leaves, whatever client made it. It reports a loss, and whether there was one. It
// examines nothing if an outer client does; see ContextWatched.
func (p *Engine) GuardRequest(r *http.Request) (lost bool) {
	ctx, to := r.Context(), destinationOf(r)
	if Watched(ctx) {
		return false
	}
	if to != nil {
		to = calleeOf(r)
	}
	signed := to != nil && policy.Signed(r.URL.RawQuery, r.Header) && !p.signedMay(ctx, to)
	return p.guard(ctx, to, methodOf(r), r.Header, overHTTP, signed)
}

// GuardMetadata is GuardRequest for a gRPC call with its final metadata.
func (p *Engine) GuardMetadata(ctx context.Context, to Callee, method string, md map[string][]string) (lost bool) {
	if Watched(ctx) {
		return false
	}
	return p.guard(capture.OrBackground(ctx), to, method, md, overGRPC, false)
}

// guard compares the headers that leave with those that a client of this Engine would send. signed means that it would
// send none.
func (p *Engine) guard(ctx context.Context, to Callee, method string, m map[string][]string, over transport, signed bool) (lost bool) {
	defer p.in.Meter.Recovered()
	var o plan
	o.read(p, ctx)
	reason, lost := o.loss(ctx)
	switch {
	case lost && reason == LostTime:
	case lost && reason == LostContext:
		if o.empty() && p.hasOwn(m, over) { // another tracer keeps its span elsewhere
			return false
		}
	case !signed && o.build(ctx, p, over, to):
		sends, found := o.foundIn(m)
		if sends || found {
			o.c.NoteCall(found)
		}
		if sends && !found {
			reason, lost = LostClient, true
		}
	}
	if !lost {
		return false
	}
	site := callsite.Find()
	if reason == LostContext && site.File == "" && !site.InHandler {
		return false // a library's own call, such as an exporter's
	}
	p.reportAt(ctx, reason, to, method, site)
	return true
}

// hasOwn reports whether there is a header that this Engine reads or writes.
func (p *Engine) hasOwn(m map[string][]string, over transport) bool {
	for key := range m {
		if _, ours := p.sent(over).Owner(key); ours {
			return true
		}
	}
	return false
}

// foundIn reports whether the plan sends headers, and whether m has one of their names.
func (o *plan) foundIn(m map[string][]string) (sends, found bool) {
	planned := map[wire.FieldID]bool{}
	for e := range o.all {
		if e.values != nil {
			planned[e.id] = true
		}
	}
	for key := range m {
		if id, ours := o.p.sent(o.over).Owner(key); ours && planned[id] {
			return true, true
		}
	}
	return len(planned) > 0, false
}
