package main

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/compare"
	"github.com/traceferry/traceferry/propagation"
)

// The kinds of findings beside those of package compare, in whose words they are.
const (
	restarted    = "restarted"    // the trace does not go on: the service starts another one
	inconsistent = "inconsistent" // two formats of one call name different spans
	lostAll      = "lost all"     // a call never carries a header
)

// kinds are the kinds of findings, the worst first.
var kinds = []string{
	string(compare.MixedUp), string(compare.Changed), restarted, inconsistent, string(compare.Empty), string(compare.Invented), string(compare.Duplicated), string(compare.Lost),
}

// finding is something that is wrong with calls.
type finding struct {
	Kind    string   `json:"kind"`
	Format  string   `json:"format,omitempty"`
	Header  string   `json:"header,omitempty"`
	Request string   `json:"request,omitempty"` // what the first request with it had
	Calls   []string `json:"calls,omitempty"`   // "GET /details"
	Times   int      `json:"times"`
	Sent    []string `json:"sent,omitempty"`    // to the service, of the first
	Arrived []string `json:"arrived,omitempty"` // at the echo, of the first
	Detail  string   `json:"detail,omitempty"`
	Rule    string   `json:"rule,omitempty"`
}

// judgement compares one call with the request that caused it.
type judgement struct {
	*exam
	x         *exchange
	c         *call
	read      reading     // of the call
	want, got http.Header // what is left to compare
	findings  []finding
	instead   []string // headers of the call that name a new trace, or the trace in another format
	continued []propagation.Format
	starts    []propagation.Format
}

func (d *exam) judge(x *exchange, c *call) *judgement {
	j := &judgement{exam: d, x: x, c: c, read: d.reader.read(c.header())}
	j.want, j.got = compare.Items(x.sent), compare.Items(c.header())
	maps.DeleteFunc(j.got, func(name string, _ []string) bool { return !isTrace(name) })
	if c.GRPC || d.target.grpc {
		j.want, j.got = compare.Unpadded(j.want), compare.Unpadded(j.got)
	}
	sent := d.reader.read(x.sent)
	for _, f := range j.read.Formats {
		i := slices.IndexFunc(sent.Formats, func(s formatRead) bool { return s.format == f.format })
		switch {
		case f.format == propagation.RequestID && i < 0 && f.RequestID != "" && !j.foreign(f.RequestID):
			delete(j.got, "X-Request-Id") // a request without an id may get one
		case !f.sc.IsValid():
		case i < 0:
			j.added(f)
		default:
			j.changed(sent.Formats[i], f)
		}
	}
	for _, f := range compare.Headers(j.want, j.got, j.foreign) {
		j.fault(f.Refine())
	}
	for _, bad := range j.read.Disagreements {
		known := func(f finding) bool { return f.Format == bad.Format }
		if !slices.ContainsFunc(j.findings, known) {
			j.add(finding{Kind: inconsistent, Format: bad.Format, Detail: fmt.Sprintf("In one call %s %v.", bad.Format, bad)})
		}
	}
	return j
}

func (j *judgement) foreign(line string) bool { return j.owners.Foreign(j.x.n, line) }

// added judges a format that names a span and was not sent: the service translates, or has started a trace.
func (j *judgement) added(f formatRead) {
	owner := j.byTrace[f.TraceID]
	switch {
	case owner == j.x && len(j.x.formats) > 0:
		j.instead = append(j.instead, f.Format+" of the same trace")
	case owner != nil:
		j.add(finding{Kind: string(compare.MixedUp), Format: f.Format, Arrived: f.raw(), Detail: "It names the trace of another request."})
	default:
		j.starts = append(j.starts, f.format)
		j.instead = append(j.instead, f.Format+" of a new trace")
	}
	j.settled(f.format)
}

// changed judges a format that names a span and was sent with one.
func (j *judgement) changed(sent, got formatRead) {
	switch owner := j.byTrace[got.TraceID]; {
	case owner != nil && owner != j.x:
		j.add(finding{Kind: string(compare.MixedUp), Format: got.Format, Sent: sent.raw(), Arrived: got.raw(), Detail: "It names the trace of another request."})
	case !sameTrace(sent.sc.TraceID, got.sc.TraceID):
		j.add(finding{Kind: restarted, Format: got.Format, Sent: sent.raw(), Arrived: got.raw(), Detail: "It names another trace: something in the service starts a new one and does not continue the caller's."})
	case sent.sc.SpanID != got.sc.SpanID && (sent.sc.TraceID == got.sc.TraceID || got.format == propagation.OTTrace):
		// A tracer has written its span. Tracers write half of the trace id into ot-tracer-traceid.
		if j.continued = append(j.continued, got.format); got.format == propagation.W3C {
			j.state()
		}
	default:
		return
	}
	j.settled(got.format)
}

// state holds tracestate to its rule: a tracer may put its own member first, and keeps the others in order.
func (j *judgement) state() {
	rest := j.got["Tracestate"]
	for _, member := range j.want["Tracestate"] {
		i := slices.Index(rest, member)
		if i < 0 {
			j.add(finding{
				Kind: string(compare.Lost), Format: propagation.W3C.String(), Header: "tracestate", Sent: j.want["Tracestate"], Arrived: j.got["Tracestate"],
				Detail: fmt.Sprintf("The member %q is not there, or not in its place.", member),
			})
			return
		}
		rest = rest[i+1:]
	}
}

// settled removes the headers of a format, except its baggage, from what is left to compare.
func (j *judgement) settled(f propagation.Format) {
	for _, name := range f.Fields() {
		delete(j.want, http.CanonicalHeaderKey(name))
		delete(j.got, http.CanonicalHeaderKey(name))
	}
}

func (j *judgement) fault(f compare.Fault) {
	made := finding{Kind: string(f.Kind), Header: strings.ToLower(f.Header), Sent: f.Want, Arrived: f.Got, Detail: f.Detail}
	made.Format = formatOf(made.Header).String()
	if f.Kind == compare.Lost && len(f.Got) == 0 && len(j.instead) > 0 {
		made.Detail = "The call has " + strings.Join(j.instead, " and ") + " instead."
	}
	j.add(made)
}

func (j *judgement) add(f finding) {
	f.Request, f.Times = j.x.name, 1
	f.Calls = []string{strings.ReplaceAll(j.c.what(), j.x.id(), placeholder)}
	f.Rule = compare.Rule(f.Header)
	j.findings = append(j.findings, f)
}
