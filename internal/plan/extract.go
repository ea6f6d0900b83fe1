package plan

import (
	"context"
	"net/http"

	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/policy"
	"go.opentelemetry.io/otel/propagation"
)

// ExtractHTTP is propagation.Propagator.ExtractHTTPTrust.
func (p *Engine) ExtractHTTP(ctx context.Context, h http.Header, trust policy.Trust) context.Context {
	e := capture.Extraction{P: p.inbound(), Ctx: capture.OrBackground(ctx), Trust: trust}
	e.ExtractAlso(propagation.HeaderCarrier(h))
	return e.ExtractMap(h, e.P.ReadHTTP)
}

// ExtractMetadata is propagation.Propagator.ExtractMetadataTrust.
func (p *Engine) ExtractMetadata(ctx context.Context, md map[string][]string, trust policy.Trust) context.Context {
	e := capture.Extraction{P: p.inbound(), Ctx: capture.OrBackground(ctx), About: capture.RawBins, Trust: trust}
	e.ExtractAlso(capture.MetadataCarrier(md))
	return e.ExtractMap(md, e.P.ReadMetadata)
}
