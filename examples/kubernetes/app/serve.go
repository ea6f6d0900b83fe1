package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/traceferry/traceferry/examples/mesh/app"
	"google.golang.org/grpc"
)

// grace is how long requests may take to end. Kubernetes waits 30 seconds.
const grace = 20 * time.Second

// run serves the service until ctx ends.
func (c config) run(ctx context.Context) error {
	s, err := app.New(c.service, c.carry, c.dial)
	if err != nil {
		return err
	}
	defer s.Close()
	l, err := net.Listen("tcp", c.listen)
	if err != nil {
		return err
	}
	probes, err := net.Listen("tcp", c.health)
	if err != nil {
		return err
	}
	go http.Serve(probes, http.HandlerFunc(healthz)) // ends with the process
	fmt.Printf("%s listens on %v, for probes on %v\n", c.service, l.Addr(), probes.Addr())
	if s.GRPC != nil {
		return serveGRPC(ctx, l, s.GRPC)
	}
	return serveHTTP(ctx, l, s.HTTP)
}

func healthz(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/healthz" {
		http.NotFound(w, r)
		return
	}
	fmt.Fprintln(w, "ok")
}

func serveHTTP(ctx context.Context, l net.Listener, service http.Handler) error {
	server := &http.Server{Handler: service, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		late, cancel := context.WithTimeout(context.Background(), grace)
		defer cancel()
		return server.Shutdown(late)
	}
}

func serveGRPC(ctx context.Context, l net.Listener, server *grpc.Server) error {
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return errors.Join(errors.New("the gRPC server has ended"), err)
	case <-ctx.Done():
		late := time.AfterFunc(grace, server.Stop)
		defer late.Stop()
		server.GracefulStop()
		return nil
	}
}
