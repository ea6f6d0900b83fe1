package plan

import (
	"context"
	"net/http"
	"strings"

	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/policy"
	"go.opentelemetry.io/otel/propagation"
)

// ExtractHTTP is propagation.Propagator.ExtractHTTPTrust. It also returns the capture in the context, or nil. The
// caller that serves the request calls the capture's End.
func (p *Engine) ExtractHTTP(ctx context.Context, h http.Header, trust policy.Trust) (context.Context, *capture.Node) {
	e := capture.Extraction{P: p.inbound(), Ctx: capture.OrBackground(ctx), Trust: trust}
	e.ExtractAlso(propagation.HeaderCarrier(h))
	ctx = e.ExtractMap(h, e.P.ReadHTTP)
	return ctx, e.Node(ctx)
}

// ExtractBorrowed is ExtractHTTP for a header whose lists and strings the server uses again for other requests. It copies
// what it keeps.
func (p *Engine) ExtractBorrowed(ctx context.Context, h http.Header, trust policy.Trust) (context.Context, *capture.Node) {
	e := capture.Extraction{P: p.inbound(), Ctx: capture.OrBackground(ctx), Trust: trust}
	ctx = e.ExtractBorrowed(h)
	return ctx, e.Node(ctx)
}

// Concerns reports whether ExtractBorrowed or CloneCall looks at a header of this name. They need no others. It does not
// keep the name.
func (p *Engine) Concerns(name string) bool {
	if p.isZero() {
		return false
	}
	if _, ours := p.in.SentHTTP.Owner(name); ours || len(p.in.Also) > 0 {
		return true
	}
	return strings.EqualFold(name, "Connection") || strings.EqualFold(name, "Authorization")
}

// ExtractMetadata is propagation.Propagator.ExtractMetadataTrust, with the capture as ExtractHTTP returns it.
func (p *Engine) ExtractMetadata(ctx context.Context, md map[string][]string, trust policy.Trust) (context.Context, *capture.Node) {
	e := capture.Extraction{P: p.inbound(), Ctx: capture.OrBackground(ctx), About: capture.RawBins, Trust: trust}
	e.ExtractAlso(capture.MetadataCarrier(md))
	ctx = e.ExtractMap(md, e.P.ReadMetadata)
	return ctx, e.Node(ctx)
}
