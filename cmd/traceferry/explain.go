package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/propagation"
)

// explanation is the JSON of what a service would do with the headers of one request.
type explanation struct {
	Where      string       `json:"where,omitempty"`
	Host       string       `json:"host"`
	Internal   bool         `json:"internal"`
	Rule       string       `json:"rule,omitempty"`
	Winner     string       `json:"winner,omitempty"`
	TraceID    string       `json:"trace_id,omitempty"`
	SpanID     string       `json:"span_id,omitempty"`
	Sampling   string       `json:"sampling,omitempty"`
	Received   []formatSays `json:"received"`
	Headers    []headerFate `json:"headers"`
	NotCarried []uncarried  `json:"not_carried"`
	text       string       // of propagation.Explanation
}

type formatSays struct {
	Format string `json:"format"`
	Says   string `json:"says"`
}

type headerFate struct {
	Name     string `json:"name"`
	Format   string `json:"format"`
	Received string `json:"received,omitempty"`
	Sent     string `json:"sent,omitempty"`
	Goes     bool   `json:"goes"`
	Fate     string `json:"fate"`
}

// uncarried is a received header that the Config does not carry.
type uncarried struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

func explain(_ context.Context, e *env, args []string) (int, error) {
	fs := newFlags("explain")
	var in input
	var hosts list
	fs.StringVar(&in.file, "f", "", "")
	fs.Var(&hosts, "host", "")
	presetName := fs.String("preset", "", "")
	configFile := fs.String("config", "", "")
	asJSON := fs.Bool("json", false, "")
	rest, err := parse(fs, args)
	if err != nil {
		return usage, err
	}
	if in.args = rest; len(hosts) == 0 {
		return usage, usagef("to which host? For example -host api.example.com")
	}
	x, err := newExplainer(*presetName, *configFile)
	if err != nil {
		return usage, err
	}
	found := 0
	err = in.each(e, func(rec record) error {
		if rec.response {
			return nil
		}
		for _, host := range hosts {
			if found++; found > 1 && !*asJSON {
				fmt.Fprintln(e.out)
			}
			made := x.explain(rec.header, host)
			if made.Where = rec.where; *asJSON {
				e.out.json(made)
			} else {
				e.out.explanation(made)
			}
		}
		return nil
	})
	if err == nil && found == 0 {
		err = errors.New("the input has no headers")
	}
	if err != nil {
		return usage, err
	}
	return good, nil
}

// explainer explains what a Config does.
type explainer struct {
	p    *propagation.Propagator
	seen []seen // by the Extract that runs
}

// seen is what Extract counted.
type seen struct {
	format  propagation.Format
	outcome propagation.Outcome
}

func newExplainer(presetName, configFile string) (*explainer, error) {
	config, err := newConfig(presetName, configFile)
	if err != nil {
		return nil, err
	}
	x := &explainer{}
	config.Observer = &propagation.Observer{Outcome: func(_ context.Context, f propagation.Format, o propagation.Outcome) {
		x.seen = append(x.seen, seen{f, o})
	}}
	x.p, err = propagation.New(config)
	return x, err
}

func (x *explainer) explain(h http.Header, host string) explanation {
	x.seen = nil
	ctx := x.p.ExtractHTTP(context.Background(), h)
	made := x.p.Explain(ctx, host)
	out := explanation{
		Host: host, Internal: made.Internal, Rule: made.Rule, text: made.String(),
		Received: []formatSays{}, Headers: []headerFate{}, NotCarried: []uncarried{},
	}
	if made.Winner != 0 {
		out.Winner, out.Sampling = made.Winner.String(), made.Remote.Sampling.String()
	}
	if made.Remote.TraceID.IsValid() {
		out.TraceID = made.Remote.TraceID.String()
	}
	if made.Remote.SpanID.IsValid() {
		out.SpanID = made.Remote.SpanID.String()
	}
	for _, f := range made.Received {
		out.Received = append(out.Received, formatSays{f.Format.String(), f.Says})
	}
	for _, f := range made.Headers {
		out.Headers = append(out.Headers, headerFate{f.Name, f.Format.String(), f.Received, f.Sent, f.Fate.Sent(), f.Fate.String()})
	}
	for _, l := range linesOf(h) {
		name := l.Name
		known := func(f headerFate) bool { return f.Name == name }
		again := func(u uncarried) bool { return u.Name == name }
		if !slices.ContainsFunc(out.Headers, known) && !slices.ContainsFunc(out.NotCarried, again) {
			out.NotCarried = append(out.NotCarried, uncarried{name, x.why(name)})
		}
	}
	return out
}

// why returns the reason why a received header is not carried.
func (x *explainer) why(name string) string {
	f := formatOf(name)
	read := x.p.ReadFields()
	hasPrefix := func(prefix string) bool { return strings.HasPrefix(name, prefix) }
	if slices.Contains(read, name) || slices.ContainsFunc(x.p.Prefixes(), hasPrefix) {
		var reasons []string
		for _, s := range x.seen {
			if s.format == f {
				reasons = append(reasons, s.outcome.String())
			}
		}
		return "left out: " + or(strings.Join(reasons, ", "), "empty, or over Config.Limits")
	}
	if f != 0 {
		return fmt.Sprintf("Config.Formats has no %v", f)
	}
	return "Config.Headers does not list it"
}

func (p *printer) explanation(x explanation) {
	if x.Where != "" {
		fmt.Fprintln(p, x.Where)
	}
	lines := strings.Split(strings.TrimSuffix(x.text, "\n"), "\n")
	for i, l := range lines {
		// The last lines are those of the headers, in their order.
		if h := i - (len(lines) - len(x.Headers)); h >= 0 && !x.Headers[h].Goes {
			l = p.paint(yellow, l)
		}
		fmt.Fprintln(p, l)
	}
	if len(x.NotCarried) > 0 {
		fmt.Fprintln(p, "received and not carried:")
	}
	for _, u := range x.NotCarried {
		fmt.Fprintln(p, p.paint(yellow, fmt.Sprintf("  %s: %s", u.Name, u.Reason)))
	}
}
