package propagation

import (
	"fmt"
	"strings"
)

// ConfigError is one mistake in a Config. New joins all that it finds
// (errors.Join), so errors.As finds the first and an interface{ Unwrap() []error } them all.
type ConfigError struct {
	Field  string // of Config, with the index where it is a list: "Headers[2]"
	Value  any    // what stands there
	Reason string // what is wrong with it, and what to do instead
}

// Error says field, value and reason in one line.
func (e *ConfigError) Error() string {
	value := fmt.Sprint(e.Value)
	if s, ok := e.Value.(string); ok {
		value = fmt.Sprintf("%q", s)
	}
	return "propagation: " + strings.Join([]string{"Config." + e.Field, value, e.Reason}, ": ")
}
