package propagation

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/internal/wire"
	"go.opentelemetry.io/otel/propagation"
)

// Config says what a Propagator carries. The zero Config carries the eight most common formats: W3C, B3Single, B3Multi,
// GRPCTraceBin, CloudTrace, OTSpanContext, RequestID and Baggage. It carries them verbatim while there is no local span
// of OpenTelemetry's, and writes that span into them otherwise. Package preset has a Config for each mesh.
type Config struct {
	// Formats are the formats to carry: to read and to send. Their order is their precedence. If several name a span,
	// RemoteFromContext and OpenTelemetry get the first valid one. nil means the eight default formats; empty but not
	// nil means none.
	Formats []Format

	// Emit are formats to write in addition to the received ones, whenever there is a span context with both ids. They
	// are written from the local span if there is one, else from the received span context. Without a local span, a
	// format of Emit that is carried and was received valid is sent unchanged. nil means that a local span is written
	// to the first of Formats that has an encoder, if no other format would carry it. Empty but not nil means none.
	Emit []Format

	// ReadOnly are formats to read and never send, after Formats in precedence. Use it for the last step of a
	// migration.
	ReadOnly []Format

	// Headers are further headers to carry verbatim: names, in any case, and patterns. The pattern "x-company-*" stands
	// for all names that begin with "x-company-". A pattern needs three characters before the "*". A listed name
	// decides before any pattern; of several patterns the longest decides. Limits bound the names that a pattern
	// matches. They are kept in sorted order, after baggage. A name that matches only a pattern and ends in -bin
	// travels from HTTP to HTTP only. List such a name by itself to carry it over gRPC.
	//
	// New refuses credentials, headers that only a proxy may write, headers of one hop or one message, and the names of
	// formats. A pattern does not carry such names either. UnsafeHeaders takes credentials. Unless a Destination says
	// otherwise, Headers go to internal hosts only.
	Headers []string

	// UnsafeHeaders are carried as Headers are, but CapturedFromContext does not return them. They are names, not
	// patterns. Only credentials and x-envoy-* are allowed here. A credential lets each callee act as your caller;
	// x-envoy-* steers proxies. New also counts a name as a credential if it contains a word such as token, secret,
	// password, auth or api-key. A harmless name of that kind belongs here too. Unless a Destination says otherwise,
	// UnsafeHeaders go to internal hosts only. If a callee redirects to another host, httptrace.Transport does not send
	// them there.
	UnsafeHeaders []string

	// Aliases are further names for formats, such as "original-traceparent" for W3C. See FormatAlias. nil means none.
	Aliases []FormatAlias

	// HeaderAliases are further headers to carry that are sent under another name, or with a default if the request had
	// none. See HeaderAlias. nil means none.
	HeaderAliases []HeaderAlias

	// RoutingKeys are keys of members of the baggage header that route a request to a sandbox, such as "sd-routing-key".
	// These members are carried even if Formats does not list Baggage; other baggage is then not. Destinations judge
	// them as any baggage: by default, they go to internal hosts only. Keys are compared exactly. If Formats lists Baggage,
	// RoutingKeys has an effect with TrustRoutingKeys only. nil means none. See docs/routing.md for the keys of vendors.
	RoutingKeys []string

	// TrustRoutingKeys carries the members of RoutingKeys also if the caller is not trusted with its baggage, as behind
	// httptrace.Edge. Other baggage of such a caller stays withheld. Any caller can then choose the sandbox that handles
	// its request. Ignore withholds these members, too.
	TrustRoutingKeys bool

	// GenerateRequestID makes Extract generate a random UUID (version 4) for a request without x-request-id. It needs
	// RequestID in Formats. Every Extract then allocates the context node and the id, also if nothing was received.
	GenerateRequestID bool

	// Deferred is what an open decision of the caller becomes where it cannot stay open: in OpenTelemetry, W3C,
	// GRPCTraceBin, OTSpanContext, Jaeger and OTTrace. The zero value, Deferred, means Denied. The other choice is
	// Accepted. A parent-based sampler takes Denied for the caller's decision and records nothing of such a trace.
	//
	// In XRay and CloudTrace an open decision can stay open. OpenTelemetry's readers of them for JavaScript, .NET and
	// Python need a decision. If Deferred is set to Denied or Accepted, Emit writes that decision there as well.
	Deferred Sampling

	// LocalSpan returns the span that runs in a context, for tracers other than OpenTelemetry's. If there is none, it
	// returns false, or a span context without both ids. A returned TraceState holds only the members that the span
	// adds or changes. Every Inject calls LocalSpan, so it must be safe for concurrent use. nil means OpenTelemetry's
	// active span, if that is valid and not remote. If LocalSpan panics, there is no local span, and the panic is
	// counted (Panicked).
	LocalSpan func(context.Context) (SpanContext, bool)

	// Also are OpenTelemetry propagators for formats that this package does not have. Extract and Inject call them
	// first, in their order. If they share a field with this Propagator, this Propagator's value prevails. Limits do
	// not bound what they write. None of them may call this Propagator back; do not list otel.GetTextMapPropagator() if
	// this Propagator is set there.
	Also []propagation.TextMapPropagator

	// DropMalformed leaves out a trace format that does not parse, while there is no local span. By default such lines
	// travel unchanged, and the proxy that reads them decides. Turn it on where a malformed header costs the proxy its
	// span: Envoy 1.40 makes no span for a malformed b3, x-b3-parentspanid or traceparent. Each dropped format is
	// counted as Malformed. A format whose ids parse is sent, also if its decision cannot be read. A format that is
	// only carried is sent, too. A malformed b3 beside valid x-b3-* is never sent; see Stale.
	DropMalformed bool

	// Reconcile makes the received trace formats agree, while there is no local span. By default received lines are
	// sent byte for byte. Turn it on behind proxies that advance one format and leave another behind, such as two
	// Envoys with different tracers, or Dapr. If received formats of one trace name different spans, Reconcile writes
	// the span context of the first valid format to each format that names another span. So put the format first that
	// the proxy before this service advances.
	//
	// Between b3 and x-b3-* the order does not decide. A b3 that names the child of the span in x-b3-* is newer; any
	// other is older.
	//
	// These formats stay unchanged: formats of another trace, formats that agree, formats that name no span, and
	// formats that are only carried. Each corrected format is counted (Reconciled). Reconcile parses the ids of every
	// request, which costs time.
	Reconcile bool

	// ASCIIOnly leaves out values that are not printable ASCII over HTTP, and counts them (Unsendable). Over gRPC such
	// values are always left out. Turn it on if a callee refuses requests with such values, as Spring Security's
	// StrictHttpFirewall does. A trace format with such a value is left out whole. Of tracestate, baggage and Headers
	// only the lines with such a value are left out.
	ASCIIOnly bool

	// Limits bound what this process keeps and sends of one request.
	Limits Limits

	// Destinations are rules for what may be sent to which hosts. They apply where the host is known: in
	// httptrace.Transport and Rewrite, in package grpctrace and in InjectHTTPTo. A host that no rule matches gets user
	// data only if it is internal; see Destination.
	Destinations []Destination

	// InternalHosts adds to the hosts that are internal by their form (see Destination). It takes the patterns of
	// Destination.Hosts. List these:
	//
	//   - a custom cluster domain ("*.cluster.example")
	//   - the namespaces whose services you call by two labels ("*.default")
	//   - the address range of your pods, if it is not private
	//
	// EKS and GKE may use 100.64.0.0/10 (RFC 6598) for pods. A carrier or an overlay network such as Tailscale may use
	// that range too, so it is not internal unless you list it. nil means no further hosts.
	InternalHosts []string

	// DestinationsReportOnly sends everything. It counts and observes (Disallowed) what Destinations would have left
	// out. Use it to try a policy before you enforce it.
	DestinationsReportOnly bool

	// Observer has functions that are called for single requests. nil costs nothing.
	Observer *Observer
}

