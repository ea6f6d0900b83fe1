// Command cases makes calls in the ways that services do, and prints for each way whether the received header arrived at
// the callee: "NAME HEADER", or "NAME -" for none.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"

	"example.com/bookinfo/early"
)

// callee answers with the traceparents that it received.
var callee = serve(func(w http.ResponseWriter, r *http.Request) {
	got := strings.Join(r.Header["Traceparent"], "|")
	if got == "" {
		got = "-"
	}
	io.WriteString(w, got)
})

func main() {
	log.SetFlags(0)
	fmt.Println("early", early.Answer)
	fmt.Println("client", ask(serve(call), 1))
	fmt.Println("get", ask(serve(get), 2))
	fmt.Println("post-form", ask(serve(postForm), 3))
	first, second := twoListeners(call)
	fmt.Println("first-listener", ask(first, 4))
	fmt.Println("second-listener", ask(second, 5))
	fmt.Println("tls", ask(overTLS(call), 6))
	fmt.Println("reverse-proxy", ask(serve(proxy()), 7))
	fmt.Println("nested-transport", ask(serve(nested), 8))
	fmt.Println("not-modified", ask(serve(handlerSees), 9))
	first, _ = h2cServer(call)
	fmt.Println("h2c", askWith(h2cClient(), first, 10))
	fmt.Println("h2c-again", askWith(h2cClient(), first, 11))
	fmt.Println("lost", ask(serve(lost), 12))
	fmt.Println("batch", batch())
}

func traceparent(n int) string {
	return fmt.Sprintf("00-%032x-%016x-01", n, n)
}

// ask sends the n-th caller's header and returns the answer's body.
func ask(url string, n int) string { return askWith(http.DefaultClient, url, n) }

func askWith(client *http.Client, url string, n int) string {
	req, err := http.NewRequest("GET", url, nil)
	if err != nil {
		return err.Error()
	}
	req.Header.Set("Traceparent", traceparent(n))
	return body(client.Do(req))
}

func body(resp *http.Response, err error) string {
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func call(w http.ResponseWriter, r *http.Request) {
	req, err := http.NewRequestWithContext(r.Context(), "GET", callee, nil)
	if err != nil {
		panic(err)
	}
	io.WriteString(w, body(http.DefaultClient.Do(req)))
}

func get(w http.ResponseWriter, r *http.Request) {
	io.WriteString(w, body(http.Get(callee)))
}

func postForm(w http.ResponseWriter, r *http.Request) {
	io.WriteString(w, inner(r.Context(), "form"))
}

// inner has a parameter without a name, and a local variable that hides no type.
func inner(_ context.Context, value string) string {
	return body(http.PostForm(callee, url.Values{"k": {value}}))
}

func proxy() http.HandlerFunc {
	target, err := url.Parse(serve(call))
	if err != nil {
		log.Fatal(err)
	}
	return (&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}).ServeHTTP
}

// nested calls with a Transport that hands its requests to another Transport.
func nested(w http.ResponseWriter, r *http.Request) {
	outer := &http.Transport{}
	outer.RegisterProtocol("inner", rewrite{&http.Transport{}})
	req, err := http.NewRequestWithContext(r.Context(), "GET", strings.Replace(callee, "http:", "inner:", 1), nil)
	if err != nil {
		panic(err)
	}
	io.WriteString(w, body((&http.Client{Transport: outer}).Do(req)))
}

type rewrite struct{ http.RoundTripper }

func (t rewrite) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme = "http"
	return t.RoundTripper.RoundTrip(r)
}

// handlerSees says what a handler is given: the types of net/http, which handlers ask for further interfaces.
func handlerSees(w http.ResponseWriter, r *http.Request) {
	_, flusher := w.(http.Flusher)
	_, hijacker := w.(http.Hijacker)
	_, readerFrom := w.(io.ReaderFrom)
	fmt.Fprintf(w, "%T %v %v %v", w, flusher, hijacker, readerFrom)
}

// lost calls from a goroutine with a context of its own.
func lost(w http.ResponseWriter, r *http.Request) {
	var answer string
	var calls sync.WaitGroup
	calls.Go(func() {
		req, err := http.NewRequestWithContext(context.Background(), "GET", callee, nil) // the analyzer finds this line
		if err != nil {
			panic(err)
		}
		answer = body(http.DefaultClient.Do(req)) // this line loses the header
	})
	calls.Wait()
	io.WriteString(w, answer)
}

// batch sends two requests to a service that answers both with one call, from a goroutine that one of the two has
// started. That call must not carry the header of either.
func batch() string {
	waiting := make(chan chan string, 2)
	var once sync.Once
	url := serve(func(w http.ResponseWriter, r *http.Request) {
		answer := make(chan string, 1)
		waiting <- answer
		once.Do(func() {
			go func() {
				both := []chan string{<-waiting, <-waiting}
				req, err := http.NewRequest("GET", callee, nil)
				if err != nil {
					panic(err)
				}
				got := body(http.DefaultClient.Do(req)) // this line serves two requests
				for _, a := range both {
					a <- got
				}
			}()
		})
		select {
		case got := <-answer:
			io.WriteString(w, got)
		case <-time.After(10 * time.Second):
			io.WriteString(w, "timeout")
		}
	})
	var answers [2]string
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() { answers[i] = ask(url, 13+i) })
	}
	wg.Wait()
	return strings.Join(answers[:], " ")
}
