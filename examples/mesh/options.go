package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/examples/mesh/binary"
	"github.com/traceferry/traceferry/examples/mesh/envoy"
	"github.com/traceferry/traceferry/propagation"
)

// options are the checked command line.
type options struct {
	mesh        systemRow
	envoy       string // the path of the binary; "" if the mesh uses no Envoy
	tracer      tracer
	backend     *backendRow // nil means the tracer's collector in this process
	backendPath string      // the path of the backend's program
	gateway     *tracer     // the tracer of the second mesh; nil if there is only one mesh
	forgets     bool        // the gateway translates nothing; for tests
	wait        bool        // wait for an interrupt while the backend runs
	config      propagation.Config
	tracing     *envoy.Tracing // fields that replace the defaults
	broken      bool
	n, parallel int
	keep        string
}

// parse reads the command line. It prints mistakes to stderr.
func parse(args []string, stderr io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("mesh", flag.ContinueOnError)
	flags.SetOutput(stderr)
	var w words
	flags.StringVar(&w.mesh, "mesh", "envoy", "the mesh, `NAME`: "+names(systems))
	flags.StringVar(&w.tracer, "tracer", "", "the tracer of its proxies, `NAME`, else what the backend takes, else the first of:"+eachTracers())
	flags.StringVar(&w.backend, "backend", "", "report to a real backend and judge what its API returns, `NAME`: "+names(backends))
	flags.BoolVar(&o.wait, "wait", false, "with -backend: print the URL of the first trace and wait for an interrupt")
	flags.StringVar(&w.gateway, "gateway", "", "with -mesh envoy: put all services but productpage into a second mesh with this `TRACER`, behind a gateway of Go's ReverseProxy: "+names(gatewayTracers()))
	flags.StringVar(&w.preset, "preset", "", "what the application carries, `NAME`, else what fits the mesh: "+names(presets))
	flags.StringVar(&w.app, "app", "traceferry", "the application, `NAME`: traceferry, or broken, which forwards nothing")
	flags.StringVar(&w.tracing, "tracing", "", "a `FILE` with fields of Envoy's tracing block, as YAML or JSON, that replace those of -mesh envoy")
	flags.StringVar(&w.envoy, "envoy", "", "the Envoy binary, a `PATH` or name; else $ENVOY, else envoy")
	flags.IntVar(&o.n, "n", 1000, "send `N` requests")
	flags.IntVar(&o.parallel, "c", 16, "this `MANY` at once")
	flags.StringVar(&o.keep, "keep", "", "write configurations and logs into this `DIR` and keep them")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 || o.n < 1 || o.parallel < 1 {
		err = errors.New("-n and -c take positive numbers, and there are no other arguments")
	} else {
		err = o.look(w)
	}
	if err != nil {
		fmt.Fprintln(stderr, "mesh:", err)
	}
	return o, err
}

// words are the names on the command line.
type words struct{ mesh, tracer, backend, gateway, preset, app, tracing, envoy string }

// look finds the values that the names stand for.
func (o *options) look(w words) (err error) {
	if o.mesh, err = named(systems, "mesh", w.mesh); err != nil {
		return err
	}
	if err := o.lookBackend(&w); err != nil {
		return err
	}
	if o.tracer, err = named(o.mesh.tracers, "tracer of -mesh "+w.mesh, cmp.Or(w.tracer, o.mesh.tracers[0].name)); err != nil {
		return err
	}
	if err := o.lookGateway(w); err != nil {
		return err
	}
	chosen, err := named(presets, "preset", cmp.Or(w.preset, o.mesh.preset))
	if err != nil {
		return err
	}
	o.config = chosen.config()
	if w.app != "traceferry" && w.app != "broken" {
		return fmt.Errorf("no app %q: there are traceferry and broken", w.app)
	}
	o.broken = w.app == "broken"
	switch {
	case w.tracing != "" && w.mesh != "envoy":
		return errors.New("-tracing is for -mesh envoy alone")
	case w.tracing != "":
		if o.tracing, err = envoy.ReadTracing(w.tracing); err != nil {
			return err
		}
	}
	return o.find(w.envoy)
}

// find finds the binaries that the mesh needs.
func (o *options) find(named string) (err error) {
	if o.mesh.envoy {
		if o.envoy, err = envoy.Find(named); err != nil {
			return err
		}
	}
	for _, name := range o.mesh.needs {
		if _, err := binary.Find(name); err != nil {
			return err
		}
	}
	return nil
}

// eachTracers returns a text with the tracers of each mesh.
func eachTracers() string {
	var b strings.Builder
	for _, s := range systems {
		fmt.Fprintf(&b, "\n%s: %s", s.name, names(s.tracers))
	}
	return b.String()
}

// A row is an entry of a table whose names the command line uses.
type row interface{ Name() string }

func named[R row](table []R, what, name string) (R, error) {
	i := slices.IndexFunc(table, func(r R) bool { return r.Name() == name })
	if i < 0 {
		var none R
		return none, fmt.Errorf("no %s %q: there are %s", what, name, names(table))
	}
	return table[i], nil
}

func names[R row](table []R) string {
	var all []string
	for _, r := range table {
		all = append(all, r.Name())
	}
	return strings.Join(all, ", ")
}
