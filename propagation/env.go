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

// ConfigFromEnv returns the Config that the environment variable OTEL_PROPAGATORS
// asks for, by OpenTelemetry's rules
// (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/):
// a list of names joined with commas, white space around them ignored, duplicates once. The
// names are those of ParseFormat, OpenTelemetry's among them: tracecontext,
// baggage, b3, b3multi, jaeger, xray, ottrace. "none", wherever it stands, carries
// nothing. Unset or empty is the zero Config. The order is the precedence: the
// first wins, where OpenTelemetry's composite lets the last win.
//
// The error names every unknown name, and the names that there are.
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
