package fasthttptrace_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/traceferry/traceferry/fasthttptrace"
	"github.com/traceferry/traceferry/internal/headerdiff"
	"github.com/traceferry/traceferry/propagation"
	"github.com/valyala/fasthttp"
)

// jobs is a service that answers each request. Its jobs make calls after fasthttp has reused the memory of the request.
type jobs struct {
	url   string
	p     *propagation.Propagator
	kept  sync.Map // contexts by the number of the caller
	calls sync.Map // headers of the handler's call by the number of the caller
}

func startJobs(t *testing.T) *jobs {
	j := &jobs{p: propagation.MustNew(everything())}
	last := serve(t, func(rc *fasthttp.RequestCtx) {
		h := http.Header{}
		for name, line := range rc.Request.Header.All() {
			h.Add(string(name), string(line))
		}
		j.calls.Store(string(rc.QueryArgs().Peek("n")), h)
	})
	client := newClient(j.p)
	j.url = serve(t, fasthttptrace.Middleware(j.p)(func(rc *fasthttp.RequestCtx) {
		n := string(rc.QueryArgs().Peek("n"))
		j.kept.Store(n, fasthttptrace.Context(rc))
		if err := call(client, fasthttptrace.Context(rc), last+"/?n="+n); err != nil {
			rc.Error(err.Error(), http.StatusBadGateway)
		}
	}))
	return j
}

// check checks the call and the context for the n-th caller.
func (j *jobs) check(t *testing.T, n int) {
	t.Helper()
	ctx, ok := j.kept.Load(strconv.Itoa(n))
	sent, called := j.calls.Load(strconv.Itoa(n))
	if !ok || !called {
		t.Fatalf("caller %d was not served", n)
	}
	h := http.Header{}
	j.p.InjectHTTP(ctx.(context.Context), h)
	headerdiff.Check(t, received(n), h, "the job of caller %d: ", n)
	for _, name := range []string{"Host", "User-Agent"} {
		sent.(http.Header).Del(name)
	}
	headerdiff.Check(t, received(n), sent.(http.Header), "the call of caller %d: ", n)
}

// TestIsolation: of thousands of concurrent requests on kept-alive connections, none gets another request's headers.
// That is also true after fasthttp has reused the memory of the requests.
func TestIsolation(t *testing.T) {
	const workers, each = 20, 100
	j := startJobs(t)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: workers}}
	defer client.CloseIdleConnections()
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for n := w * each; n < (w+1)*each; n++ {
				req, err := http.NewRequest("GET", j.url+"/?n="+strconv.Itoa(n), nil)
				if err != nil {
					t.Error(err)
					return
				}
				req.Header = received(n)
				resp, err := client.Do(req)
				if err != nil {
					t.Error(err)
					return
				}
				resp.Body.Close()
				if resp.StatusCode != http.StatusOK {
					t.Errorf("caller %d: %s", n, resp.Status)
				}
			}
		})
	}
	wg.Wait()
	for n := range workers * each {
		j.check(t, n)
	}
}

// TestPipelining: requests that arrive in one write on one connection keep their own headers.
func TestPipelining(t *testing.T) {
	const requests = 200
	j := startJobs(t)
	host := strings.TrimPrefix(j.url, "http://")
	conn, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var all bytes.Buffer
	for n := range requests {
		fmt.Fprintf(&all, "GET /?n=%d HTTP/1.1\r\nHost: %s\r\n", n, host)
		received(n).Write(&all)
		all.WriteString("\r\n")
	}
	go conn.Write(all.Bytes())
	answers := bufio.NewReader(conn)
	for n := range requests {
		resp, err := http.ReadResponse(answers, nil)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("answer %d: %v, %v", n, resp, err)
		}
		resp.Body.Close()
	}
	for n := range requests {
		j.check(t, n)
	}
}
