package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/sidecar"
	"github.com/traceferry/traceferry/propagation"
)

const intro = `client --> productpage --+--> details
                         +--> reviews --> ratings

Each arrow is a call over HTTP and passes the stand-in of a proxy before the service:
  car     header lines that the proxy is given
  adv     header lines that it writes anew, as the proxy named does; none: as they came
  intact  what it is given is what the caller had been handed, byte for byte

`

// result is what became of a row.
type result struct {
	row
	hops []sidecar.Hop
	err  error
}

// tour sends one request for each row, each through services of its own.
func tour(ctx context.Context, rows []row, around wrapper, done func()) ([]result, error) {
	var ledger sidecar.Ledger
	var results []result
	for i, r := range rows {
		p, err := propagation.New(r.config)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.name, err)
		}
		m, err := startMesh(p, &ledger, around)
		if err != nil {
			return nil, err
		}
		hops, err := m.request(ctx, r, i+1)
		results = append(results, result{r, hops, err})
		m.close()
		done()
	}
	return results, nil
}

func writeTable(w io.Writer, s style, title string, results []result) {
	line := func(name, proxy string, cells []string) {
		text := fmt.Sprintf("%-14s %-19s  %s", name, proxy, strings.Join(cells, "  "))
		fmt.Fprintln(w, strings.TrimRight(text, " "))
	}
	var names, columns []string
	for _, service := range services {
		names = append(names, fmt.Sprintf("%-14s", service))
		columns = append(columns, s.dim("car adv intact"))
	}
	line(title, "proxy", names)
	line("", "", columns)
	var notes []string
	for _, r := range results {
		proxy := "none"
		if r.tracer != nil {
			proxy = r.tracer.Name
		}
		var cells []string
		for _, service := range services {
			cells = append(cells, r.cell(s, service))
		}
		line(r.name, proxy, cells)
		if r.note != "" {
			notes = append(notes, r.name+": "+r.note)
		}
	}
	for _, note := range notes {
		fmt.Fprintln(w, s.dim(note))
	}
	fmt.Fprintln(w)
}

// cell is 14 characters wide.
func (r result) cell(s style, service string) string {
	i := slices.IndexFunc(r.hops, func(h sidecar.Hop) bool { return h.Service == service })
	if i < 0 {
		return "  -   - " + s.red("NO") + "    "
	}
	hop := r.hops[i]
	counts := fmt.Sprintf("%3d %3d ", hop.Carried, hop.Advanced)
	if len(hop.Faults) > 0 {
		return counts + s.red("NO") + "    "
	}
	return counts + s.green("yes") + "   "
}
