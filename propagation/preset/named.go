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

// Named returns the preset with the name of its function, in any case: "istio" is [Istio]. Use it if a flag or an
// environment variable names the preset. If there is no such preset, ok is false, and the Config is zero. Do not use
// that zero Config, because it carries the eight default formats.
func Named(name string) (c propagation.Config, ok bool) {
	config, ok := named[strings.ToLower(name)]
	if !ok {
		return c, false
	}
	return config(), true
}

// Names returns the names that [Named] accepts, sorted and in lower case, for help texts. It returns a new slice,
// which the caller may change.
func Names() []string { return slices.Sorted(maps.Keys(named)) }
