package debugpage

import (
	"fmt"

	"github.com/traceferry/traceferry/propagation"
)

// config is a propagation.Config for the page. Its JSON has the names of the Config's fields.
type config struct {
	Formats, Emit, ReadOnly []propagation.Format
	Headers, UnsafeHeaders  []string
	GenerateRequestID       bool
	Deferred                string
	DropMalformed           bool
	Reconcile               bool
	ASCIIOnly               bool
	Limits                  propagation.Limits
	Destinations            []propagation.Destination
	InternalHosts           []string
	DestinationsReportOnly  bool

	Functions []string // the fields of the Config that are functions or propagators, and are set
}

func configOf(p *propagation.Propagator) config {
	c := p.Config()
	made := config{
		Formats: c.Formats, Emit: c.Emit, ReadOnly: c.ReadOnly, Headers: c.Headers, UnsafeHeaders: c.UnsafeHeaders,
		GenerateRequestID: c.GenerateRequestID, Deferred: max(c.Deferred, propagation.Denied).String(),
		DropMalformed: c.DropMalformed, Reconcile: c.Reconcile, ASCIIOnly: c.ASCIIOnly, Limits: c.Limits,
		Destinations: c.Destinations, InternalHosts: c.InternalHosts, DestinationsReportOnly: c.DestinationsReportOnly,
	}
	set := func(is bool, name string) {
		if is {
			made.Functions = append(made.Functions, name)
		}
	}
	set(c.LocalSpan != nil, "LocalSpan")
	for _, also := range c.Also {
		set(true, fmt.Sprintf("Also: %T", also))
	}
	if o := c.Observer; o != nil {
		set(o.Outcome != nil, "Observer.Outcome")
		set(o.Extracted != nil, "Observer.Extracted")
		set(o.Lost != nil, "Observer.Lost")
	}
	return made
}

// Rows are the fields for the page, each in words.
func (c config) Rows() []row {
	yes := map[bool]string{true: "yes", false: "no"}
	rows := []row{{"Formats", formats(c.Formats, "none")}}
	emit := "none"
	if c.Emit == nil {
		emit = "not set: a local span is written to the first of Formats if no other format carries it"
	}
	rows = append(rows,
		row{"Emit", formats(c.Emit, emit)},
		row{"ReadOnly", formats(c.ReadOnly, "none")},
		row{"Headers", texts(c.Headers, "none")},
		row{"UnsafeHeaders", texts(c.UnsafeHeaders, "none")},
		row{"GenerateRequestID", []string{yes[c.GenerateRequestID]}},
		row{"Deferred", []string{c.Deferred}},
		row{"DropMalformed", []string{yes[c.DropMalformed]}},
		row{"Reconcile", []string{yes[c.Reconcile]}},
		row{"ASCIIOnly", []string{yes[c.ASCIIOnly]}},
		row{"Limits", []string{fmt.Sprintf("HeaderBytes %d, TotalBytes %d, Lines %d, MetadataBytes %d", c.Limits.HeaderBytes, c.Limits.TotalBytes, c.Limits.Lines, c.Limits.MetadataBytes)}},
		row{"InternalHosts", texts(c.InternalHosts, "none beside those that are internal by their form")},
		row{"DestinationsReportOnly", []string{yes[c.DestinationsReportOnly]}},
		row{"Functions", texts(c.Functions, "none")},
	)
	for i, d := range c.Destinations {
		rows = append(rows, row{fmt.Sprintf("Destinations[%d]", i), []string{
			"to " + list(texts(d.Hosts, "none")),
			"formats: " + list(formats(d.Formats, byNil(d.Formats == nil, "all"))),
			"baggage: " + list(texts(d.Baggage, byNil(d.Baggage == nil, byDefault))),
			"headers: " + list(texts(d.Headers, byNil(d.Headers == nil, byDefault))),
		}})
	}
	return rows
}

type row struct {
	Name   string
	Values []string
}

const byDefault = "not set, see propagation.Destination"

// byNil returns what an empty list means.
func byNil(isNil bool, unset string) string {
	if isNil {
		return unset
	}
	return "none"
}

// formats returns the formats with their header names, or the text for an empty list.
func formats(all []propagation.Format, empty string) (made []string) {
	for _, f := range all {
		names := f.Fields()
		for _, prefix := range f.Prefixes() {
			names = append(names, prefix+"*")
		}
		made = append(made, f.String()+": "+list(names))
	}
	return orEmpty(made, empty)
}

func texts(all []string, empty string) (made []string) {
	for _, s := range all {
		made = append(made, safe(s))
	}
	return orEmpty(made, empty)
}

func orEmpty(all []string, empty string) []string {
	if len(all) == 0 {
		return []string{empty}
	}
	return all
}
