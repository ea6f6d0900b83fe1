package wire

import (
	"encoding/base64"
	"strings"
)

// The formats that are carried and never read or written: their ids fit no other
// format, or they are not ids.

// skyWalking is Apache SkyWalking's cross-process header, version 3
// (https://skywalking.apache.org/docs/main/next/en/api/x-process-propagation-headers-v3/):
// eight fields joined with "-", the strings among them in base64. Its parent is a
// segment, which only a SkyWalking agent can make.
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

// clientTrace is what asks Envoy for a trace
// (https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers):
// x-client-trace-id from a client, x-envoy-force-trace from a service within.
var clientTrace = Codec{
	name:   "clienttrace",
	Fields: []string{"x-client-trace-id", "x-envoy-force-trace"},
	orders: []string{"x-envoy-force-trace"},
	inside: []string{"x-envoy-force-trace"},
}

// linkerd1 is Linkerd 1's context (linkerd/linkerd, linkerd/docs/protocol-http.md):
// l5d-ctx-trace, l5d-ctx-deadline and l5d-ctx-dtab, which applications must pass
// on, the older dtab-local, and what a client may have sent directly.
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
