package propagation

import (
	"fmt"
	"slices"

	"github.com/traceferry/traceferry/internal/hostmatch"
	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/internal/wire"
)

// Destination is a rule of Config.Destinations: what may go to some hosts. The host is that of
// the request's URL, whatever its Host header says, or the endpoint of the gRPC target, whatever its
// authority.
//
// Without a rule all formats may go everywhere, but for what users have put there:
// baggage in all its forms (baggage, jaeger-baggage, uberctx-*, ot-baggage-*, sw8-correlation,
// correlation-context, the items in an x-ot-span-context), Config.Headers and UnsafeHeaders, and
// x-envoy-force-trace, go to internal hosts only. Internal are names of one label, names that end in .svc,
// .cluster.local, .internal, .local, .consul or .localhost, loopback addresses and private ones
// (RFC 1918, RFC 4193), and what Config.InternalHosts adds. A two-label name of Kubernetes ("reviews.default")
// is not internal: it may be a public name. Nor is one label with a dot at its end ("ai."): it is a top-level domain.
//
// A gRPC target that lists several addresses is internal if all of them are, and gets what may go to each of them.
//
// What the application has set by hand on the request is its own and goes; but what equals what
// came in, or what another Inject has written there from the same context (otelhttp's, with this
// Propagator), is judged. What the propagators of Config.Also write goes everywhere but where a
// rule lists Formats.
//
// Of the rules that match a host the most specific holds, alone: a name before a network or a suffix, a
// longer one before a shorter one, one with a port before one without; then "<single-label>", "<internal>", "*".
type Destination struct {
	// Hosts are patterns: "api.example.com", "*.example.com" (all below it, not itself), "10.0.0.0/8",
	// "10.1.2.3", "[fd00::1]", "<single-label>" (names without a dot), "<internal>" (what is internal
	// above, Config.InternalHosts included), "*" (all); each perhaps with ":" and a port. Names may be in any case and script. No two
	// rules may have the same pattern.
	Hosts []string

	// Formats are those that may go there. nil: all (x-envoy-force-trace to an internal host);
	// empty, not nil: none. Their baggage is for Baggage to say.
	Formats []Format

	// Baggage are the keys of the members that may go there, in whatever form; "*" stands for all,
	// and alone lets the items in an x-ot-span-context go. Keys of Jaeger's and OTTrace's forms are
	// compared in any case, as they lose theirs on the way, others as they are. What Config.Formats do
	// not carry does not go, whatever stands here. nil: all if Formats
	// lists propagation.Baggage, none if it lists others, and where Formats is nil all to an
	// internal host and none elsewhere. Empty, not nil: none.
	Baggage []string

	// Headers are those of Config.Headers and UnsafeHeaders that may go there; "*" stands for all, and
	// "x-company-*" for the names of Config.Headers that begin so. Where Config.Headers has such a pattern, single
	// names under it may stand here.
	// nil: where Formats is nil all to an internal host, and none elsewhere. Empty, not nil: none.
	Headers []string
}

// validateDestinations finds the mistakes of Config.Destinations and InternalHosts. Its cost is linear in their size.
func (c *Config) validateDestinations(wrong func(field string, value any, reason string, args ...any)) {
	hosts := func(list string, hosts []string, seen map[string]string) {
		for i, host := range hosts {
			at := fmt.Sprintf("%s[%d]", list, i)
			pattern, err := hostmatch.ParsePattern(host)
			if err != nil {
				wrong(at, host, "%v", err)
				continue
			}
			if other, dup := seen[pattern.String()]; dup {
				wrong(at, host, "matches the same as %s: list it once", other)
				continue
			}
			seen[pattern.String()] = fmt.Sprintf("%s (%q)", at, host)
		}
	}
	hosts("InternalHosts", c.InternalHosts, map[string]string{})

	carried := policy.NewHeaderSet(slices.Concat(c.Headers, c.UnsafeHeaders))
	tooMany := len(c.Headers)+len(c.UnsafeHeaders) > maxHeaders // a mistake by itself; each entry below would be compared with all
	ruled := map[string]string{}
	for i, d := range c.Destinations {
		rule := fmt.Sprintf("Destinations[%d].", i)
		if len(d.Hosts) == 0 {
			wrong(rule+"Hosts", d.Hosts, "is empty, so the rule can match nothing")
		}
		hosts(rule+"Hosts", d.Hosts, ruled)
		listed := wire.FormatSet(0)
		for j, f := range d.Formats {
			at := fmt.Sprintf("%sFormats[%d]", rule, j)
			switch {
			case !wire.Format(f).Known():
				wrong(at, f, "no such format")
			case listed.Has(wire.Format(f)):
				wrong(at, f, "is listed twice")
			default:
				listed |= 1 << f
			}
		}
		for j, key := range d.Baggage {
			if key != wire.Every && !policy.ValidToken(key) {
				wrong(fmt.Sprintf("%sBaggage[%d]", rule, j), key, "is no key of baggage (W3C Baggage, section 3.3.1), nor *")
			}
		}
		for j, name := range d.Headers {
			if name != wire.Every && !tooMany && !carried.Touches(name) {
				wrong(fmt.Sprintf("%sHeaders[%d]", rule, j), name, "is not in Headers or UnsafeHeaders, so it is not carried")
			}
		}
	}
}

// rulesOf returns the rules as the engine compiles them.
func rulesOf(ds []Destination) []policy.Rule {
	specs := make([]policy.Rule, len(ds))
	for i, d := range ds {
		specs[i] = policy.Rule{Hosts: d.Hosts, Formats: wireFormats(d.Formats), Baggage: d.Baggage, Headers: d.Headers}
	}
	return specs
}
