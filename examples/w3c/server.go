package main

import (
	"net"
	"net/http"
	"time"
)

// server is a running HTTP server.
type server struct {
	address string
	close   func() error
}

func serve(address string, h http.Handler) (server, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return server{}, err
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go s.Serve(listener)
	return server{address: listener.Addr().String(), close: s.Close}, nil
}
