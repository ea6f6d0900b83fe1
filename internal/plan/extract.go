package plan

import (
	"context"
	"net/http"

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

// ExtractMetadata is propagation.Propagator.ExtractMetadataTrust, with the capture as ExtractHTTP returns it.
func (p *Engine) ExtractMetadata(ctx context.Context, md map[string][]string, trust policy.Trust) (context.Context, *capture.Node) {
	e := capture.Extraction{P: p.inbound(), Ctx: capture.OrBackground(ctx), About: capture.RawBins, Trust: trust}
	e.ExtractAlso(capture.MetadataCarrier(md))
	ctx = e.ExtractMap(md, e.P.ReadMetadata)
	return ctx, e.Node(ctx)
}
