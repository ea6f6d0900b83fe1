package binary

import "slices"

// Source is the module on the Go module proxy from which a program is built.
type Source struct {
	Name    string // of the program
	Package string // its main package
	Module  string // the module of that package
	Version string // of the module
	Replace string // a replace directive that the module needs; usually empty
	Dir     string // the folder of a module of this example with the main package; usually empty
	Time    string // processor time of the first build
}

// Sources are the programs that Build builds.
var Sources = []Source{
	{
		Name:    "caddy",
		Package: "github.com/caddyserver/caddy/v2/cmd/caddy",
		Module:  "github.com/caddyserver/caddy/v2",
		Version: "v2.11.7",
		Time:    "3 minutes",
	},
	{
		// The last version under the Mozilla Public License.
		Name:    "consul",
		Package: "github.com/hashicorp/consul",
		Module:  "github.com/hashicorp/consul",
		Version: "v1.14.11",
		// This test library has moved, and no server has its old path.
		Replace: "launchpad.net/gocheck => github.com/go-check/check v0.0.0-20140225173054-eb6ee6f84d0a",
		Time:    "12 minutes",
	},
	{
		Name:    "pilot-discovery", // istiod
		Package: "istio.io/istio/pilot/cmd/pilot-discovery",
		Module:  "istio.io/istio",
		Version: "v0.0.0-20260827124520-eed52ebb66ad",
		Time:    "11 minutes",
	},
	{
		Name:    "daprd",
		Package: "github.com/traceferry/traceferry/examples/mesh/daprd",
		Module:  "github.com/dapr/dapr",
		Version: "v1.14.0",
		Dir:     "daprd",
		Time:    "5 minutes",
	},
	{
		Name:    "jaeger",
		Package: "github.com/jaegertracing/jaeger/cmd/jaeger",
		Module:  "github.com/jaegertracing/jaeger",
		Version: "v1.76.0", // of the module; the program is of version 2
		Replace: "github.com/Shopify/sarama => github.com/Shopify/sarama v1.33.0",
		Time:    "several minutes",
	},
}

// source returns the Source with a name.
func source(name string) (Source, bool) {
	i := slices.IndexFunc(Sources, func(s Source) bool { return s.Name == name })
	if i < 0 {
		return Source{}, false
	}
	return Sources[i], true
}
