// Mesh runs Bookinfo's five services, each behind a real proxy as its sidecar, with a proxy
// at the edge, and judges the traces that the proxies' own tracers report.
//
//	go run . -mesh consul                Consul, with its agent, in place of Envoys alone
//	go run . -tracer zipkin              Envoy with its Zipkin tracer
//	go run . -tracer zipkin -app broken  the same with an application that forwards nothing
//	go run . -backend zipkin             the same with a real Zipkin server
//	go run . -gateway opentelemetry      two meshes with a gateway of Go's ReverseProxy between them
//	go run . -tracing FILE               your own settings in Envoy's tracing block
//	go run . -keep DIR                   keeps the configurations to read them
//
// It exits with 1 if a trace is not whole, or if a request id or a header is wrong. It exits with 2 if it cannot start.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) (exit int) {
	o, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	began := time.Now()
	v, err := o.run(ctx, stdout)
	if err != nil {
		fmt.Fprintln(stderr, "mesh:", err)
		return 2
	}
	for _, finding := range v.Findings {
		fmt.Fprintln(stdout, finding)
	}
	fmt.Fprintf(stdout, "%v\n%.1f s\n", v, time.Since(began).Seconds())
	if !v.Good() {
		return 1
	}
	return 0
}
