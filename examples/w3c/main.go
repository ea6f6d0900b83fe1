// W3c is a service for the test suite of W3C Trace Context. It uses net/http, otelhttp, the OpenTelemetry SDK, and
// traceferry as OpenTelemetry's propagator. The service is in service.go.
//
//	go run ./examples/w3c                         the suite's cases, rewritten in Go, against this service
//	go run ./examples/w3c -listen 127.0.0.1:5000  the service alone, for the suite itself:
//	python test.py http://127.0.0.1:5000/test     (in test/ of github.com/w3c/trace-context)
//
// Without -listen, it exits with 1 if a case fails, and with 2 if it cannot start. As in the suite, STRICT_LEVEL=1
// omits the cases with strictly illegal requests. SPEC_LEVEL=1 omits the cases of level 2 of the specification. The
// default of both is 2.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"

	"github.com/traceferry/traceferry/propagation"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program. With -listen, it ends when ctx ends.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (exit int) {
	flags := flag.NewFlagSet("w3c", flag.ContinueOnError)
	flags.SetOutput(stderr)
	address := flags.String("listen", "", "be the service, on `host:port`")
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case flags.NArg() > 0:
		fmt.Fprintln(stderr, "w3c: there are no arguments but -listen")
		return 2
	}

	p := propagation.MustNew(propagation.Config{Formats: []propagation.Format{propagation.W3C}})
	var failed int
	if *address != "" {
		err = listen(ctx, *address, newService(p), stdout)
	} else {
		failed, err = runSuite(newService(p), stdout)
	}
	switch {
	case err != nil:
		fmt.Fprintln(stderr, "w3c:", err)
		return 2
	case failed > 0:
		return 1
	}
	return 0
}

// listen serves until ctx ends.
func listen(ctx context.Context, address string, service http.Handler, stdout io.Writer) error {
	s, err := serve(address, service)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "listening on http://%s/test\n", s.address)
	<-ctx.Done()
	return s.close()
}
