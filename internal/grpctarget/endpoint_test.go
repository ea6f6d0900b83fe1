package grpctarget

import (
	"testing"

	_ "google.golang.org/grpc" // registers the resolvers of the schemes
)

// The endpoint of a target must be the one that grpc.NewClient uses.
func TestParse(t *testing.T) {
	for target, want := range map[string]Endpoint{
		"api.example.com":                     {"api.example.com", 443},
		"api.example.com:8443":                {"api.example.com:8443", 443},
		"api.example.com:https":               {"api.example.com:443", 443},
		"dns:///api.example.com:https":        {"api.example.com:443", 443},
		"dns://8.8.8.8/api.example.com":       {"api.example.com", 443},
		"dns:api.example.com:1":               {"api.example.com:1", 443},
		"DNS:api.example.com":                 {"api.example.com", 443},
		"DNS:///api.example.com":              {"api.example.com", 443},
		"dns:///[::1]:443":                    {"[::1]:443", 443},
		"dns:///[::1]:https":                  {"[::1]:443", 443},
		"passthrough:///api.example.com:443":  {"api.example.com:443", 0},
		"passthrough:api.example.com:443":     {"api.example.com:443", 0},
		"Passthrough:///api.example.com:http": {"api.example.com:80", 0},
		"xds:///reviews.default.svc":          {"reviews.default.svc", 0},
		"reviews:nosuchservice":               {"reviews:nosuchservice", 443}, // not a host: a scheme whose resolver only the connection knows
		"unix:///run/a.sock":                  {"localhost", 0},
		"unix:run/a.sock":                     {"localhost", 0},
		"UNIX:///run/a.sock":                  {"localhost", 0},
		"unix-abstract:a":                     {"localhost", 0},
		"passthrough:///unix:///run/a.sock":   {"localhost", 0},
		"":                                    {"", 443},
	} {
		if got := Parse(Canonical(target)); got != want {
			t.Errorf("%q calls %v, want %v", target, got, want)
		}
	}
}
