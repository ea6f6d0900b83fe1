// Package preset has the propagation.Config for each mesh, ingress or vendor.
package preset

import "github.com/traceferry/traceferry/propagation"

func formats(fs ...propagation.Format) propagation.Config { return propagation.Config{Formats: fs} }

// Istio carries what Istio's documentation and its Bookinfo sample tell applications to carry,
// of all versions: x-request-id, W3C, x-b3-*, x-ot-span-context, x-cloud-trace-context, grpc-trace-bin, x-datadog-* and sw8.
func Istio() propagation.Config {
	return formats(propagation.W3C, propagation.B3Multi, propagation.RequestID, propagation.OTSpanContext,
		propagation.CloudTrace, propagation.GRPCTraceBin, propagation.Datadog, propagation.SkyWalking)
}
