package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// recordPath is where the echo tells a doctor which calls arrived.
const recordPath = "/.well-known/traceferry/calls"

// recorded is the answer at recordPath.
type recorded struct {
	Traceferry string `json:"traceferry"` // "echo"
	Next       int    `json:"next"`
	Calls      []call `json:"calls"`
}

func echo(ctx context.Context, e *env, args []string) (int, error) {
	fs := newFlags("echo")
	var keep list
	listen := fs.String("listen", "127.0.0.1:9000", "")
	status := fs.Int("status", http.StatusOK, "")
	bodyFile := fs.String("body", "", "")
	quiet := fs.Bool("q", false, "")
	asJSON := fs.Bool("json", false, "")
	fs.Var(&keep, "keep", "")
	rest, err := parse(fs, args)
	if err != nil {
		return usage, err
	}
	if len(rest) > 0 {
		return usage, usagef("echo takes no arguments: %q", rest)
	}
	if *status < 200 || *status > 599 {
		return usage, usagef("-status %d is not a status from 200 to 599", *status)
	}
	s := &echoServer{recorder: newRecorder(keep), status: *status}
	if *bodyFile != "" {
		if s.body, err = os.ReadFile(*bodyFile); err != nil {
			return usage, err
		}
	}
	s.show = func(c call) {
		switch {
		case *asJSON:
			e.out.json(c)
		case !*quiet:
			e.out.call(c)
		}
		e.out.Flush()
	}
	address, stop, err := s.start(*listen)
	if err != nil {
		return usage, err
	}
	fmt.Fprintf(e.err, "Listening on http://%s for HTTP/1.1, HTTP/2 without TLS and gRPC. Press Ctrl-C to end.\n", address)
	e.err.Flush()
	<-ctx.Done()
	stop()
	return good, nil
}

// call writes a call with its headers.
func (p *printer) call(c call) {
	fmt.Fprintf(p, "%d  %s %s %s\n", c.Seq, c.Method, c.URI, c.Proto)
	for _, l := range c.Headers {
		fmt.Fprintf(p, "   %s: %s\n", l.Name, l.Value)
	}
	if len(c.Headers) == 0 {
		fmt.Fprintln(p, "   "+p.paint(yellow, "no trace header"))
	}
}

// echoServer answers every call and records it. It is the next hop of a service that a doctor examines.
type echoServer struct {
	*recorder
	show   func(call)
	status int
	body   []byte // nil: the call's headers as JSON
}

// start listens on an address until stop is called.
func (s *echoServer) start(listen string) (address string, stop func(), err error) {
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 64 << 10, Protocols: new(http.Protocols)}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	done := make(chan struct{})
	go func() {
		defer close(done)
		server.Serve(l) // until it is closed
	}()
	return l.Addr().String(), func() { server.Close(); <-done }, nil
}

func (s *echoServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if r.URL.Path == recordPath {
		s.tell(w, r)
		return
	}
	s.add(r, s.show)
	if isGRPC(r) {
		answerGRPC(w, r)
		return
	}
	io.Copy(io.Discard, r.Body)
	body := s.body
	w.Header().Set("Content-Type", "application/json")
	if body == nil {
		body = asciiJSON(map[string]any{"method": r.Method, "uri": r.URL.RequestURI(), "headers": r.Header})
	}
	w.WriteHeader(s.status)
	w.Write(body)
}

// tell answers a doctor with the calls from a number on. If there are none, it waits for one.
func (s *echoServer) tell(w http.ResponseWriter, r *http.Request) {
	from, _ := strconv.Atoi(r.FormValue("from"))
	wait, _ := time.ParseDuration(r.FormValue("wait"))
	calls, next, more := s.after(from)
	if len(calls) == 0 && wait > 0 {
		select {
		case <-more:
		case <-time.After(min(wait, time.Minute)):
		case <-r.Context().Done():
			return
		}
		calls, next, _ = s.after(from)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(asciiJSON(recorded{"echo", next, calls}))
}

func isGRPC(r *http.Request) bool {
	return r.ProtoMajor == 2 && strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc")
}

// answerGRPC answers a call of any method with one empty message and the status OK, when its first message has arrived.
// An empty message is valid for every protobuf type.
func answerGRPC(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/grpc")
	w.Header().Set("Trailer", "Grpc-Status")
	var prefix [5]byte // compressed or not, and the length of the message
	if _, err := io.ReadFull(r.Body, prefix[:]); err == nil {
		io.CopyN(io.Discard, r.Body, int64(binary.BigEndian.Uint32(prefix[1:])))
	} else if !errors.Is(err, io.EOF) {
		return
	}
	w.Write(make([]byte, len(prefix)))
	http.NewResponseController(w).Flush()
	io.Copy(io.Discard, r.Body)
	w.Header().Set("Grpc-Status", "0")
}
