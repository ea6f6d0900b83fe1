package callsite_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/internal/callsite"
)

// find calls Find from below an internal package. This test's package is internal, too.
func find() callsite.Site { return callsite.Find() }

// TestNoPlace: if all frames belong to libraries, there is no call site.
func TestNoPlace(t *testing.T) {
	done := make(chan callsite.Site)
	go func() { done <- find() }()
	if s := <-done; s != (callsite.Site{}) {
		t.Errorf("found %+v, want no call site", s)
	}
}

// TestInHandler: the goroutine of a server is recognised, however deep the handler is.
func TestInHandler(t *testing.T) {
	var deep func(n int) callsite.Site
	deep = func(n int) callsite.Site {
		if n == 0 {
			return find()
		}
		return deep(n - 1)
	}
	for depth, want := range map[int]bool{0: true, 100: true, 1000: false} { // the walk is bounded
		var got callsite.Site
		s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { got = deep(depth) }))
		resp, err := s.Client().Get(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		s.Close()
		if got.InHandler != want {
			t.Errorf("%d frames deep: InHandler is %v, want %v", depth, got.InHandler, want)
		}
	}
	if find().InHandler {
		t.Error("InHandler is true in a test")
	}
}

func TestInTest(t *testing.T) {
	done := make(chan bool)
	go func() { done <- callsite.InTest() }()
	if !callsite.InTest() || <-done {
		t.Error("InTest is not true exactly on the test's goroutine")
	}
}

func TestServes(t *testing.T) {
	for function, want := range map[string]bool{
		"net/http.(*conn).serve":                                          true,
		"net/http.(*http2serverConn).runHandler":                          true,
		"golang.org/x/net/http2.(*serverConn).runHandler":                 true,
		"google.golang.org/grpc.(*Server).handleStream":                   true,
		"github.com/traceferry/traceferry/httptrace.(*handler).ServeHTTP": true,
		"net/http.(*Client).Do":                                           false,
		"main.serve":                                                      false,
	} {
		if got := callsite.Serves(function); got != want {
			t.Errorf("Serves(%q) is %v, want the opposite", function, got)
		}
		if got := callsite.ServesHTTP(function); got != (want && !strings.Contains(function, "grpc") && !strings.Contains(function, "traceferry")) {
			t.Errorf("ServesHTTP(%q) is %v, want the opposite", function, got)
		}
	}
}

func BenchmarkFind(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		find()
	}
}
