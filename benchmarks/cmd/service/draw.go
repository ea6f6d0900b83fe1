package main

import (
	"fmt"
	"html"
	"runtime"
	"strings"
	"time"
)

// table returns the results as Markdown.
func table(results []result, rounds, requests int) string {
	var text strings.Builder
	text.WriteString("| Source of the headers of the call | Processor time of a request | More than with constant headers |\n|---|--:|--:|\n")
	for _, r := range results {
		more := r.more(results[0])
		fmt.Fprintf(&text, "| %s | %s | %s (%.1f %%) |\n", r.library.Title, micro(r.time()), micro(more), 100*float64(more)/float64(results[0].time()))
	}
	fmt.Fprintf(&text, "\nThe service uses net/http, and makes one call over loopback for each request. Each request has the 17 headers of an Istio sidecar. Only the\n"+
		"processor time of the service's process counts. In each round, new processes of the services ran one after the other. Each time is\n"+
		"the median of %d rounds of %d requests on %d connections. For the last column, each round gives one difference to the service with\n"+
		"constant headers, and the median of these differences counts. So it is not exactly the difference of the two times.\n"+
		"The services have GOMAXPROCS=1, because the scheduler of an idle second processor takes time, too. Machine: %s, %s/%s, %d processors.\n",
		rounds, requests, clients, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	return text.String()
}

func micro(d time.Duration) string {
	return fmt.Sprintf("%.1f µs", float64(d)/float64(time.Microsecond))
}

// The measures of the chart.
const (
	left   = 300 // of the bars
	full   = 250 // the longest bar
	height = 26
)

// chart returns the results as an SVG picture, for light and dark pages.
func chart(results []result) string {
	longest := results[0].time()
	for _, r := range results {
		longest = max(longest, r.time())
	}
	bottom := 64 + len(results)*(height+12)
	var svg strings.Builder
	fmt.Fprintf(&svg, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 %d" role="img" aria-labelledby="title">
  <title id="title">Processor time of a request, for a service that makes one call</title>
  <style>
    text { font: 14px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2328; }
    .ground { fill: #ffffff; stroke: #d0d7de; }
    .title { font-weight: 600; font-size: 16px; }
    .name { text-anchor: end; }
    .same { fill: #8c959f; }
    .more { fill: #0969da; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; }
      .ground { fill: #0d1117; stroke: #30363d; }
      .same { fill: #6e7681; }
      .more { fill: #58a6ff; }
    }
  </style>
  <rect class="ground" x="0.5" y="0.5" width="639" height="%d" rx="8"/>
  <text class="title" x="20" y="32">Processor time of a request, for a service that makes one call</text>
`, bottom, bottom-1)
	width := func(d time.Duration) float64 { return full * float64(d) / float64(longest) }
	for i, r := range results {
		y := 52 + i*(height+12)
		same := min(width(results[0].time()), width(r.time()))
		fmt.Fprintf(&svg, `  <text class="name" x="%d" y="%d">%s</text>
  <rect class="same" x="%d" y="%d" width="%.1f" height="%d"/>
  <rect class="more" x="%.1f" y="%d" width="%.1f" height="%d"/>
  <text x="%.1f" y="%d">%s</text>
`, left-10, y+18, html.EscapeString(r.library.Title), left, y, same, height, left+same, y, width(r.time())-same, height, left+width(r.time())+8, y+18, micro(r.time()))
	}
	svg.WriteString("</svg>\n")
	return svg.String()
}
