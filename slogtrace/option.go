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

// WithBaggage adds the values of some baggage members: at most 16 keys. Keys are matched exactly. A member that the
// context does not have is left out. So is a value with more than 256 bytes, or with a character that is not printable.
//
// The values are those of OpenTelemetry's baggage. The Propagator must carry baggage to have the caller's. List only
// keys that your logs may hold: baggage can have personal data.
func WithBaggage(keys ...string) Option {
	return optionFunc(func(o *options) { o.baggage = append(o.baggage, keys...) })
}

// WithPropagator makes the Handler ask p's Config.LocalSpan for the local span. It is for tracers other than
// OpenTelemetry's. Without this option the Handler asks the Propagator that extracted the record's context. So the
// option is needed only where a span runs in a context without received headers, such as a background job.
//
// What LocalSpan costs is added to each record. LocalSpan must not log with the context that it gets.
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
