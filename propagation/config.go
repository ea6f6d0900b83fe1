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

// Config says what a Propagator carries. The zero Config carries the eight formats
// met most: W3C, B3Single, B3Multi, GRPCTraceBin,
// CloudTrace, OTSpanContext, RequestID and Baggage, verbatim while no span of
// OpenTelemetry's runs here, rewritten to name that span while one does. Package preset
// has a Config for each mesh.
type Config struct {
	// Formats are carried: read, and sent on. Their order is the precedence: where
	// several name a span, the first valid one is what RemoteFromContext and
	// OpenTelemetry see. nil: the default above; empty, not nil: none.
	Formats []Format

	// Emit are written from the span context whenever there is one with both ids,
	// beside what came in: from the local span if there is one, else translated from
	// what came. A format of Emit that came in, is carried and is valid goes as it
	// came while there is no local span. nil: where a local span would leave in no
	// format at all, the first of Formats that can be written; empty, not nil: none.
	Emit []Format

	// ReadOnly are read, after Formats in precedence, and never sent: the last step
	// of a migration.
	ReadOnly []Format

	// Headers are further headers to carry verbatim: names, in any case, and patterns. The pattern "x-company-*"
	// stands for all names that begin with "x-company-"; it needs three characters before the "*". Limits bound
	// what it matches: names are kept in sorted order, after baggage. Of several patterns the longest decides, and a
	// listed name decides before any. A name under a pattern that ends in -bin travels from HTTP to HTTP only:
	// list it by itself.
	//
	// New refuses credentials, what only a proxy may say, what belongs to one hop or one message, and the names of
	// formats. Such a name does not come through a pattern either. For credentials there is UnsafeHeaders. Where no
	// Destination says otherwise Headers go to internal hosts only.
	Headers []string

	// UnsafeHeaders are carried as Headers are, and withheld from CapturedFromContext. They are names, not
	// patterns. Only credentials and x-envoy-* may stand here: a credential lets each callee act as your caller, and
	// x-envoy-* steers proxies. A credential is also what New takes for one by a word in its name, such as token,
	// secret, password, auth or api-key; a harmless name of that kind belongs here too. As Headers they go to internal
	// hosts only, where no Destination says otherwise; and httptrace.Transport does not send them on to another host
	// when a callee redirects there.
	UnsafeHeaders []string

	// GenerateRequestID lets Extract make a random UUID (version 4) where no
	// x-request-id came in. It needs RequestID among Formats. A request is then never
	// "nothing to carry": Extract allocates the node and the id.
	GenerateRequestID bool

	// Deferred is what a caller's open decision becomes where it cannot stay open: in
	// OpenTelemetry, W3C, GRPCTraceBin, OTSpanContext, Jaeger and OTTrace. The zero
	// value, Deferred, means Denied; the other choice is Accepted. A parent-based
	// sampler takes Denied for the caller's word and records nothing of such a trace.
	//
	// In XRay and CloudTrace an open decision can stay open, but OpenTelemetry's readers of them for JavaScript, .NET
	// and Python want a word. If Deferred is set to Denied or Accepted, Emit writes that word there as well.
	Deferred Sampling

	// LocalSpan returns the span that runs in a context, for tracers other than
	// OpenTelemetry's; false, or a span context without both ids, where there is none. A
	// TraceState that it returns is what the span adds to the list or changes there. It is called
	// by every Inject and must be safe for all goroutines. nil: OpenTelemetry's active
	// span, if it is valid and not remote. Where it panics there is no span, and the panic is counted (Panicked).
	LocalSpan func(context.Context) (SpanContext, bool)

	// Also are OpenTelemetry propagators for formats that are not ours. Extract and Inject call
	// them first, in their order; where their fields are also ours, ours prevail. What they write
	// is theirs: Limits do not bound it. None may call this Propagator back: not
	// otel.GetTextMapPropagator(), if this one is set there.
	Also []propagation.TextMapPropagator

	// DropMalformed leaves out a trace format that does not parse, while there is no local span. It is off by default:
	// such lines travel as they came, as the proxy that reads them decides. Turn it on where one that cannot be read
	// costs the proxy its span: Envoy 1.40 makes none for a malformed b3, x-b3-parentspanid or traceparent. Each is
	// counted as Malformed. A format whose ids parse is sent, also if its decision cannot be read; so is a format
	// that is only carried. (A malformed b3 beside valid x-b3-* is never sent; see Stale.)
	DropMalformed bool

	// Reconcile makes the received trace formats agree, while there is no local span. It is off by default: received
	// lines go out byte for byte. Turn it on behind proxies that advance one format and leave another behind, such as two
	// Envoys with different tracers, or Dapr. Where received formats of one trace name different spans, the span context
	// of the first valid format in the order of precedence is written to each that names another span. The order matters: put the
	// format first that the proxy before this service advances. Between b3 and x-b3-* the span decides instead: a b3
	// that names the child of the span in x-b3-* is newer, any other is older. Formats of another trace stay as they came, and so do
	// formats that agree, that name no span, or that are only carried. Each corrected format is counted (Reconciled).
	// It costs time: the ids of every request are parsed.
	Reconcile bool

	// ASCIIOnly leaves out values that are not printable ASCII over HTTP, too, as is always done over gRPC, and
	// counts them (Unsendable). Turn it on if a callee refuses requests with such values, as Spring Security's
	// StrictHttpFirewall does. A trace format with such a value is left out whole; of tracestate, baggage and Headers
	// only the lines are that hold it.
	ASCIIOnly bool

	// Limits bound what one request may make this process keep and send.
	Limits Limits

	// Destinations say what may go to which hosts, where those are known: by httptrace.Transport and
	// Rewrite, and by package grpctrace. Without any, and for hosts that no rule names, user data
	// goes to internal hosts only; see Destination.
	Destinations []Destination

	// InternalHosts adds to the hosts that are internal by their form (see Destination). The patterns are those of
	// Destination.Hosts. List a custom cluster domain ("*.cluster.example"), the namespaces whose services you call by
	// two labels ("*.default"), and the range of your pods if it is not private: EKS and GKE may use 100.64.0.0/10
	// (RFC 6598). A carrier or an overlay network such as Tailscale may use that range too, so it is not internal
	// unless you list it. nil: none.
	InternalHosts []string

	// DestinationsReportOnly lets everything be sent, and counts and observes (Disallowed) what would
	// not have been: to see what a policy would do.
	DestinationsReportOnly bool

	// Observer hears of single requests; nil costs nothing.
	Observer *Observer
}

// Limits bound what is kept of one request. A zero field is its default; a negative
// one is a mistake. What does not fit is left out, a format whole, and counted.
type Limits struct {
	HeaderBytes   int // all lines of one name together; default 8192
	TotalBytes    int // all that is kept of a request, names under a prefix included; default 16384
	Lines         int // header lines of a request; default 64, at most 65535
	MetadataBytes int // added to a gRPC call, counted as HTTP/2 does: name, value and 32 for each line; default 4096
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
	if n := len(c.Headers) + len(c.UnsafeHeaders); n > maxHeaders {
		wrong("Headers", n, "at most %d names, UnsafeHeaders included", maxHeaders)
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
	maxLines   = 65535   // of Limits.Lines
	maxLimit   = 1 << 30 // of the others: sizes are added up as ints of 32 bits
)

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
