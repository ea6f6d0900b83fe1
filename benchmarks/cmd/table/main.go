// Table measures traceferry beside its peers and prints tables, as Markdown. A cell has the time and the number of
// allocations. The time of a peer is a multiple of traceferry's time. With -w it writes the tables into
// docs/performance.md, between the two markers. Run it from the folder benchmarks:
//
//	go -C benchmarks run ./cmd/table
//	go -C benchmarks run ./cmd/table -w
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"github.com/traceferry/traceferry/benchmarks"
)

func main() {
	testing.Init()
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "table:", err)
		}
		os.Exit(1)
	}
}

// options are the command's flags.
type options struct {
	write     bool
	page      string
	rounds    int
	benchtime time.Duration
}

func parse(args []string, stderr io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("table", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.BoolVar(&o.write, "w", false, "write the table into the page instead of printing it")
	flags.StringVar(&o.page, "page", "../docs/performance.md", "the file for -w")
	flags.IntVar(&o.rounds, "rounds", 5, "how often each library is measured; its best round counts")
	flags.DurationVar(&o.benchtime, "benchtime", 100*time.Millisecond, "how long a round takes for each library")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if o.rounds < 1 {
		return o, fmt.Errorf("-rounds %d: at least one is needed", o.rounds)
	}
	return o, nil
}

func run(args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	if !o.write {
		table, err := measure(o, stderr)
		if err != nil {
			return err
		}
		_, err = io.WriteString(stdout, table)
		return err
	}
	p, err := openPage(o.page) // first, so that a wrong page fails before the long measurement
	if err != nil {
		return err
	}
	table, err := measure(o, stderr)
	if err != nil {
		return err
	}
	return p.write(table)
}

// measure runs all tasks and returns the Markdown. It prints its progress on stderr.
func measure(o options, stderr io.Writer) (string, error) {
	var ms []measured
	tasks := benchmarks.Tasks()
	for i, task := range tasks {
		fmt.Fprintf(stderr, "%d/%d %s, %s\n", i+1, len(tasks), task.Name, task.Input)
		results, err := benchmarks.Measure(task, o.rounds, o.benchtime)
		if err != nil {
			return "", err
		}
		ms = append(ms, measured{task, results})
	}
	return markdown(ms) + footer(o, ms), nil
}
