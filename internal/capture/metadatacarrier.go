package capture

import (
	"strings"

	"go.opentelemetry.io/otel/propagation"
)

// MetadataCarrier lets OpenTelemetry's propagators in Config.Also read and write gRPC metadata.
type MetadataCarrier map[string][]string

var _ propagation.ValuesGetter = MetadataCarrier{}

func (m MetadataCarrier) Get(key string) string {
	if vals := m.Values(key); len(vals) > 0 {
		return vals[0]
	}
	return ""
}

func (m MetadataCarrier) Values(key string) []string { return m[strings.ToLower(key)] }

func (m MetadataCarrier) Set(key, value string) { m[strings.ToLower(key)] = []string{value} }

func (m MetadataCarrier) Keys() []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	return keys
}
