package propagation

import (
	"fmt"
	"strings"

	"github.com/traceferry/traceferry/internal/ascii"
	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/internal/wire"
)

// FormatAlias is a second header name for a format. It is an element of Config.Aliases. Use it where a proxy rewrites
// the usual header, or where your services use a header name of their own:
//
//	{Format: propagation.W3C, Name: "original-traceparent"} // Cloud Run rewrites traceparent
//	{Format: propagation.B3Single, Name: "x-acme-trace"}
//
// The alias has the grammar of the format's own header. Extract reads it as a format of its own that comes directly
// before Format in precedence. So if both headers are valid, the alias gives the remote span context. The alias is
// carried, written, withheld and counted as Format is. Inject follows these rules:
//
//   - Without a local span, it sends received lines byte for byte, under the names that they were received under.
//   - If it writes a local span to Format, it writes the span to both names, also if only one of them was received.
//   - If Config.Emit lists Format, it writes each of the two names that was not received with a valid value.
//   - Config.Reconcile corrects each name by itself.
//
// Limits and Connection apply to each of the two headers by itself. No proxy reads an alias, so Inject never leaves
// out an alias as stale. The alias of W3C stands for traceparent. The tracestate has no alias. A tracestate without a
// valid traceparent belongs to the alias. GenerateRequestID writes x-request-id only.
type FormatAlias struct {
	// Format is a format of Config.Formats, ReadOnly or Emit whose ids are in one header: W3C, B3Single, GRPCTraceBin,
	// CloudTrace, OTSpanContext, RequestID, Jaeger, XRay or Sentry. A format has at most one alias.
	Format Format

	// Name is the header's name, in any case. New refuses the names that it refuses in Config.Headers, and patterns.
	// An alias of GRPCTraceBin must end in -bin. No other alias may end in -bin.
	Name string
}

// HeaderAlias is a header that Inject sends under another name, or with a default, or both. It is an element of
// Config.HeaderAliases:
//
//	{Received: "x-tenant", Sent: "x-acme-tenant"}
//	{Received: "x-region", Default: "eu"}
//
// In all other respects it is like a name of Config.Headers. Trust and Limits apply to the received name. Destination
// rules apply to the sent name, so Destination.Headers lists the sent name.
type HeaderAlias struct {
	// Received is the name to read, in any case. New refuses the names that it refuses in Config.Headers, and
	// patterns.
	Received string

	// Sent is the name to send, in any case. The empty string means Received.
	Sent string

	// Default is the value to send if the request had no value. That is the case if the header was absent or blank,
	// exceeded Limits, or is withheld. The empty string means no default. A default is
	// printable ASCII without white space around it.
	//
	// A call sends the defaults only if its context comes from an Extract of this Propagator, or from a Begin that
	// generated a request id.
	//
	// A default is user data for Destinations. CapturedFromContext does not return it. With a default in its Config,
	// every Extract allocates the context node, also if nothing was received.
	Default string
}

// validateAliases finds the mistakes of Config.Aliases and HeaderAliases. uses says which formats the Config names, and
// names where it names a header.
func (c *Config) validateAliases(uses func(Format) bool, names map[string]string, wrong func(field string, value any, reason string, args ...any)) {
	name := func(field, name string) {
		if strings.HasSuffix(name, wire.Every) {
			wrong(field, name, "is a pattern: an alias is one name")
			return
		}
		if reason := policy.RefuseHeader(name, false); reason != "" {
			wrong(field, name, "%s", reason)
		}
		lower := strings.ToLower(name)
		if at, dup := names[lower]; dup {
			wrong(field, name, "already in %s", at)
			return
		}
		names[lower] = field
	}
	isBin := func(name string) bool { return wire.HeaderField(name, false).Bin }

	aliased := map[Format]string{}
	for i, a := range c.Aliases {
		field, f := fmt.Sprintf("Aliases[%d]", i), wire.Format(a.Format)
		switch at, dup := aliased[a.Format]; {
		case !f.Known():
			wrong(field+".Format", a.Format, "no such format")
		case f.Alias() == 0 && f.Decodes():
			wrong(field+".Format", a.Format, "has its ids in several headers, so one name cannot stand for it")
		case f.Alias() == 0:
			wrong(field+".Format", a.Format, "has no ids: put the name in Headers")
		case dup:
			wrong(field+".Format", a.Format, "already has an alias in %s", at)
		case !uses(a.Format):
			wrong(field+".Format", a.Format, "is not in Formats, ReadOnly or Emit")
		}
		aliased[a.Format] = field
		name(field+".Name", a.Name)
		if bin := f.Known() && wire.BinFormats.Has(f); f.Known() && bin != isBin(a.Name) {
			wrong(field+".Name", a.Name, "must end in -bin if the format is grpctracebin, and must not otherwise")
		}
	}
	for i, a := range c.HeaderAliases {
		field := fmt.Sprintf("HeaderAliases[%d].", i)
		name(field+"Received", a.Received)
		if a.Sent != "" && !strings.EqualFold(a.Sent, a.Received) {
			name(field+"Sent", a.Sent)
			if isBin(a.Sent) != isBin(a.Received) {
				wrong(field+"Sent", a.Sent, "must end in -bin if Received does, and must not otherwise")
			}
		}
		switch {
		case a.Default == "":
		case isBin(a.Received):
			wrong(field+"Default", a.Default, "must be empty, because the value of a -bin name is bytes")
		case !ascii.Printable(a.Default) || wire.TrimOWS(a.Default) != a.Default:
			wrong(field+"Default", a.Default, "must be printable ASCII without white space around it")
		}
	}
}

// sentNames returns the names of HeaderAliases that are sent.
func (c *Config) sentNames() (names []string) {
	for _, a := range c.HeaderAliases {
		if a.Sent == "" {
			a.Sent = a.Received
		}
		names = append(names, a.Sent)
	}
	return names
}

// planAliases returns the aliases as the engine compiles them.
func (c *Config) planAliases() (formats []plan.Alias, headers []plan.HeaderAlias) {
	for _, a := range c.Aliases {
		formats = append(formats, plan.Alias{Format: wire.Format(a.Format), Name: a.Name})
	}
	for _, a := range c.HeaderAliases {
		headers = append(headers, plan.HeaderAlias(a))
	}
	return formats, headers
}
