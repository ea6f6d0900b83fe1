package propagationtest

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/compare"
	"github.com/traceferry/traceferry/internal/samples"
	"github.com/traceferry/traceferry/propagation"
)

// spans judges the trace headers of a service with a tracer and removes them from want and got. What stays must
// arrive as it came.
func (j judgement) spans(want, got http.Header) (out []Failure) {
	handed := spansOf(want)
	var first *named
	for _, f := range propagation.AllFormats() {
		name := samples.SpanHeader(f.String())
		if name == "" || !slices.Contains(j.m.conf.formats, f) && !slices.Contains(j.m.conf.added, f) {
			continue
		}
		header := http.CanonicalHeaderKey(name)
		s, ok := spanOf(f, got)
		switch {
		case ok:
			if first == nil {
				first = &s
			}
			out = append(out, j.span(s, *first, handed, got)...)
		case got[header] != nil:
			out = append(out, Failure{Kind: Changed, Header: name, Want: want[header], Got: got[header], Detail: "It names no span."})
		case want[header] != nil && j.call.callee.external == "":
			out = append(out, Failure{Kind: Lost, Header: name, Want: want[header]})
		}
		if f == propagation.W3C {
			out = append(out, j.state(want, got)...)
		}
		for _, h := range []http.Header{want, got} {
			maps.DeleteFunc(h, func(name string, _ []string) bool { return of(f, name) })
		}
	}
	sortBaggage(want, got)
	return out
}

// span judges one format. first is the span of the first format of the same call.
func (j judgement) span(s, first named, handed []named, got http.Header) []Failure {
	f := Failure{Kind: Inconsistent, Header: s.header, Got: got.Values(s.header)}
	from := j.x.from
	switch {
	case len(handed) > 0 && !sameTrace(s.trace, handed[0].trace):
		if id, ok := j.m.owners.Owner(s.trace); ok && id != j.x.id {
			f.Kind = MixedUp
		}
		f.Detail = fmt.Sprintf("It names the trace %s, and the request's is %s.", s.trace, handed[0].trace)
	case !sameTrace(s.trace, first.trace):
		f.Detail = fmt.Sprintf("It names the trace %s, and %s names %s.", s.trace, first.header, first.trace)
	case s.span != first.span:
		f.Detail = fmt.Sprintf("It names the span %s, and %s names %s.", s.span, first.header, first.span)
	case s.span == s.parent:
		f.Detail = "The span is its own parent."
	case s.parent != "" && s.span != from.SpanID() && s.parent == from.ParentID():
		f.Detail = "The parent is that of the caller's span, which is not the parent of a new span."
	default:
		return nil
	}
	return []Failure{f}
}

// state holds tracestate to its rule: a tracer may put its own member first, and keeps the others in order.
func (j judgement) state(want, got http.Header) []Failure {
	w, g := compare.Items(want)["Tracestate"], compare.Items(got)["Tracestate"]
	rest := g
	for _, member := range w {
		i := slices.Index(rest, member)
		if i < 0 && j.call.callee.external == "" {
			return []Failure{{Kind: Lost, Header: "tracestate", Want: w, Got: g, Detail: fmt.Sprintf("The member %q is not there, or not in its place.", member)}}
		}
		rest = rest[i+1:]
	}
	return nil
}

// sortBaggage gives the members of baggage one order and one spelling: OpenTelemetry keeps neither.
func sortBaggage(headers ...http.Header) {
	for _, h := range headers {
		lines := compare.Items(h)["Baggage"]
		if lines == nil {
			continue
		}
		members := make([]string, len(lines))
		for i, l := range lines {
			members[i] = l
			if decoded, err := url.PathUnescape(l); err == nil {
				members[i] = decoded
			}
		}
		slices.Sort(members)
		h["Baggage"] = members
	}
}

// agrees reports whether a format names the trace that the service got.
func agrees(f propagation.Format, got, handed http.Header) bool {
	s, ok := spanOf(f, got)
	if samples.SpanHeader(f.String()) == "" {
		return false
	}
	for _, h := range spansOf(handed) {
		return ok && sameTrace(s.trace, h.trace)
	}
	return false
}

// private finds what must not reach a callee of somebody else, and removes it.
func (j judgement) private(got http.Header) (out []Failure) {
	for _, h := range []http.Header{got, j.call.header} {
		for name, lines := range h {
			mine := func(l string) bool { return slices.Contains(j.x.creds[name], l) }
			if !j.m.ofHeaders(name) && !slices.ContainsFunc(lines, mine) && !userData(name) {
				continue
			}
			if out == nil || !slices.ContainsFunc(out, func(f Failure) bool { return strings.EqualFold(f.Header, name) }) {
				out = append(out, Failure{Kind: ToExternal, Header: strings.ToLower(name), Got: lines,
					Rule: "Credentials and data about users must not reach hosts of others. Redirects count, too."})
			}
			delete(got, name)
		}
	}
	slices.SortFunc(out, func(a, b Failure) int { return strings.Compare(a.Header, b.Header) })
	return out
}

// userData reports whether a header of a format holds data of the application, or orders to proxies.
func userData(name string) bool {
	name = strings.ToLower(name)
	return slices.Contains([]string{"baggage", "jaeger-baggage", "correlation-context", "sw8-correlation", "x-envoy-force-trace"}, name) ||
		strings.HasPrefix(name, "uberctx-") || strings.HasPrefix(name, "ot-baggage-")
}
