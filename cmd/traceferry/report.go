package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/compare"
	"github.com/traceferry/traceferry/propagation"
)

// report is what a doctor found.
type report struct {
	URL      string         `json:"url"`
	Status   string         `json:"status"` // of the first answer
	Requests int            `json:"requests"`
	Calls    []callCount    `json:"calls"`
	Formats  []formatResult `json:"formats"`
	Findings []finding      `json:"findings"`
	Notes    []string       `json:"notes"`
	OK       bool           `json:"ok"`
}

// callCount says how often a call arrived.
type callCount struct {
	Call  string `json:"call"`
	Times int    `json:"times"`
}

// formatResult is what became of one header format.
type formatResult struct {
	Format string `json:"format"`
	Wanted bool   `json:"wanted"`
	Result string `json:"result"` // "carried", "continued", "not carried", or the kinds of the findings
	OK     bool   `json:"ok"`
}

// summary collects the judgements of all calls.
type summary struct {
	report
	arrived   map[propagation.Format]bool
	continued map[propagation.Format]bool
	starts    map[propagation.Format]bool
	lines     map[string]int // trace headers that arrived, by call
	checked   map[string]int // calls of requests with headers, by call
}

// report judges all calls.
func (d *exam) report() report {
	s := &summary{
		arrived: map[propagation.Format]bool{}, continued: map[propagation.Format]bool{}, starts: map[propagation.Format]bool{},
		lines: map[string]int{}, checked: map[string]int{},
	}
	s.URL, s.Status, s.Requests = d.target.url, d.exchanges[0].status, len(d.exchanges)
	s.Calls, s.Formats, s.Findings, s.Notes = []callCount{}, []formatResult{}, []finding{}, []string{}
	failed := 0
	for _, x := range d.exchanges {
		if x.err != nil {
			failed++
		}
		for i := range x.calls {
			s.call(d.judge(x, &x.calls[i]))
		}
	}
	s.swapped(d)
	s.silent()
	for _, f := range propagation.AllFormats() {
		s.format(f, slices.Contains(d.wanted, f))
	}
	s.notes(d, failed)
	s.OK = len(s.Findings) == 0 && len(s.Calls) > 0 && failed == 0
	return s.report
}

// call adds what was found about one call.
func (s *summary) call(j *judgement) {
	what := strings.ReplaceAll(j.c.what(), j.x.id(), placeholder)
	i := slices.IndexFunc(s.Calls, func(c callCount) bool { return c.Call == what })
	if i < 0 {
		s.Calls, i = append(s.Calls, callCount{Call: what}), len(s.Calls)
	}
	s.Calls[i].Times++
	for _, f := range j.read.Formats {
		if slices.Contains(j.x.formats, f.format) {
			s.arrived[f.format] = true
			s.lines[what] += len(f.Headers)
		}
	}
	if len(j.x.formats) > 0 {
		s.checked[what]++
	}
	for _, f := range j.continued {
		s.continued[f] = true
	}
	for _, f := range j.starts {
		s.starts[f] = true
	}
	for _, f := range j.findings {
		s.add(f)
	}
}

// add adds a finding, equal ones once.
func (s *summary) add(f finding) {
	i := slices.IndexFunc(s.Findings, func(o finding) bool { return o.Kind == f.Kind && o.Format == f.Format && o.Header == f.Header })
	if i < 0 {
		s.Findings = append(s.Findings, f)
		return
	}
	first := &s.Findings[i]
	first.Times += f.Times
	for _, c := range f.Calls {
		if !slices.Contains(first.Calls, c) {
			first.Calls = append(first.Calls, c)
		}
	}
}

