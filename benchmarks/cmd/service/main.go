// Service measures what a whole service costs: the processor time of a request that makes one call over loopback. It does
// so for the same service with traceferry, with a hand-written loop, with otelhttp, and with constant headers. It prints
// a table. With -w it writes the table and a chart into the documentation. Run it from the folder benchmarks:
//
//	go -C benchmarks run ./cmd/service
//	go -C benchmarks run ./cmd/service -w
//
// Each service is a process of its own, so that the time of the client and of the called service does not count.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/traceferry/traceferry/benchmarks"
)

func main() {
	serve := flag.String("serve", "", "serve as the service of this name; the command starts itself so")
	next := flag.String("next", "", "the URL that the service calls, with -serve")
	write := flag.Bool("w", false, "write ../docs/performance.md and ../docs/service.svg")
	rounds := flag.Int("rounds", 15, "how often each service is measured; the median counts")
	requests := flag.Int("requests", 10000, "requests of a round")
	flag.Parse()
	var err error
	if *serve != "" {
		err = serveAs(*serve, *next)
	} else {
		err = run(*rounds, *requests, *write)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "service:", err)
		os.Exit(1)
	}
}

func run(rounds, requests int, write bool) error {
	results, err := measure(benchmarks.Services(), rounds, requests)
	if err != nil {
		return err
	}
	table := table(results, rounds, requests)
	if !write {
		fmt.Print(table)
		return nil
	}
	if err := os.WriteFile("../docs/service.svg", []byte(chart(results)), 0o644); err != nil {
		return err
	}
	return replace("../docs/performance.md", table)
}

// replace writes a table between the markers of a page.
func replace(name, table string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	const begin, end = "<!-- service:begin -->\n", "<!-- service:end -->"
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, found := strings.Cut(rest, end)
	if !ok || !found {
		return fmt.Errorf("%s does not have the markers %q and %q", name, begin, end)
	}
	return os.WriteFile(name, []byte(before+begin+table+end+after), 0o644)
}
