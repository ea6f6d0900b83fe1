package propagation

import (
	"fmt"
	"strings"
)

// ConfigError is one mistake in a Config. [New] joins all mistakes with errors.Join. To get the first mistake, use
// errors.As with a *ConfigError. To get all mistakes, use errors.As with an interface{ Unwrap() []error }.
type ConfigError struct {
	Field  string // the field of Config, with the index in a list: "Headers[2]", "Destinations[0].Hosts[1]"
	Value  any    // the wrong value
	Reason string // why the value is wrong, and in most cases what to do instead
}

// Error returns field, value and reason in one line, as in
//
//	propagation: Config.Formats[1]: tracecontext: already in Formats[0]
func (e *ConfigError) Error() string {
	value := fmt.Sprint(e.Value)
	if s, ok := e.Value.(string); ok {
		value = fmt.Sprintf("%q", s)
	}
	return "propagation: " + strings.Join([]string{"Config." + e.Field, value, e.Reason}, ": ")
}
