package propagation_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	otelprop "go.opentelemetry.io/otel/propagation"
)

// TestNewIsLinear: the time of New is linear in the size of each list of a Config, for valid and for invalid lists.
func TestNewIsLinear(t *testing.T) {
	hosts := func(n int) (hosts []string) {
		for i := range n / 3 {
			hosts = append(hosts, fmt.Sprintf("h%06d.example.com", n-i), fmt.Sprintf("*.s%06d.example.com", n-i), fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255))
		}
		return hosts
	}
	names := func(n int, begin, end string) (names []string) {
		for i := range n {
			names = append(names, fmt.Sprintf("%s%06d%s", begin, i, end))
		}
		return names
	}
	formats := func(n int) (fs []propagation.Format) {
		for i := range n {
			fs = append(fs, propagation.Format(i))
		}
		return fs
	}
	for name, config := range map[string]func(n int) propagation.Config{
		"rules": func(n int) (c propagation.Config) {
			c.Headers = []string{"x-tenant", "x-company-*"}
			for _, host := range hosts(n) {
				c.Destinations = append(c.Destinations, propagation.Destination{Hosts: []string{host}, Headers: []string{"x-company-*"}, Baggage: []string{"tenant"}})
			}
			return c
		},
		"hosts of a rule": func(n int) propagation.Config {
			many := names(150, "x-company-", "")
			return propagation.Config{Headers: many, Destinations: []propagation.Destination{{Hosts: hosts(n), Headers: many}}}
		},
		"internal hosts": func(n int) propagation.Config { return propagation.Config{InternalHosts: hosts(n)} },
		"headers": func(n int) propagation.Config {
			return propagation.Config{Headers: names(n, "x-company-", ""), UnsafeHeaders: names(n, "x-company-", "-token")}
		},
		"patterns": func(n int) propagation.Config {
			return propagation.Config{Headers: names(n, "x-company-", "-*")}
		},
		"patterns and rules": func(n int) propagation.Config {
			return propagation.Config{Headers: names(n, "x-company-", "-*"), Destinations: []propagation.Destination{{Hosts: []string{"a"}, Headers: names(n, "x-company-other", "-*")}}}
		},
		"names in a rule": func(n int) propagation.Config {
			return propagation.Config{Headers: []string{"x-company-*"}, Destinations: []propagation.Destination{{Hosts: []string{"a"}, Headers: names(n, "x-company-", "-*")}}}
		},
		"formats": func(n int) propagation.Config {
			return propagation.Config{
				Formats: formats(n), ReadOnly: formats(n), Emit: formats(n), Destinations: []propagation.Destination{{Hosts: []string{"a"}, Formats: formats(n)}},
			}
		},
		"also": func(n int) propagation.Config {
			return propagation.Config{Also: make([]otelprop.TextMapPropagator, n)}
		},
		"baggage": func(n int) propagation.Config {
			return propagation.Config{Destinations: []propagation.Destination{{Hosts: []string{"a"}, Baggage: names(n, "k", " ")}}}
		},
	} {
		few := 630
		if strings.Contains(name, "hosts") || name == "rules" { // moving an element costs little, so a quadratic cost shows only in long lists
			few = 1260
		}
		t.Run(name, func(t *testing.T) {
			checkLinear(t, few, func(n int) func() {
				c := config(n)
				return func() {
					if _, err := propagation.New(c); err != nil {
						_ = err.Error()
					}
				}
			})
		})
	}
}
