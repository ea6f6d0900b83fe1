package propagation

import (
	"fmt"
	"slices"

	"github.com/traceferry/traceferry/internal/hostmatch"
	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/internal/wire"
)

// Destination is a rule for the headers that may be sent to some hosts. It is an element of Config.Destinations:
//
//	{Hosts: []string{"*.partner.example"}, Formats: []propagation.Format{propagation.W3C}}
//
// For HTTP, the host is that of the request's URL. The Host header does not matter. For gRPC, the host is the
// endpoint of the target. The authority does not matter. For messages, the host is a topic or a queue; see
// [Propagator.Lines].
//
// Without a matching rule, every host may get all formats, and internal hosts may get everything. Hosts that are not
// internal get neither user data nor x-envoy-force-trace. User data is:
//
//   - baggage in all its forms: baggage, jaeger-baggage, uberctx-*, ot-baggage-*, sw8-correlation,
//     correlation-context, and the items in an x-ot-span-context
//   - Config.Headers, UnsafeHeaders and HeaderAliases, defaults included
//
// Internal hosts are:
//
//   - names of one label
//   - names that end in .svc, .cluster.local, .internal, .local, .consul or .localhost
//   - loopback addresses and private addresses (RFC 1918, RFC 4193)
//   - hosts that match Config.InternalHosts
//
// These hosts are not internal, unless Config.InternalHosts has a pattern for them:
//
//   - a topic or a queue
//   - a name of two labels, such as "reviews.default" of Kubernetes, because it may be a public name
//   - one label with a dot at its end, such as "ai.", because it is a top-level domain
//
// A gRPC target that lists several addresses is internal if all of them are internal. It gets only the headers that
// may be sent to each of them.
//
// If several rules match a host, only the most specific rule applies. A name is more specific than a network or a
// suffix, a longer pattern than a shorter one, and a pattern with a port than one without. "<single-label>",
// "<internal>" and "*" are the least specific patterns, in this order.
//
// The rules do not apply to a header that the application sets by hand on the request, unless its value equals a
// received one. They do apply if another Inject wrote the header from the same context, such as that of otelhttp with
// this Propagator. The headers of the propagators of Config.Also are sent to every host, except where a rule lists
// Formats.
type Destination struct {
	// Hosts are patterns for hosts:
	//
	//   - "api.example.com" is one name.
	//   - "*.example.com" is every name below example.com. It does not match example.com itself.
	//   - "10.0.0.0/8" is a network.
	//   - "10.1.2.3" and "[fd00::1]" are addresses.
	//   - "<single-label>" is every name without a dot.
	//   - "<internal>" is every internal host, Config.InternalHosts included.
	//   - "*" is every host, topic and queue.
	//   - "kafka:orders.created" is a topic or a queue, for Propagator.Lines: a word for its system, a colon, and its
	//     name. The values of OpenTelemetry's attribute messaging.system are such words. The name is compared
	//     exactly.
	//   - "kafka:orders.*" is every topic whose name begins with "orders.".
	//
	// Each pattern for hosts may end in ":" and a port. Names may be in any case and script. Hosts must not be empty,
	// and no two rules may have the same pattern.
	Hosts []string

	// Formats are the formats that may be sent. nil means all formats, but x-envoy-force-trace only to an internal
	// host. Empty but not nil means none. The field Baggage decides about the baggage in these formats.
	Formats []Format

	// OnlySampled are formats that may be sent only if the call is sampled. Use it for vendors that bill for each
	// span that they receive. If the call is not sampled, none of these formats is sent, and each is counted
	// (Disallowed). If the call is sampled, OnlySampled has no effect.
	//
	// A call is sampled if its decision is Accepted or Debug. The decision is that of the local span if one runs.
	// Otherwise it is the received decision of RemoteFromContext. The call is not sampled if that decision is open,
	// whatever the value of Config.Deferred, or if the caller's decision is not trusted.
	//
	// OnlySampled can list formats without a decision, such as Baggage. It must not list a format that Formats
	// excludes. nil and empty mean none.
	OnlySampled []Format

	// Baggage are the keys of the baggage members that may be sent, in every form of baggage. "*" means all keys.
	// Only "*" allows the items in an x-ot-span-context. Keys in the forms of Jaeger and OTTrace are compared in any
	// case, because these forms do not preserve case. Other keys are compared exactly. A form of baggage that
	// Config.Formats does not list is never sent.
	//
	// If Formats is nil, a nil Baggage means all keys to an internal host and none to any other host. If Formats is
	// not nil, a nil Baggage means all keys if Formats lists propagation.Baggage, and none otherwise. Empty but not
	// nil means none.
	Baggage []string

	// Headers are the names of Config.Headers, UnsafeHeaders and HeaderAliases that may be sent. For a HeaderAlias,
	// list the name that is sent. "*" means all names. "x-company-*" means the names of Config.Headers that begin
	// with "x-company-". If Config.Headers has such a pattern, Headers may list single names that match it.
	//
	// If Formats is nil, a nil Headers means all names to an internal host and none to any other host. If Formats is
	// not nil, a nil Headers means none. Empty but not nil means none.
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

	carried := policy.NewHeaderSet(slices.Concat(c.Headers, c.UnsafeHeaders, c.sentNames()))
	tooMany := c.headerCount() > maxHeaders // a mistake by itself; each entry below would be compared with all
	ruled := map[string]string{}
	for i, d := range c.Destinations {
		rule := fmt.Sprintf("Destinations[%d].", i)
		if len(d.Hosts) == 0 {
			wrong(rule+"Hosts", d.Hosts, "is empty, so the rule matches nothing")
		}
		hosts(rule+"Hosts", d.Hosts, ruled)
		formats := func(list string, fs []Format, may wire.FormatSet) (listed wire.FormatSet) {
			for j, f := range fs {
				at := fmt.Sprintf("%s%s[%d]", rule, list, j)
				switch {
				case !wire.Format(f).Known():
					wrong(at, f, "no such format")
				case listed.Has(wire.Format(f)):
					wrong(at, f, "is listed twice")
				case !may.Has(wire.Format(f)):
					wrong(at, f, "is not in Formats, so it is never sent")
				default:
					listed |= 1 << f
				}
			}
			return listed
		}
		may := ^wire.FormatSet(0)
		if listed := formats("Formats", d.Formats, may); d.Formats != nil {
			may = listed | 1<<wire.Baggage // about which Baggage decides
		}
		formats("OnlySampled", d.OnlySampled, may)
		for j, key := range d.Baggage {
			if key != wire.Every && !policy.ValidToken(key) {
				wrong(fmt.Sprintf("%sBaggage[%d]", rule, j), key, "is no key of baggage (W3C Baggage, section 3.3.1), nor *")
			}
		}
		for j, name := range d.Headers {
			if name != wire.Every && !tooMany && !carried.Touches(name) {
				wrong(fmt.Sprintf("%sHeaders[%d]", rule, j), name, "is not in Headers or UnsafeHeaders, and no HeaderAlias sends it, so it is never sent")
			}
		}
	}
}

// rulesOf returns the rules as the engine compiles them.
func rulesOf(ds []Destination) []policy.Rule {
	specs := make([]policy.Rule, len(ds))
	for i, d := range ds {
		specs[i] = policy.Rule{Hosts: d.Hosts, Formats: wireFormats(d.Formats), OnlySampled: wireFormats(d.OnlySampled), Baggage: d.Baggage, Headers: d.Headers}
	}
	return specs
}
