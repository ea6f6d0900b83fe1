// Lost makes the usual mistakes with which a service loses trace headers. It prints what Observer.Lost reports for each:
// the reason, and the line of mistakes.go.
//
//	go run ./examples/lost
//
// It exits with 1 if a mistake is not reported.
package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"

	"github.com/traceferry/traceferry/grpctrace/grpcguard"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

func main() {
	for _, f := range run() {
		if len(f.losses) == 0 {
			fmt.Printf("%-36s NOT REPORTED\n", f.name)
			defer os.Exit(1)
		}
		for _, l := range f.losses {
			fmt.Printf("%-36s %-25s %s:%d  %s\n", f.name, l.Reason, filepath.Base(l.File), l.Line, l.Method)
		}
	}
}

// found is the report for one mistake.
type found struct {
	mistake
	losses []propagation.Loss
}

// run starts the shop and makes each mistake once.
func run() (all []found) {
	losses := make(chan propagation.Loss, 100)
	p := propagation.MustNew(propagation.Config{Observer: &propagation.Observer{
		Lost: func(_ context.Context, l propagation.Loss) { losses <- l },
	}})
	grpcguard.Enable(p)
	defer func(before http.RoundTripper) { http.DefaultTransport = before }(http.DefaultTransport)
	http.DefaultTransport = httptrace.Guard(p, http.DefaultTransport)

	s := newShop(p)
	defer s.close()
	front := httptest.NewServer(s.handler())
	defer front.Close()
	for _, m := range mistakes {
		request(front, m.name)
		f := found{mistake: m}
		for wait := 5 * time.Second; ; wait = 10 * time.Millisecond { // a second loss would be a false one
			select {
			case l := <-losses:
				f.losses = append(f.losses, l)
				continue
			case <-time.After(wait):
			}
			break
		}
		all = append(all, f)
	}
	return all
}

// request sends a request to one handler of the shop, as a mesh with B3 headers does. Server.Client does not use
// http.DefaultTransport.
func request(front *httptest.Server, name string) {
	send(front, name, http.Header{
		"X-B3-Traceid": {"463ac35c9f6413ad48485a3953bb6124"}, "X-B3-Spanid": {"a2fb4a1d1a96d312"}, "X-B3-Sampled": {"1"},
	})
}

func send(front *httptest.Server, name string, h http.Header) {
	r := get(context.Background(), front.URL+"/"+path(name))
	r.Header = h
	answer(front.Client().Do(r))
}
