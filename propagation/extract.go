package propagation

import (
	"context"
	"net/http"

	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/policy"
	"go.opentelemetry.io/otel/propagation"
)

// ExtractHTTP reads the carried headers of an inbound HTTP request and returns a
// context that keeps them. Headers that Connection lists are for one hop alone (RFC 9110, section 7.6.1): the whole
// format of each is left out, and counted (Unsendable). If there is nothing to carry it is ctx itself. Names are
// found in any case, in the spelling of http.Header's methods first: in a header of more than eight names of which
// one of ours is spelled so, only in that. h is not kept and may change afterwards.
// Its strings are kept, so their memory must not change: copy them where a server uses it again
// (fasthttp, fiber), or use Extract with a carrier.
//
// A valid local span that is already in ctx stays the active one. A capture that is
// already in ctx (an Extract further out) is replaced for every format and header name that
// this Propagator reads, also where h has none of them: a context that descends from another request lends it
// nothing. What only others read stays, but for formats that name another trace than h.
//
// It costs one allocation while the lines are eight or fewer and their names fixed, a few
// more above, and may be called from any goroutine.
func (p *Propagator) ExtractHTTP(ctx context.Context, h http.Header) context.Context {
	return p.ExtractHTTPTrust(ctx, h, Continue)
}

// ExtractHTTPTrust is ExtractHTTP of a caller who is believed as far as trust says. Whatever
// it is but Continue, the context returned remembers it, for one allocation, also where there is
// nothing to carry. The nil Propagator carries nothing, and the context remembers the decision.
func (p *Propagator) ExtractHTTPTrust(ctx context.Context, h http.Header, trust Trust) context.Context {
	e := capture.Extraction{P: p.inbound(), Ctx: capture.OrBackground(ctx), Trust: policy.Trust(trust)}
	e.ExtractAlso(propagation.HeaderCarrier(h))
	return e.ExtractMap(h, e.P.ReadHTTP)
}

// ExtractMetadata is ExtractHTTP for gRPC metadata: names in lower case (any is
// understood), and the values of -bin names as the raw bytes that grpc-go hands out.
func (p *Propagator) ExtractMetadata(ctx context.Context, md map[string][]string) context.Context {
	return p.ExtractMetadataTrust(ctx, md, Continue)
}

// ExtractMetadataTrust is ExtractHTTPTrust for gRPC metadata.
func (p *Propagator) ExtractMetadataTrust(ctx context.Context, md map[string][]string, trust Trust) context.Context {
	e := capture.Extraction{P: p.inbound(), Ctx: capture.OrBackground(ctx), About: capture.RawBins, Trust: policy.Trust(trust)}
	e.ExtractAlso(capture.MetadataCarrier(md))
	return e.ExtractMap(md, e.P.ReadMetadata)
}