// Limits bound what is kept of one request. A zero field means its default. New refuses a negative field, a Lines above
// 65535 and any other field above 1<<30. What exceeds a limit is left out, a format as a whole, and counted (TooLarge).
type Limits struct {
	HeaderBytes   int // all lines of one name together; default 8192
	TotalBytes    int // all kept lines of a request, and their names if those have a prefix; default 16384
	Lines         int // header lines of a request; default 64, at most 65535
	MetadataBytes int // added to a gRPC call; each line counts name, value and 32, as in HTTP/2; default 4096
	MessageLines  int // lines of a message, see Propagator.Lines; an SQS message takes ten; default: no limit
	MessageBytes  int // names and values of a message together; default: no limit
}

var defaultLimits = Limits{HeaderBytes: 8192, TotalBytes: 16384, Lines: 64, MetadataBytes: 4096}

// validate returns every mistake of the Config.
func (c *Config) validate() error {
	var errs []error
	wrong := func(field string, value any, reason string, args ...any) {
		errs = append(errs, &ConfigError{field, value, fmt.Sprintf(reason, args...)})
	}

	seen := map[Format]string{}
	list := func(name string, fs []Format, check func(f Format, field string)) {
		for i, f := range fs {
			field := fmt.Sprintf("%s[%d]", name, i)
			if !wire.Format(f).Known() {
				wrong(field, f, "no such format")
			} else {
				check(f, field)
			}
		}
	}
	once := func(f Format, field string) {
		if at, dup := seen[f]; dup {
			wrong(field, f, "already in %s", at)
		}
		seen[f] = field
	}
	list("Formats", c.Formats, once)
	if c.Formats == nil {
		for _, f := range publicFormats(wire.DefaultFormats) {
			seen[f] = "the default Formats"
		}
	}
	list("ReadOnly", c.ReadOnly, func(f Format, field string) {
		if !wire.Format(f).Decodes() {
			wrong(field, f, "names no span, so there is nothing to read; a format that travels belongs in Formats")
		}
		once(f, field)
	})
	readOnly := map[Format]bool{}
	for _, f := range c.ReadOnly {
		readOnly[f] = true
	}
	emitted := map[Format]bool{}
	list("Emit", c.Emit, func(f Format, field string) {
		switch {
		case !wire.Format(f).Encodes():
			wrong(field, f, "cannot be written from a span context")
		case readOnly[f]:
			wrong(field, f, "is in ReadOnly, which is never written")
		case emitted[f]:
			wrong(field, f, "is listed twice")
		}
		emitted[f] = true
	})

	names := map[string]string{}
	for _, l := range []struct {
		field  string
		names  []string
		unsafe bool
	}{{"Headers", c.Headers, false}, {"UnsafeHeaders", c.UnsafeHeaders, true}} {
		for i, name := range l.names {
			field := fmt.Sprintf("%s[%d]", l.field, i)
			if reason := policy.RefuseHeader(name, l.unsafe); reason != "" {
				wrong(field, name, "%s", reason)
			}
			lower := strings.ToLower(name)
			if at, dup := names[lower]; dup {
				wrong(field, name, "already in %s", at)
			}
			names[lower] = field
		}
	}
	keys := map[string]bool{}
	for i, key := range c.RoutingKeys {
		field := fmt.Sprintf("RoutingKeys[%d]", i)
		switch {
		case key == wire.Every:
			wrong(field, key, "would carry all baggage: put Baggage in Formats")
		case !policy.ValidToken(key):
			wrong(field, key, "is no key of baggage (W3C Baggage, section 3.3.1)")
		case keys[key]:
			wrong(field, key, "is listed twice")
		}
		keys[key] = true
	}
	if c.TrustRoutingKeys && len(c.RoutingKeys) == 0 {
		wrong("TrustRoutingKeys", true, "needs RoutingKeys")
	}
	c.validateAliases(func(f Format) bool { return seen[f] != "" || emitted[f] }, names, wrong)
	if n := c.headerCount(); n > maxHeaders {
		wrong("Headers", n, "at most %d names, UnsafeHeaders and HeaderAliases included", maxHeaders)
	}

	if c.GenerateRequestID && seen[RequestID] == "" {
		wrong("GenerateRequestID", true, "needs RequestID in Formats")
	}
	if c.Deferred > Accepted {
		wrong("Deferred", c.Deferred, "must be Denied or Accepted")
	}
	for i, p := range c.Also {
		if v := reflect.ValueOf(p); p == nil || v.Kind() == reflect.Pointer && v.IsNil() {
			wrong(fmt.Sprintf("Also[%d]", i), p, "is nil")
		}
	}
	for _, l := range []struct {
		name  string
		value int
		most  int
	}{
		{"HeaderBytes", c.Limits.HeaderBytes, maxLimit}, {"TotalBytes", c.Limits.TotalBytes, maxLimit},
		{"Lines", c.Limits.Lines, maxLines}, {"MetadataBytes", c.Limits.MetadataBytes, maxLimit},
		{"MessageLines", c.Limits.MessageLines, maxLines}, {"MessageBytes", c.Limits.MessageBytes, maxLimit},
	} {
		if l.value < 0 || l.value > l.most {
			wrong("Limits."+l.name, l.value, "must be 1 to %d, or 0 for the default", l.most)
		}
	}
	c.validateDestinations(wrong)
	return errors.Join(errs...)
}

const (
	maxHeaders = 150     // so that a field number is a byte
	maxLines   = 65535   // of Limits.Lines and MessageLines
	maxLimit   = 1 << 30 // of the others: sizes are added up as ints of 32 bits
)

func (c *Config) headerCount() int {
	return len(c.Headers) + len(c.UnsafeHeaders) + len(c.HeaderAliases)
}

// withDefaults returns the limits with their defaults filled in.
func (l Limits) withDefaults() Limits {
	fill := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	fill(&l.HeaderBytes, defaultLimits.HeaderBytes)
	fill(&l.TotalBytes, defaultLimits.TotalBytes)
	fill(&l.Lines, defaultLimits.Lines)
	fill(&l.MetadataBytes, defaultLimits.MetadataBytes)
	return l
}
