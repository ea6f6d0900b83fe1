package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/traceferry/traceferry/propagation"
)

// indent is the place of the second column.
const indent = "               "

// reading writes a reading as a block.
func (p *printer) reading(r reading) {
	if r.Where != "" {
		fmt.Fprintf(p, "%s\n", r.Where)
	}
	for _, f := range r.Formats {
		p.format(f)
		for _, problem := range f.Problems {
			fmt.Fprintln(p, indent+p.paint(red, problem+problems[problem]))
		}
		for _, d := range r.Disagreements {
			if d.Format == f.Format {
				fmt.Fprintln(p, indent+p.paint(red, d.String()))
			}
		}
	}
	p.verdict(r)
}

// problems say what a problem means.
var problems = map[string]string{
	propagation.Malformed.String(): ": it cannot be read in full",
	propagation.Duplicate.String(): ": a header that may occur once occurs more often",
	propagation.TooLarge.String():  ": it exceeds the limits of propagation.Config",
	propagation.Stale.String():     ": it is older than x-b3-*, so a service must not send it on",
}

func (d disagreement) String() string {
	switch d.In {
	case "decision":
		return "decides otherwise than " + d.With
	case "span":
		return "names another span of the same trace as " + d.With
	}
	return "names another trace than " + d.With
}

// format writes what one format says: a line with ids, and what else is known below it.
func (p *printer) format(f formatRead) {
	var rest []string
	switch {
	case f.says:
		rest = append(rest, fmt.Sprintf("%-32s  %-16s  %s", or(f.TraceID, "no trace id"), or(f.SpanID, "no span id"), f.Sampling))
	case f.RequestID != "" && f.TraceReason != "":
		rest = append(rest, f.RequestID+"  Envoy's reason to trace: "+f.TraceReason)
	case f.RequestID != "":
		rest = append(rest, f.RequestID)
	case len(f.Baggage) == 0:
		rest = append(rest, f.raw()...)
	}
	if f.ParentID != "" {
		rest = append(rest, "parent "+f.ParentID)
	}
	if f.Random {
		rest = append(rest, "the id is random (W3C level 2)")
	}
	if f.Made != nil {
		rest = append(rest, fmt.Sprintf("made %s, %s", f.Made.Format("2006-01-02 15:04:05 MST"), ago(now().Sub(*f.Made))))
	}
	if f.TraceState != "" {
		rest = append(rest, "tracestate "+strconv.QuoteToASCII(f.TraceState))
	}
	for _, m := range f.Baggage {
		rest = append(rest, fmt.Sprintf("%+q = %+q", m.Key, m.Value))
	}
	for i, text := range rest {
		name := f.Format
		if i > 0 {
			name = ""
		}
		fmt.Fprintf(p, "%-*s%s\n", len(indent), name, text)
	}
}

// raw returns the lines of a format, quoted.
func (f formatRead) raw() (lines []string) {
	for _, l := range f.Headers {
		lines = append(lines, fmt.Sprintf("%s: %.300s", l.Name, strconv.QuoteToASCII(l.Value)))
	}
	return lines
}

// verdict writes whether the formats agree.
func (p *printer) verdict(r reading) {
	spans := map[string]int{}
	n := 0
	for _, f := range r.Formats {
		if f.SpanID != "" {
			spans[f.SpanID]++
			n++
		}
	}
	switch {
	case len(r.Disagreements) > 0:
		fmt.Fprintln(p, p.paint(red, "The formats disagree.")+" A service that reads them all follows "+r.Winner+".")
	case !r.OK:
		fmt.Fprintln(p, p.paint(red, "Not all headers can be read."))
	case n > 1 && len(spans) == 1:
		fmt.Fprintln(p, p.paint(green, fmt.Sprintf("%d formats name the same span.", n)))
	case n > 1:
		fmt.Fprintln(p, p.paint(green, fmt.Sprintf("%d formats agree.", n)))
	}
}

// inOneLine writes a reading without disagreements.
func (p *printer) inOneLine(r reading) {
	var names []string
	ids, reason := "", ""
	for _, f := range r.Formats {
		names = append(names, f.Format)
		if f.Format == r.Winner {
			ids = fmt.Sprintf("  %s %s %s", or(f.TraceID, "no trace id"), or(f.SpanID, "no span id"), f.Sampling)
		}
		if f.TraceReason != "" {
			reason = "  Envoy: " + f.TraceReason
		}
	}
	fmt.Fprintf(p, "%s:%s  (%s)%s\n", r.Where, ids, strings.Join(names, ", "), reason)
}

func or(s, empty string) string {
	if s == "" {
		return empty
	}
	return s
}

const year = 365 * 24 * time.Hour

// ago returns how long ago something was, in one unit.
func ago(d time.Duration) string {
	switch {
	case d < 0:
		return "in the future"
	case d < 2*time.Minute:
		return plural(int(d.Seconds()), "second") + " ago"
	case d < 2*time.Hour:
		return plural(int(d.Minutes()), "minute") + " ago"
	case d < 48*time.Hour:
		return plural(int(d.Hours()), "hour") + " ago"
	case d < 2*year:
		return plural(int(d.Hours()/24), "day") + " ago"
	}
	return plural(int(d/year), "year") + " ago"
}
