package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/sidecar"
)

const intro = `client --> productpage --+--> details
                         +--> reviews --+==> ratings.Average --> users.count
                                        +==> ratings.Each -----> users.names

--> is a call over HTTP, ==> one over gRPC: Average is unary, Each is a stream. Each call passes
the stand-in of a proxy before the service. Three things are told of it, as in "19 1 ok":
  19  header lines that the proxy is given
   1  of them that it writes anew, as the proxy named does; none: as they came
  ok  what it is given is what the caller had been handed, byte for byte; of a -bin header
      over gRPC the bytes that its base64 stands for

`

// result is what became of a row.
type result struct {
	row
	hops []sidecar.Hop
	err  error
}

// tour sends one request for each row, each through services of its own.
func tour(ctx context.Context, rows []row, start starter, sabotage saboteur, done func()) ([]result, error) {
	var ledger sidecar.Ledger
	var results []result
	for i, r := range rows {
		m, err := start(r.config, &ledger, sabotage)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.name, err)
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
	var services, ways []string
	for _, c := range calls {
		service, way, _ := strings.Cut(c.Service, ".")
		services = append(services, fmt.Sprintf("%-*.*s", cellWidth, cellWidth, service))
		ways = append(ways, fmt.Sprintf("%-*s", cellWidth, way))
	}
	line(title, "proxy", services)
	line("", "", ways)
	var notes []string
	for _, r := range results {
		proxy := "none"
		if r.tracer != nil {
			proxy = r.tracer.Name
		}
		var cells []string
		for i := range calls {
			cells = append(cells, r.cell(s, i))
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

const cellWidth = 7 // productpage is cut: there are seven columns

// cell tells of the i-th of calls.
func (r result) cell(s style, i int) string {
	at := slices.IndexFunc(r.hops, func(h sidecar.Hop) bool { return column(h) == i })
	if at < 0 {
		return " - - " + s.red("NO")
	}
	hop := r.hops[at]
	counts := fmt.Sprintf("%2d %d ", hop.Carried, hop.Advanced)
	if len(hop.Faults) > 0 {
		return counts + s.red("NO")
	}
	return counts + s.green("ok")
}
