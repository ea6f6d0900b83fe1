package propagation

import (
	"fmt"
	"strings"
)

// ConfigError is one mistake in a Config. [New] joins all mistakes with errors.Join. errors.As finds the first of them.
// An interface{ Unwrap() []error } returns all of them.
type ConfigError struct {
	Field  string // of Config, with the index where it is a list: "Headers[2]"
	Value  any    // the wrong value
	Reason string // what is wrong with it, and what to do instead
}

// Error returns field, value and reason in one line.
func (e *ConfigError) Error() string {
	value := fmt.Sprint(e.Value)
	if s, ok := e.Value.(string); ok {
		value = fmt.Sprintf("%q", s)
	}
	return "propagation: " + strings.Join([]string{"Config." + e.Field, value, e.Reason}, ": ")
}
