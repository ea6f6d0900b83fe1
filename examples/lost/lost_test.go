package main

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/grpctrace/grpcguard"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/propagationtest"
)

// TestMistakes: each mistake is reported once, with its reason, its function, its file and its line.
func TestMistakes(t *testing.T) {
	lines := lostLines(t)
	for _, f := range run() {
		t.Run(f.name, func(t *testing.T) {
			if len(f.losses) != 1 {
				t.Fatalf("%d losses were reported: %v", len(f.losses), f.losses)
			}
			method := runtime.FuncForPC(reflect.ValueOf(f.handler).Pointer()).Name() // main.(*shop).httpGet
			name := strings.TrimSuffix(method[strings.LastIndex(method, ".")+1:], "-fm")
			got := f.losses[0]
			if got.Reason != f.reason || filepath.Base(got.File) != "mistakes.go" || got.Line != lines[name] || !strings.Contains(got.Function, "(*shop)."+name) {
				t.Errorf("reported %v in %s, want %v in %s at mistakes.go:%d", got, got.Function, f.reason, name, lines[name])
			}
			if got.Destination == "" || got.Method == "" {
				t.Errorf("reported %+v without its method or destination", got)
			}
			if goroutine := strings.Contains(got.Function, name+".func"); got.InHandler == goroutine {
				t.Errorf("InHandler is %v in %s", got.InHandler, got.Function)
			}
		})
	}
}

// lostLines returns the line with the comment "lost" in each function of mistakes.go.
func lostLines(t *testing.T) map[string]int {
	source, err := os.ReadFile("mistakes.go")
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "mistakes.go", source, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string]int{}
	for _, group := range file.Comments {
		for _, comment := range group.List {
			for _, d := range file.Decls {
				if f, ok := d.(*ast.FuncDecl); ok && comment.Text == "// lost" && f.Pos() < comment.Pos() && comment.Pos() < f.End() {
					lines[f.Name.Name] = fset.Position(comment.Pos()).Line
				}
			}
		}
	}
	if len(lines) != len(mistakes) {
		t.Fatalf("%d of %d mistakes have a comment", len(lines), len(mistakes))
	}
	return lines
}

// TestRight: the right code loses nothing. All checks for losses are on.
func TestRight(t *testing.T) {
	p := propagation.MustNew(propagation.Config{Observer: propagationtest.FailOnLoss(t)})
	guarded(t, p)
	s := newShop(p)
	front := httptest.NewServer(s.handler())
	defer front.Close()
	for _, h := range right {
		request(front, h.name)
		send(front, h.name, http.Header{}) // there are no headers to lose
	}
	s.close() // waits for the jobs
	if stats := p.Stats(); stats.Captured() != uint64(len(right)) || stats.Carried() < stats.Captured() || stats.Uncarried() != 0 || stats.Total(propagation.NoContext) != 0 {
		t.Errorf("counted %v for %d requests", stats, len(right))
	}
}

// TestFailOnLoss: one line makes a test fail, with the line of the mistake. The test's own calls are no mistakes.
func TestFailOnLoss(t *testing.T) {
	var test failed
	p := propagation.MustNew(propagation.Config{Observer: propagationtest.FailOnLoss(&test)})
	guarded(t, p)
	s := newShop(p)
	front := httptest.NewServer(s.handler())
	answer(http.Get(front.URL + "/" + path("http.Get"))) // with http.DefaultTransport, from the test
	answer((&http.Client{Transport: httptrace.NewTransport(p, nil)}).Get(s.reviews))
	front.Close()
	s.close()
	if len(test.errors) != 1 || !strings.Contains(test.errors[0], "mistakes.go:") || !strings.Contains(test.errors[0], "no context: GET 127.0.0.1:") {
		t.Errorf("the test failed with %q", test.errors)
	}
}

// TestCounts: the counters count a captured request, and a request whose calls carried nothing.
func TestCounts(t *testing.T) {
	p := propagation.MustNew(propagation.Config{Observer: &propagation.Observer{Lost: func(context.Context, propagation.Loss) {}}})
	guarded(t, p)
	s := newShop(p)
	front := httptest.NewServer(s.handler())
	for _, name := range []string{"a client literal", "a plain gRPC connection", "http.Get", "the request's context"} {
		request(front, name)
	}
	front.Close()
	s.close()
	const want = "requests captured: 4, requests uncarried: 2, calls carried: 1"
	if got := p.Stats().String(); got != want {
		t.Errorf("counted %q, want %q", got, want)
	}
}

// guarded guards the calls of all clients until the test ends.
func guarded(t *testing.T, p *propagation.Propagator) {
	before := http.DefaultTransport
	http.DefaultTransport = httptrace.Guard(p, before)
	grpcguard.Enable(p)
	t.Cleanup(func() {
		http.DefaultTransport = before
		grpcguard.Enable(nil)
	})
}

// failed is a test that only records its errors.
type failed struct{ errors []string }

func (*failed) Helper() {}

func (f *failed) Errorf(format string, args ...any) {
	f.errors = append(f.errors, fmt.Sprintf(format, args...))
}
