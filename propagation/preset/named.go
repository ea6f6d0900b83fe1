package preset

import (
	"maps"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/propagation"
)

// named has each preset under its name in lower case.
var named = map[string]func() propagation.Config{
	"ambassador":    Ambassador,
	"aws":           AWS,
	"consul":        Consul,
	"datadog":       Datadog,
	"envoy":         Envoy,
	"googlecloud":   GoogleCloud,
	"istio":         Istio,
	"linkerd":       Linkerd,
	"opentelemetry": OpenTelemetry,
	"skywalking":    SkyWalking,
}

// Named returns the preset with the name of its function, in any case: "istio" is [Istio]. ok is false if there is none;
// the Config is zero then. Use it for a preset that a flag or an environment variable names.
func Named(name string) (c propagation.Config, ok bool) {
	config, ok := named[strings.ToLower(name)]
	if !ok {
		return c, false
	}
	return config(), true
}

// Names returns the names that Named knows, sorted and in lower case. The caller may change the slice.
func Names() []string { return slices.Sorted(maps.Keys(named)) }
