package slogtrace

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"unicode"

	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/propagation"
)

// Option changes what [New] makes.
type Option interface{ apply(*options) }

type options struct {
	fields  Fields
	baggage []string
	engine  *plan.Engine
}

type optionFunc func(*options)

func (f optionFunc) apply(o *options) { f(o) }

// WithFields sets the names of the added attributes. The default is [Plain].
func WithFields(f Fields) Option { return optionFunc(func(o *options) { o.fields = f }) }

// WithBaggage adds the values of the baggage members with these keys, at most 16. Keys are matched exactly, and none may
// be empty. A member that the context does not have is left out. So is an empty value, a value with more than 256 bytes,
// and a value with a character that is not printable. Fields.Baggage sets the names. If you pass the option several
// times, the keys add up.
//
// The values are those of OpenTelemetry's baggage in the context. Baggage of the caller is there if the Propagator
// carries baggage. List only keys that your logs may hold: baggage can have personal data.
func WithBaggage(keys ...string) Option {
	return optionFunc(func(o *options) { o.baggage = append(o.baggage, keys...) })
}

// WithPropagator makes the Handler ask p's Config.LocalSpan for the local span. It is for tracers other than
// OpenTelemetry's. Without this option the Handler asks the Propagator that extracted the record's context. So you need
// the option only if a span runs in a context without received headers, as in a background job.
//
// Each record then costs a call of LocalSpan. LocalSpan must not log with the context that it gets, because that would
// call LocalSpan again.
func WithPropagator(p *propagation.Propagator) Option {
	return optionFunc(func(o *options) { o.engine = (*plan.Engine)(p) })
}

const maxBaggage = 16

// compile checks the options. Its error joins all mistakes.
func (o *options) compile() (*source, error) {
	var mistakes []error
	wrong := func(option, value, reason string) {
		mistakes = append(mistakes, fmt.Errorf("slogtrace: %s: %q: %s", option, value, reason))
	}
	s := &source{engine: o.engine, prefix: o.fields.TracePrefix, decimal: o.fields.Decimal, keys: o.baggage}
	s.names = []string{traceID: o.fields.TraceID, spanID: o.fields.SpanID, flags: o.fields.Flags, sampled: o.fields.Sampled, requestID: o.fields.RequestID}
	if !slices.ContainsFunc(s.names, func(name string) bool { return name != "" }) && len(o.baggage) == 0 {
		wrong("WithFields", "", "no field has a name")
	}
	if unsafePrefix := strings.ContainsFunc(s.prefix, func(r rune) bool { return r == ' ' || !unicode.IsPrint(r) }); unsafePrefix {
		wrong("WithFields: TracePrefix", s.prefix, "a space, or a character that is not printable")
	}
	for _, key := range o.baggage {
		if key == "" {
			wrong("WithBaggage", key, "an empty key")
		}
		s.names = append(s.names, o.fields.Baggage+key)
	}
	if len(o.baggage) > maxBaggage {
		wrong("WithBaggage", o.baggage[maxBaggage], fmt.Sprintf("more than %d keys", maxBaggage))
	}
	for i, name := range s.names {
		switch {
		case name == "":
		case slices.Contains(s.names[:i], name):
			wrong("WithFields", name, "two attributes have this name")
		case name == slog.TimeKey || name == slog.LevelKey || name == slog.MessageKey || name == slog.SourceKey:
			wrong("WithFields", name, "slog has an attribute of this name")
		}
	}
	return s, errors.Join(mistakes...)
}
