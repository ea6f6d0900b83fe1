// App runs one of Bookinfo's services, for a container. Environment variables configure it:
//
//	SERVICE   productpage, details, reviews, ratings or users
//	LISTEN    the address to listen on, by default :8080
//	HEALTH    the address for probes, by default :8081; /healthz answers there
//	PRESET    the headers to carry: istio (the default), istio-zipkin, linkerd, consul
//	ADDRESSES where to call other services, NAME=HOST:PORT joined with commas, by default port 80 of the host
//	          that has the service's name
//
// Probes have a port of their own, so that a mesh can leave it out of mTLS. SIGTERM ends the program after the requests
// that it has.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	c, err := readConfig(os.Getenv)
	if err == nil {
		err = c.run(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "app:", err)
		os.Exit(1)
	}
}
