package main

import (
	"fmt"
	"strings"
)

// shown bounds how many kinds of calls are listed.
const shown = 5

// report writes a report for people.
func (p *printer) report(r report) {
	var calls []string
	total := 0
	for _, c := range r.Calls {
		calls = append(calls, c.Call)
		total += c.Times
	}
	fmt.Fprintf(p, "%s to %s caused %s", plural(r.Requests, "request"), r.URL, plural(total, "call"))
	if len(calls) > shown {
		calls = append(calls[:shown], fmt.Sprintf("and %d others", len(calls)-shown))
	}
	if len(calls) > 0 {
		fmt.Fprintf(p, ": %s", strings.Join(calls, ", "))
	}
	fmt.Fprint(p, ".\n\n")
	for _, f := range r.Formats {
		if len(r.Calls) == 0 {
			break
		}
		colour := green
		if !f.OK {
			colour = red
		} else if f.Result == "not carried" {
			colour = yellow
		}
		wanted := ""
		if !f.Wanted {
			wanted = " (optional)"
		}
		fmt.Fprintf(p, "%-*s%s%s\n", len(indent), f.Format, p.paint(colour, f.Result), wanted)
	}
	for _, f := range r.Findings {
		fmt.Fprintln(p)
		p.finding(f)
	}
	for _, n := range r.Notes {
		fmt.Fprintf(p, "\n%s\n", n)
	}
}

func (p *printer) finding(f finding) {
	title := or(f.Header, or(f.Format, "headers")) + " " + f.Kind
	if f.Kind == lostAll {
		title = "all headers lost"
	}
	fmt.Fprint(p, p.paint(red, title))
	if len(f.Calls) > 0 {
		fmt.Fprint(p, " in ", strings.Join(f.Calls, ", "))
	}
	if f.Kind != lostAll {
		fmt.Fprintf(p, " (%s", plural(f.Times, "call"))
		if f.Request != "" {
			fmt.Fprintf(p, "; first when the request had %s", f.Request)
		}
		fmt.Fprint(p, ")")
	}
	fmt.Fprintln(p)
	if f.Sent != nil {
		fmt.Fprintf(p, "  sent     %.200q\n", f.Sent)
	}
	if f.Arrived != nil {
		fmt.Fprintf(p, "  arrived  %.200q\n", f.Arrived)
	}
	for _, text := range []string{f.Detail, f.Rule} {
		if text != "" {
			fmt.Fprintln(p, "  "+text)
		}
	}
}
