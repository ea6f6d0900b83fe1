// Migration moves a fleet from B3 to W3C trace context without a flag day: one service at a
// time, in any order within a step, and no request loses its trace on the way.
//
//	go run ./examples/migration
//
// The fleet is client -> web -> orders -> stock, over real HTTP on loopback. For each stage of the migration, the
// program prints the formats of each call. It also prints how many calls with B3 only the services counted. If that
// number stays at 0, the last B3 caller has gone. The program exits with 1 if a call has wrong headers or does not
// continue its caller's trace. It exits with 2 if it cannot run.
//
// The code that your service needs is in steps.go. rollout.go has the expected result of each stage, and fleet.go has
// the fleet.
package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
)

func main() {
	os.Exit(run(rollout, os.Stdout, os.Stderr))
}

const columns = "%-54s %-7s  %-7s  %-7s  %s\n"

func run(stages []stage, stdout, stderr io.Writer) (exit int) {
	fmt.Fprintf(stdout, columns, "", "client", "web", "orders", "came in")
	fmt.Fprintf(stdout, columns, "", "sends", "sends", "sends", "B3 alone")
	var lines strings.Builder
	for _, s := range stages {
		calls, counted, err := send(s.client, s.at)
		if err != nil {
			fmt.Fprintln(stderr, "migration:", err)
			return 2
		}
		if !s.report(stdout, calls, counted) {
			exit = 1
		}
		if s.title != "" {
			fmt.Fprintf(&lines, "\norders sends %s:\n", s.title)
			named(calls[len(calls)-1].headers).Write(&lines)
		}
	}
	fmt.Fprint(stdout, strings.ReplaceAll(lines.String(), "\r\n", "\n"))
	return exit
}

// report prints a stage, and reports whether the result is as expected.
func (s stage) report(w io.Writer, calls []call, counted int) bool {
	var sent []string
	lost := ""
	for i, c := range calls {
		sent = append(sent, format(c.headers))
		if c.trace != traceID && lost == "" {
			lost = []string{"web", "orders", "stock"}[i]
		}
	}
	alone := strconv.Itoa(counted)
	if s.alone == nobody {
		alone = "-"
	}
	fmt.Fprintf(w, columns, s.what, sent[0], sent[1], sent[2], alone)
	switch {
	case lost != "":
		fmt.Fprintf(w, "NO: %s does not continue its caller's trace\n", lost)
	case !slices.Equal(sent, s.sent):
		fmt.Fprintf(w, "NO: %s should have been sent\n", strings.Join(s.sent, ", "))
	case s.alone != nobody && counted != s.alone:
		fmt.Fprintf(w, "NO: %d should have been counted\n", s.alone)
	default:
		return true
	}
	return false
}
