package propagation

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// envName is OpenTelemetry's variable.
const envName = "OTEL_PROPAGATORS"

// ConfigFromEnv returns the Config for the environment variable OTEL_PROPAGATORS, which OpenTelemetry's SDKs read.
// Use it if operators choose the formats. The variable's syntax is that of OpenTelemetry's specification
// (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/).
//
// The value is a list of names with commas between them. White space around a name and repeated names are ignored.
// The names are those of [ParseFormat]. They include OpenTelemetry's names: tracecontext, baggage, b3, b3multi,
// jaeger, xray, ottrace. If "none" is one of the names, the Config carries nothing. If the variable is unset or
// empty, the result is the zero Config, which carries the eight default formats.
//
// The order of the names is the precedence: the first valid format gives the remote span context. In OpenTelemetry's
// composite propagator the last one does.
//
// If a name is unknown, the error lists every unknown name, and the names that exist. The Config is then zero.
func ConfigFromEnv() (Config, error) {
	value := os.Getenv(envName)
	if strings.TrimSpace(value) == "" {
		return Config{}, nil
	}
	var formats []Format
	none := false
	var errs []error
	for name := range strings.SplitSeq(value, ",") {
		name = strings.TrimSpace(name)
		if name == "none" {
			none = true
			continue
		}
		f, err := ParseFormat(name)
		switch {
		case name == "": // a comma too many
		case err != nil:
			errs = append(errs, fmt.Errorf("%s=%q: %w, none", envName, value, err))
		case !slices.Contains(formats, f):
			formats = append(formats, f)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return Config{}, err
	}
	switch {
	case none:
		return Config{Formats: []Format{}}, nil
	case len(formats) == 0: // commas alone
		return Config{}, nil
	}
	return Config{Formats: formats}, nil
}
