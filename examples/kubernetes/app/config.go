package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/examples/mesh/app"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
)

// config is the configuration from the environment.
type config struct {
	service   string
	listen    string
	health    string
	carry     *propagation.Propagator
	addresses map[string]string // addresses that differ from the default, by service
}

// presets has the presets by name. In istio-zipkin, the first format is the one that Istio's Zipkin provider advances.
var presets = map[string]func() propagation.Config{
	"istio": preset.Istio,
	"istio-zipkin": func() propagation.Config {
		c := preset.Istio()
		c.Formats[0], c.Formats[1] = propagation.B3Multi, propagation.W3C
		return c
	},
	"linkerd": preset.Linkerd,
	"consul":  preset.Consul,
}

func readConfig(getenv func(string) string) (c config, err error) {
	c = config{service: getenv("SERVICE"), listen: cmp.Or(getenv("LISTEN"), ":8080"), health: cmp.Or(getenv("HEALTH"), ":8081"), addresses: map[string]string{}}
	if !slices.Contains(app.Services, c.service) {
		return c, fmt.Errorf("no SERVICE %q: there are %s", c.service, strings.Join(app.Services, ", "))
	}
	name := cmp.Or(getenv("PRESET"), "istio")
	of, ok := presets[name]
	if !ok {
		return c, fmt.Errorf("no PRESET %q: there are %s", name, strings.Join(slices.Sorted(maps.Keys(presets)), ", "))
	}
	if list := getenv("ADDRESSES"); list != "" {
		for pair := range strings.SplitSeq(list, ",") {
			service, addr, _ := strings.Cut(pair, "=")
			if _, _, err := net.SplitHostPort(addr); err != nil || !slices.Contains(app.Services, service) {
				return c, fmt.Errorf("ADDRESSES: %q is not NAME=HOST:PORT of a service", pair)
			}
			c.addresses[service] = addr
		}
	}
	c.carry, err = propagation.New(of())
	return c, err
}

// dial connects to a service.
func (c config) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	service, _, _ := strings.Cut(addr, ":")
	addr = cmp.Or(c.addresses[service], net.JoinHostPort(service, "80"))
	return new(net.Dialer).DialContext(ctx, network, addr)
}
