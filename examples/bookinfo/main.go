// Bookinfo is Istio's sample application in one process: productpage asks details and
// reviews over real HTTP, reviews asks ratings over real gRPC, by a unary call and by a
// stream, and ratings asks users over HTTP from both. In front of each service
// stands what a sidecar proxy would do with the trace headers of a call.
//
//	go run ./examples/bookinfo            one request for each header format and each preset
//	go run ./examples/bookinfo -load 2000 many at once, each with ids of its own
//	go run ./examples/bookinfo -services PROGRAM
//	                                      the same for the services of another program
//
// It exits with 1 if the services lost, changed or duplicated a header, or mixed it up with
// another request's. It exits with 2 if it could not start.
//
// What a service of yours needs is in productpage.go, details.go, reviews.go, ratings.go
// and users.go; all other files are the mesh around them.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"time"
)

func main() {
	if t, ok := http.DefaultTransport.(*http.Transport); ok {
		t.MaxIdleConnsPerHost = 2 * concurrency // ratings asks users twice; the default is 2 in all
	}
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr, nil))
}

// run is the program. The saboteur, nil but in tests, stands before each service.
func run(args []string, stdout, stderr io.Writer, sabotage saboteur) (exit int) {
	flags := flag.NewFlagSet("bookinfo", flag.ContinueOnError)
	flags.SetOutput(stderr)
	n := flags.Int("load", 0, "send `N` concurrent requests instead, and count mix-ups")
	program := flags.String("services", "", "judge the services of this `PROGRAM` instead (weave/testdata/service)")
	switch err := flags.Parse(args); {
	case err == flag.ErrHelp:
		return 0
	case err != nil:
		return 2
	case *n < 0 || flags.NArg() > 0:
		fmt.Fprintln(stderr, "bookinfo: -load takes a positive number, and there are no other arguments")
		return 2
	}

	start := startMesh
	if *program != "" {
		start = startProgram(*program, stderr)
	}
	began := time.Now()
	v, err := show(context.Background(), *n, start, stdout, stderr, sabotage)
	if err != nil {
		fmt.Fprintln(stderr, "bookinfo:", err)
		return 2
	}
	v.write(stdout, styleFor(stdout), time.Since(began))
	if !v.green() {
		return 1
	}
	return 0
}

// show sends n requests at once, or, if n is 0, one for each row of the tables that it prints.
func show(ctx context.Context, n int, start starter, stdout, stderr io.Writer, sabotage saboteur) (*verdict, error) {
	byFormat, byPreset := formats(), presets()
	total := n
	if n == 0 {
		total = len(byFormat) + len(byPreset)
	}
	screen := io.Discard
	if terminal(stderr) {
		screen = stderr
	}
	p := startProgress(screen, total, time.Second)
	if n > 0 {
		defer p.stop()
		return load(ctx, n, start, sabotage, p.step)
	}
	results, err := tour(ctx, slices.Concat(byFormat, byPreset), start, sabotage, p.step)
	p.stop()
	if err != nil {
		return nil, err
	}

	var v verdict
	for _, r := range results {
		v.add(r.name, r.hops, r.err)
	}
	s := styleFor(stdout)
	fmt.Fprint(stdout, intro)
	writeTable(stdout, s, "format", results[:len(byFormat)])
	writeTable(stdout, s, "preset", results[len(byFormat):])
	writeTree(stdout, s, results[0])
	return &v, nil
}
