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

// Config says what a Propagator carries. Give it to [New]. Start with a Config of package preset, or with the zero
// Config, and set fields only where you need something else.
//
// The zero Config carries the eight most common formats: W3C, B3Single, B3Multi, GRPCTraceBin, CloudTrace,
// OTSpanContext, RequestID and Baggage. It carries them verbatim while no local span of OpenTelemetry runs. If one
// runs, it writes that span into the trace formats.
type Config struct {
	// Formats are the formats to carry: to read and to send. Their order is their precedence. If several formats name
	// a span, RemoteFromContext and OpenTelemetry get the first valid one. nil means the eight default formats. Empty
	// but not nil means none.
	Formats []Format

	// Emit are formats to write in addition to the received formats. Use it if callees need a format that your
	// callers do not send. A format of Emit is written whenever there is a span context with both ids. It has the ids
	// of the local span if one runs, otherwise those of the remote span context. Without a local span, a format of
	// Emit that is carried and was received valid is sent unchanged.
	//
	// nil means that a local span is still written if no received format can carry it. It is then written to the
	// first format of Formats that has an encoder. Empty but not nil means none.
	Emit []Format

	// ReadOnly are formats to read and never to send. They follow Formats in precedence. Use it for the last step of
	// a migration, when callers still send an old format and no callee needs it.
	ReadOnly []Format

	// Headers are further headers to carry verbatim: names, in any case, and patterns. The pattern "x-company-*"
	// stands for all names that begin with "x-company-". A pattern needs at least three characters before the "*". If
	// Headers lists a name, that entry applies. Otherwise the longest matching pattern applies. Limits bound the
	// names that a pattern matches: Extract keeps them in sorted order, after baggage.
	//
	// A name that matches only a pattern and ends in -bin is carried from HTTP to HTTP only. List such a name by
	// itself to carry it over gRPC.
	//
	// New refuses credentials, headers that only a proxy may write, headers of one hop or one message, and the names
	// of formats. A pattern does not carry such names either. For credentials, use UnsafeHeaders. Headers,
	// UnsafeHeaders and HeaderAliases together have at most 150 entries.
	//
	// Headers are user data. They go to internal hosts only, unless a Destination allows more.
	Headers []string

	// UnsafeHeaders are carried as Headers are, but CapturedFromContext does not return them. They are names, not
	// patterns. Only credentials and x-envoy-* are allowed here. New takes a name for a credential also if the name
	// contains a word such as token, secret, password, auth or api-key. A harmless name with such a word belongs
	// here, too.
	//
	// Be careful: with a credential each callee can act as your caller, and x-envoy-* controls proxies.
	//
	// UnsafeHeaders go to internal hosts only, unless a Destination allows more. If a callee redirects to another
	// host, httptrace.Transport does not send them there.
	UnsafeHeaders []string

	// Aliases are further header names for formats, such as "original-traceparent" for W3C. See FormatAlias. nil
	// means none.
	Aliases []FormatAlias

	// HeaderAliases are further headers to carry. Each is sent under another name, or with a default if the request
	// did not have it. See HeaderAlias. nil means none.
	HeaderAliases []HeaderAlias

	// RoutingKeys are keys of baggage members that route a request to a sandbox, such as "sd-routing-key". These
	// members of the baggage header are carried even if Formats does not list Baggage. Other members are not carried
	// then. If Formats lists Baggage, all members are carried, and RoutingKeys has an effect with TrustRoutingKeys
	// only.
	//
	// Keys are compared exactly. Destinations apply to these members as to any baggage: by default, they go to
	// internal hosts only. nil means none. See docs/routing.md for the keys of vendors.
	RoutingKeys []string

	// TrustRoutingKeys carries the members of RoutingKeys also if the caller's baggage is not trusted, as behind
	// httptrace.Edge. Other baggage of such a caller stays withheld. Any caller can then choose the sandbox that
	// handles its request. The trust Ignore withholds these members, too.
	TrustRoutingKeys bool

	// GenerateRequestID makes Extract generate a request id for a request without x-request-id: a random UUID
	// (version 4). Use it at an edge without a proxy that does so. It needs RequestID in Formats. Every Extract then
	// allocates the context node and the id, also if nothing was received.
	GenerateRequestID bool

	// Deferred is the decision to use if the caller left the decision open and it cannot stay open. B3, Datadog,
	// X-Ray, Sentry and Google's header can leave the sampling decision to the receiver. OpenTelemetry, W3C,
	// GRPCTraceBin, Jaeger, OTSpanContext and OTTrace cannot, so they get this decision. The zero value, Deferred,
	// means Denied. The other choice is Accepted.
	//
	// With Denied, a parent-based sampler, OpenTelemetry's default, records nothing of such a trace. It takes Denied
	// for the caller's decision. To record requests whose proxy left the decision open, set Deferred to Accepted.
	//
	// In XRay and CloudTrace an open decision can stay open. But OpenTelemetry's readers of these formats for
	// JavaScript, .NET and Python need a decision. If Deferred is set to Denied or Accepted, Emit writes that
	// decision there as well.
	//
	// A decision that cannot be read counts as open, and as Malformed in Stats.
	Deferred Sampling

	// LocalSpan returns the span that runs in a context. Set it for tracers other than OpenTelemetry's. If no span
	// runs, it returns false, or a span context without both ids. A returned TraceState has only the members that the
	// span adds or changes.
	//
	// nil means OpenTelemetry's active span, if that is valid and not remote. Every Inject calls LocalSpan, so it
	// must be fast and safe for concurrent use. If LocalSpan panics, Inject goes on without a local span, and counts
	// the panic (Panicked).
	LocalSpan func(context.Context) (SpanContext, bool)

	// Also are OpenTelemetry propagators for formats that this package does not have. Extract and Inject call them
	// first, in their order. If they share a field with this Propagator, this Propagator's value prevails. Limits do
	// not bound what they write. New refuses a nil element.
	//
	// None of them may call this Propagator. So do not list otel.GetTextMapPropagator() if this Propagator is set
	// there.
	Also []propagation.TextMapPropagator

	// DropMalformed leaves out a trace format that does not parse, while no local span runs. By default such lines
	// are sent unchanged, and the next proxy decides. Turn it on if a malformed header makes that proxy lose its
	// span: Envoy 1.40 makes no span for a malformed b3, x-b3-parentspanid or traceparent.
	//
	// Each dropped format is counted as Malformed. A format is still sent if its ids parse and its decision cannot be
	// read. A format that is only carried is sent, too. A malformed b3 beside valid x-b3-* is never sent; see Stale.
	DropMalformed bool

	// Reconcile makes the received trace formats agree, while no local span runs. By default received lines are sent
	// byte for byte. Turn it on behind proxies that advance one format and not another, such as two Envoys with
	// different tracers, or Dapr.
	//
	// If received formats of one trace name different spans, Reconcile takes the span context of the first valid
	// format. It writes this span context to each format that names another span. So the first format of Formats must
	// be the one that the proxy before this service advances. Between b3 and x-b3-* the order does not decide. A b3
	// that names a child of the span in x-b3-* is newer. Any other b3 is older.
	//
	// These formats stay unchanged: formats of another trace, formats that agree, formats that name no span, and
	// formats that are only carried. Each corrected format is counted (Reconciled). Reconcile parses the ids of every
	// request, which costs time.
	Reconcile bool

	// ASCIIOnly leaves out values that are not printable ASCII over HTTP, and counts them (Unsendable). Turn it on if
	// a callee refuses requests with such values, as Spring Security's StrictHttpFirewall does. Over gRPC and in
	// messages such values are always left out.
	//
	// If a line with ids or a decision has such a value, the whole trace format is left out. Of tracestate, baggage
	// and Headers only the lines with such a value are left out.
	ASCIIOnly bool

	// Limits bound the headers that this process keeps and sends for one request. The zero value means the defaults.
	Limits Limits

	// Destinations are rules for what may be sent to which hosts. They apply where the host is known: in
	// httptrace.Transport and Rewrite, in package grpctrace, and in InjectHTTPTo and Lines. A host that no rule
	// matches gets user data only if it is internal; see Destination. nil means no rules.
	Destinations []Destination

	// InternalHosts are hosts of your own that Destination does not recognise as internal by their form. It takes the
	// patterns of Destination.Hosts. List these:
	//
	//   - a custom cluster domain ("*.cluster.example")
	//   - the namespaces whose services you call by two labels ("*.default")
	//   - the address range of your pods, if it is not private
	//
	// EKS and GKE may use 100.64.0.0/10 (RFC 6598) for pods. A carrier or an overlay network such as Tailscale may
	// use that range too, so it is not internal unless you list it. nil means no further hosts.
	InternalHosts []string

	// DestinationsReportOnly sends everything to every host. For each header that Destinations would leave out, it
	// counts Disallowed and calls the Observer. Use it to try a policy before you enforce it.
	DestinationsReportOnly bool

	// Observer has functions that the Propagator calls for single requests. nil means none, and costs nothing.
	Observer *Observer
}

// Limits bound the headers that are kept and sent for one request, against hostile callers. A zero field means its
// default. Headers that exceed a limit are left out, a format as a whole, and counted (TooLarge). New refuses a
// negative field, a Lines or MessageLines above 65535, and any other field above 1<<30.
type Limits struct {
	HeaderBytes   int // bytes of all values of one name together; default 8192
	TotalBytes    int // bytes of all kept values of a request, and of names under a prefix or pattern; default 16384
	Lines         int // number of kept header lines of a request; default 64
	MetadataBytes int // bytes added to a gRPC call: name, value and 32 for each line, as HTTP/2 counts; default 4096
	MessageLines  int // number of lines of a message, see Propagator.Lines; default: no limit
	MessageBytes  int // bytes of the names and values of a message; default: no limit
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
