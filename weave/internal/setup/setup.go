// Package setup reads the configuration of the woven wiring from the environment.
package setup

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/internal/woven"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
)

// The variables. OTEL_PROPAGATORS says what is carried if Preset is not set.
const (
	Weave         = "TRACEFERRY_WEAVE"
	Preset        = "TRACEFERRY_PRESET"
	Headers       = "TRACEFERRY_HEADERS"
	Trust         = "TRACEFERRY_TRUST"
	Destinations  = "TRACEFERRY_DESTINATIONS"
	InternalHosts = "TRACEFERRY_INTERNAL_HOSTS"
	Report        = "TRACEFERRY_REPORT"
)

// Setup is what the environment says.
type Setup struct {
	Propagator *propagation.Propagator // nil: nothing is carried
	TrustsAll  bool                    // else only Peers are trusted
	Peers      []netip.Prefix

	trustUnset bool
	announced  sync.Once
	out        io.Writer
}

var current atomic.Pointer[Setup]

func init() {
	s := New(os.Getenv, os.Stderr)
	woven.Set((*plan.Engine)(s.Propagator))
	current.Store(s)
}

// Current returns the Setup of this process. It is nil before this package is initialized.
func Current() *Setup { return current.Load() }

// New returns the Setup for an environment. It writes mistakes to out, and carries nothing if there are any.
func New(getenv func(string) string, out io.Writer) *Setup {
	r := &reader{getenv: getenv}
	s := &Setup{out: out}
	on := r.oneOf(Weave, "on", "on", "off")
	s.TrustsAll, s.Peers = r.trust()
	s.trustUnset = r.get(Trust) == ""
	config := r.config()
	if r.oneOf(Report, "none", "none", "lost") == "lost" {
		config.Observer = &propagation.Observer{Lost: (&reporter{out: out}).lost}
	}
	if on == "off" {
		return s
	}
	if len(r.errs) == 0 {
		p, err := propagation.New(config)
		if err == nil {
			s.Propagator = p
			return s
		}
		r.errs = append(r.errs, err)
	}
	fmt.Fprintf(out, "traceferry/weave: NO header is carried, because the environment has mistakes:\n%v\n", errors.Join(r.errs...))
	return s
}

// Announce writes the default trust to standard error, once, if nobody has decided it. A server calls it.
func (s *Setup) Announce() {
	if !s.trustUnset {
		return
	}
	s.announced.Do(func() {
		fmt.Fprintf(s.out, "traceferry/weave: EVERY caller of this process is trusted, because %[1]s is not set. "+
			"Behind a mesh or a gateway set %[1]s=all. Where untrusted callers reach this process, set %[1]s=edge.\n", Trust)
	})
}

// reader reads variables and collects mistakes.
type reader struct {
	getenv func(string) string
	errs   []error
}

func (r *reader) get(name string) string { return strings.TrimSpace(r.getenv(name)) }

func (r *reader) wrong(name, reason string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf("%s=%q: %s", name, r.getenv(name), fmt.Sprintf(reason, args...)))
}

// oneOf returns one of the values, in lower case.
func (r *reader) oneOf(name, byDefault string, values ...string) string {
	value := strings.ToLower(r.get(name))
	if value == "" {
		return byDefault
	}
	for _, v := range values {
		if v == value {
			return v
		}
	}
	r.wrong(name, "want %s", strings.Join(values, " or "))
	return byDefault
}

// list returns the elements of a list with commas.
func (r *reader) list(name string) (all []string) { return split(r.get(name), ",") }

func split(text, separator string) (all []string) {
	for element := range strings.SplitSeq(text, separator) {
		if element = strings.TrimSpace(element); element != "" {
			all = append(all, element)
		}
	}
	return all
}

func (r *reader) trust() (all bool, peers []netip.Prefix) {
	switch value := strings.ToLower(r.get(Trust)); value {
	case "", "all":
		return true, nil
	case "edge":
		return false, nil
	}
	for _, text := range r.list(Trust) {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			r.wrong(Trust, "want all, edge, or networks as in 10.0.0.0/8,fd00::/8: %q is not one", text)
			continue
		}
		peers = append(peers, prefix)
	}
	return false, peers
}

func (r *reader) config() (c propagation.Config) {
	if name := r.get(Preset); name != "" {
		var ok bool
		if c, ok = preset.Named(name); !ok {
			r.wrong(Preset, "want one of %s", strings.Join(preset.Names(), ", "))
		}
	} else {
		var err error
		if c, err = propagation.ConfigFromEnv(); err != nil {
			r.errs = append(r.errs, err)
		}
	}
	c.Headers = r.list(Headers)
	c.InternalHosts = r.list(InternalHosts)
	c.Destinations = r.destinations()
	return c
}

// destinations reads rules such as
//
//	*.partner.example=tracecontext,baggage; api.vendor.example=none
//
// The left side has the hosts. The right side is all, none or a list of formats.
func (r *reader) destinations() (rules []propagation.Destination) {
	for _, text := range split(r.get(Destinations), ";") {
		hosts, what, ok := strings.Cut(text, "=")
		if !ok {
			r.wrong(Destinations, "want HOSTS=FORMATS, and a semicolon between two of them: %q has no equals sign", text)
			continue
		}
		rule := propagation.Destination{Hosts: split(hosts, ",")}
		switch what = strings.TrimSpace(what); what {
		case "all":
			rule.Baggage, rule.Headers = []string{"*"}, []string{"*"}
		case "none":
			rule.Formats = []propagation.Format{}
		default:
			for _, name := range split(what, ",") {
				f, err := propagation.ParseFormat(name)
				if err != nil {
					r.wrong(Destinations, "%v, all, none", err)
					continue
				}
				rule.Formats = append(rule.Formats, f)
			}
			if rule.Formats == nil {
				r.wrong(Destinations, "%q names no format: want all, none or formats", text)
			}
		}
		rules = append(rules, rule)
	}
	return rules
}
