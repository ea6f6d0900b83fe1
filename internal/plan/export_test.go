package plan

import (
	"context"
	"net/url"

	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/policy"
	"go.opentelemetry.io/otel/propagation"
)

const (
	OverHTTP = overHTTP
	OverGRPC = overGRPC
	OverText = overText
)

// Overs are the transports.
var Overs = []struct {
	Name string
	Over transport
}{{"HTTP", overHTTP}, {"gRPC", overGRPC}, {"text", overText}}

// ToURL returns the destination of a request.
func ToURL(u *url.URL) Callee { return urlCallee{u} }

// Entries returns what a call does with each header, as Explain does for HTTP. Names are spelled for the transport.
// A careful plan checks each line for the transport, even if the fast way knows that all lines are legal.
func (p *Engine) Entries(ctx context.Context, to Callee, over transport, careful bool) (all []Header) {
	o := plan{careful: careful}
	o.read(p, ctx)
	if !o.build(capture.OrBackground(ctx), p, over, to) {
		return nil
	}
	for e := range o.all {
		name := e.spelled(over)
		if over == overText {
			name = e.text()
		}
		all = append(all, Header{Name: name, Field: e.def, Received: e.received, Sent: e.values, Fate: e.fate})
	}
	return all
}

// ExtractInFull is ExtractHTTP, or ExtractMetadata, without the fast way. With hide, it is Extract of a HeaderCarrier.
func (p *Engine) ExtractInFull(ctx context.Context, m map[string][]string, metadata, hide bool, trust policy.Trust) context.Context {
	e := capture.Extraction{P: p.inbound(), Ctx: capture.OrBackground(ctx), Trust: trust, Hides: hide, Lent: hide}
	names := e.P.ReadHTTP
	if metadata {
		e.About, names = capture.RawBins, e.P.ReadMetadata
	}
	e.ExtractAlso(propagation.HeaderCarrier(m))
	return e.ExtractAnyMap(m, names)
}
