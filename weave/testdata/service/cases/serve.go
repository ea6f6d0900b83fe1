package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/h2c"
)

func serve(h http.HandlerFunc) string { return httptest.NewServer(h).URL }

// twoListeners serves two listeners with one Server.
func twoListeners(h http.HandlerFunc) (first, second string) {
	s := &http.Server{Handler: h}
	var urls [2]string
	for i := range urls {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			log.Fatal(err)
		}
		go s.Serve(l)
		urls[i] = "http://" + l.Addr().String()
	}
	return urls[0], urls[1]
}

// overTLS serves HTTP/2 and returns the URL of an HTTP proxy of that server, so that the callers need no certificate.
func overTLS(h http.HandlerFunc) string {
	s := httptest.NewUnstartedServer(h)
	s.EnableHTTP2 = true
	s.StartTLS()
	client := s.Client()
	return serve(func(w http.ResponseWriter, r *http.Request) {
		req, err := http.NewRequest("GET", s.URL, nil)
		if err != nil {
			panic(err)
		}
		req.Header = r.Header.Clone()
		resp, err := client.Do(req)
		if err == nil && resp.ProtoMajor != 2 {
			err = fmt.Errorf("the call was %s", resp.Proto)
		}
		io.WriteString(w, body(resp, err))
	})
}

func h2cServer(h http.HandlerFunc) (first, second string) {
	return twoListeners(h2c.NewHandler(h, &http2.Server{}).ServeHTTP)
}

var h2cTransport = sync.OnceValue(func() *http.Transport {
	var only http.Protocols
	only.SetUnencryptedHTTP2(true)
	return &http.Transport{Protocols: &only}
})

// h2cClient has one connection for all calls.
func h2cClient() *http.Client { return &http.Client{Transport: h2cTransport()} }
