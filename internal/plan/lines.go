package plan

import (
	"context"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/capture"
	"go.opentelemetry.io/otel/propagation"
)

// ExtractLines is propagation.Propagator.ExtractLines.
func (p *Engine) ExtractLines(ctx context.Context, lines iter.Seq2[string, string]) context.Context {
	e := capture.Extraction{P: p.inbound(), Ctx: capture.OrBackground(ctx)}
	names, m := e.P.ReadMetadata, map[string][]string{}
	others := propagation.HeaderCarrier{}
	if lines != nil {
		for name, value := range lines { // the strings may change with the next line
			if key, ok := names.Key(name); ok {
				m[key] = append(m[key], strings.Clone(value))
			} else if len(e.P.Also) > 0 {
				others.Set(strings.Clone(name), strings.Clone(value))
			}
		}
	}
	if len(e.P.Also) > 0 {
		for key, vals := range m {
			others.Set(key, vals[0])
		}
		e.ExtractAlso(others)
	}
	return e.ExtractMap(m, names)
}

// Lines is propagation.Propagator.Lines.
func (p *Engine) Lines(ctx context.Context, destination string) iter.Seq2[string, string] {
	ctx = capture.OrBackground(ctx)
	if unclear(destination) {
		destination = ""
	}
	var to Callee = namedCallee{host: destination}
	return func(yield func(string, string) bool) {
		if p.isZero() {
			return
		}
		var o plan
		if o.read(p, ctx); !o.build(ctx, p, overMessage, to) {
			p.in.Meter.CountNothing(ctx)
		} else if !o.yieldLines(yield) {
			return
		}
		if len(p.in.Also) > 0 && p.alsoMay(to) {
			p.alsoLines(ctx, yield)
		}
	}
}

// unclear reports whether a destination may be a topic that hostmatch does not recognise as one. These are several
// destinations, a topic without a name, and a topic whose name has digits only. hostmatch would read such a name as the
// port of an internal host.
func unclear(destination string) bool {
	system, name, ok := strings.Cut(destination, ":")
	return strings.Contains(destination, ",") || ok && !strings.Contains(system, ".") && strings.Trim(name, "0123456789") == ""
}

// yieldLines yields the plan's lines. It reports whether yield wants more.
func (o *plan) yieldLines(yield func(name, value string) bool) bool {
	any := false
	defer func() {
		o.report()
		o.noteCall(any)
	}()
	var at cursor
	var e entry
	var lost tally
	for o.next(&at, &e) {
		lost.count(o, &e)
		any = any || e.values != nil
		for _, v := range e.values {
			if !yield(e.lower(), v) {
				return false
			}
		}
	}
	return true
}

// alsoLines yields what the propagators of Config.Also write under names that are not the Engine's own.
func (p *Engine) alsoLines(ctx context.Context, yield func(name, value string) bool) {
	others := propagation.MapCarrier{}
	p.writeAlso(ctx, others)
	for _, name := range slices.Sorted(maps.Keys(others)) {
		if _, ours := p.sentMetadata.Owner(name); !ours && !yield(strings.ToLower(name), others[name]) {
			return
		}
	}
}
