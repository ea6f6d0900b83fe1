package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
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
		return usage, usagef("-host is missing: name the host of the call, as in -host api.example.com")
	}
	config, err := newConfig(*presetName, *configFile)
	if err != nil {
		return usage, err
	}
	p, err := propagation.New(config)
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
			made := explanationOf(p, rec.header, host)
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

// explanationOf explains what a Propagator does with the headers of a request.
func explanationOf(p *propagation.Propagator, h http.Header, host string) explanation {
	made := p.ExplainRequest(&http.Request{Header: h}, host)
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
		out.Received = append(out.Received, formatSays{f.Format.String(), f.Why})
	}
	for _, f := range made.Headers {
		out.Headers = append(out.Headers, headerFate{f.Name, f.Format.String(), f.Received, f.Sent, f.Fate.Sent(), f.Why})
	}
	for _, f := range made.NotCarried {
		out.NotCarried = append(out.NotCarried, uncarried{f.Name, f.Why})
	}
	return out
}

func (p *printer) explanation(x explanation) {
	if x.Where != "" {
		fmt.Fprintln(p, x.Where)
	}
	for l := range strings.SplitSeq(strings.TrimSuffix(x.text, "\n"), "\n") {
		if strings.Contains(l, "  not sent") || strings.Contains(l, "  not carried") {
			l = p.paint(yellow, l)
		}
		fmt.Fprintln(p, l)
	}
}
