package wire

import (
	"encoding/base64"
	"strings"
)

// These formats are forwarded, but never parsed or written. Their ids fit no other format, or they have no ids.

// skyWalking is Apache SkyWalking's cross-process header, version 3
// (https://skywalking.apache.org/docs/main/next/en/api/x-process-propagation-headers-v3/):
// eight fields joined with "-". Text fields are in base64. Its parent is a segment, and only a SkyWalking agent can
// make one.
var skyWalking = Codec{
	name:    "sw8",
	Fields:  []string{"sw8", "sw8-correlation", "sw8-x"},
	baggage: []string{"sw8-correlation"},
	MemberKey: func(m string) string {
		key, _, _ := strings.Cut(m, ":")
		text, _ := base64.StdEncoding.DecodeString(key)
		return string(text)
	},
}

// clientTrace requests a trace from Envoy
// (https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers):
// a client sends x-client-trace-id, an internal service x-envoy-force-trace.
var clientTrace = Codec{
	name:   "clienttrace",
	Fields: []string{"x-client-trace-id", "x-envoy-force-trace"},
	orders: []string{"x-envoy-force-trace"},
	inside: []string{"x-envoy-force-trace"},
}

// linkerd1 is Linkerd 1's context (linkerd/linkerd, linkerd/docs/protocol-http.md):
// l5d-ctx-trace, l5d-ctx-deadline and l5d-ctx-dtab, which applications must forward, the older dtab-local, and the
// headers that a client may send directly.
var linkerd1 = Codec{
	name:     "l5d",
	Fields:   []string{"dtab-local", "l5d-dtab", "l5d-sample"},
	Prefixes: []string{"l5d-ctx-"},
	orders:   []string{"l5d-sample"},
}

// azureRequestID is .NET's correlation protocol before W3C's
// (dotnet/runtime, HttpCorrelationProtocol.md and HierarchicalRequestId.md).
var azureRequestID = Codec{
	name:    "azure",
	Fields:  []string{"request-id", "correlation-context"},
	lists:   []string{"correlation-context"},
	baggage: []string{"correlation-context"},
}
