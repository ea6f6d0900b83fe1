package sink

import (
	"net"
	"net/http"

	"google.golang.org/grpc"
)

const loopback = "127.0.0.1:0"

// server is a collector over TCP: a store behind a listener.
type server struct {
	*store
	listener net.Listener
	close    func() error
}

func (s server) Addr() string { return s.listener.Addr().String() }
func (s server) Close() error { return s.close() }

func serveHTTP(s *store, h http.Handler) (Sink, error) {
	l, err := net.Listen("tcp", loopback)
	if err != nil {
		return nil, err
	}
	srv := &http.Server{Handler: h}
	go srv.Serve(l)
	return server{s, l, srv.Close}, nil
}

func serveGRPC(s *store, register func(*grpc.Server)) (Sink, error) {
	l, err := net.Listen("tcp", loopback)
	if err != nil {
		return nil, err
	}
	srv := grpc.NewServer()
	register(srv)
	go srv.Serve(l)
	return server{s, l, func() error { srv.Stop(); return nil }}, nil
}
