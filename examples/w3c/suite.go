package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"text/tabwriter"
)

// suite returns the cases of the levels, 1 or 2.
func suite(strict, spec int) (cases []testCase) {
	for _, c := range slices.Concat(traceparentCases, tracestateCases) {
		if (!c.strict || strict >= 2) && (!c.level2 || spec >= 2) {
			cases = append(cases, c)
		}
	}
	return cases
}

// level returns the level from an environment variable, as the suite reads it.
func level(name string) (int, error) {
	value, set := os.LookupEnv(name)
	if !set {
		return 2, nil
	}
	n, err := strconv.Atoi(value)
	if err != nil {
		return 0, fmt.Errorf("%s is %q, not a number", name, value)
	}
	return n, nil
}

// runSuite runs the cases against the service and prints the result of each. It returns the number of failed cases.
func runSuite(service http.Handler, stdout io.Writer) (failed int, err error) {
	strict, err := level("STRICT_LEVEL")
	if err != nil {
		return 0, err
	}
	spec, err := level("SPEC_LEVEL")
	if err != nil {
		return 0, err
	}
	h, err := startHarness(service)
	if err != nil {
		return 0, err
	}
	defer h.close()

	cases := suite(strict, spec)
	table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "case\trequests\t")
	for _, c := range cases {
		result := "ok"
		if err := c.run(h); err != nil {
			failed++
			result = "FAILED: " + err.Error()
		}
		fmt.Fprintf(table, "%s\t%d\t%s\n", c.name, len(c.requests), result)
	}
	table.Flush()
	fmt.Fprintf(stdout, "\n%d of %d cases passed at strict level %d, spec level %d\n", len(cases)-failed, len(cases), strict, spec)
	return failed, nil
}

// run returns the fault of the first request of the case that has one.
func (c testCase) run(h *harness) error {
	for i, r := range c.requests {
		arrived, err := h.ask(r.lines, r.calls)
		if err == nil {
			err = r.check(arrived)
		}
		if err != nil {
			return fmt.Errorf("request %d: %w", i+1, err)
		}
	}
	return nil
}