// swapped finds requests at once of which one has calls too many and another has calls too few: a call has all headers
// of another request, so that each call is right by itself.
func (s *summary) swapped(d *exam) {
	more, fewer := 0, 0
	for _, x := range d.exchanges {
		switch {
		case x.err != nil:
		case !x.atOnce && len(x.calls) != d.usual:
			return // the numbers say nothing
		case !x.atOnce:
		case len(x.calls) > d.usual:
			more++
		case len(x.calls) < d.usual:
			fewer++
		}
	}
	if more > 0 && fewer > 0 && d.nameless == 0 {
		s.add(finding{Kind: string(compare.MixedUp), Times: more, Detail: fmt.Sprintf(
			"Each request makes %s. Of %d requests at once, %d made more and %d fewer: calls of one request have the headers of another.",
			plural(d.usual, "call"), atOnce, more, fewer)})
	}
}

// silent replaces the lost headers of a call that never carries one by one finding.
func (s *summary) silent() {
	var never []string
	for _, c := range s.Calls {
		if s.checked[c.Call] > 0 && s.lines[c.Call] == 0 {
			never = append(never, c.Call)
		}
	}
	if len(never) == 0 {
		return
	}
	isNever := func(c string) bool { return slices.Contains(never, c) }
	for i := range s.Findings {
		if f := &s.Findings[i]; f.Kind == string(compare.Lost) {
			f.Calls = slices.DeleteFunc(f.Calls, isNever)
		}
	}
	s.Findings = slices.DeleteFunc(s.Findings, func(f finding) bool { return f.Kind == string(compare.Lost) && len(f.Calls) == 0 })
	s.Findings = append([]finding{{
		Kind: lostAll, Calls: never, Times: len(never),
		Detail: "No request's headers arrive in this call. Either its client does not carry headers, or its context is not the request's.",
	}}, s.Findings...)
}

// format sums up what was found about a format. A format that is not wanted may be lost everywhere.
func (s *summary) format(f propagation.Format, wanted bool) {
	about := func(o finding) bool { return o.Format == f.String() }
	if !wanted && !s.arrived[f] {
		s.Findings = slices.DeleteFunc(s.Findings, func(o finding) bool { return about(o) && o.Kind == string(compare.Lost) })
	}
	var found []string
	for _, kind := range kinds {
		if slices.ContainsFunc(s.Findings, func(o finding) bool { return about(o) && o.Kind == kind }) {
			found = append(found, kind)
		}
	}
	out := formatResult{Format: f.String(), Wanted: wanted, Result: strings.Join(found, ", ")}
	switch {
	case len(s.Calls) == 0:
		out.Result = "unknown"
	case len(found) == 1 && found[0] == string(compare.Lost) && s.arrived[f]:
		out.Result = "partly lost"
	case len(found) > 0:
	case !s.arrived[f] && wanted:
		out.Result = string(compare.Lost)
	case !s.arrived[f]:
		out.Result, out.OK = "not carried", true
	case slices.ContainsFunc(s.Findings, func(o finding) bool { return o.Kind == lostAll }):
		out.Result = "partly lost"
	case s.continued[f]:
		out.Result, out.OK = "continued", true
	default:
		out.Result, out.OK = "carried", true
	}
	s.Formats = append(s.Formats, out)
}

// notes says what else a reader must know.
func (s *summary) notes(d *exam, failed int) {
	note := func(format string, args ...any) { s.Notes = append(s.Notes, fmt.Sprintf(format, args...)) }
	if len(s.Calls) == 0 && d.strays == 0 {
		note("No call reached the echo at %s, so nothing can be said. Make the service's next hop that address, and choose a URL that makes it call. The service answered %q.",
			d.recordings.url, s.Status)
	}
	if failed > 0 {
		note("%s had no answer.", plural(failed, "request"))
	}
	if d.strays > 0 {
		note("Others call the echo, too. %s without a header or an id of these requests did not count. Stop the others, or put %s into the URL where the service passes it on.",
			plural(d.strays, "call"), placeholder)
	}
	var own []string
	for _, f := range propagation.AllFormats() {
		if s.continued[f] || s.starts[f] {
			own = append(own, f.String())
		}
	}
	if len(own) > 0 {
		note("Something between doctor and echo writes spans of its own into %s: a tracer in the service, or a proxy.", strings.Join(own, ", "))
	}
}
