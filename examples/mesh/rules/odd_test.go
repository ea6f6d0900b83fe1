package rules

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/traceferry/traceferry/examples/mesh/envoy"
	"github.com/traceferry/traceferry/examples/mesh/sink"
	"github.com/traceferry/traceferry/propagation"
)

// TestOdd sends each row of oddRows through a real Envoy with its tracer, and compares the span that Envoy continues
// with the span that this library reads.
func TestOdd(t *testing.T) {
	for _, tracer := range oddTracers {
		t.Run(tracer.name, func(t *testing.T) {
			spans := tracer.send(t)
			p := propagation.MustNew(propagation.Config{Formats: tracer.reads})
			for i, row := range tracer.rows {
				if got := continued(spans, i); got != row.envoy {
					t.Errorf("%q: Envoy continues %q, want %q", row.lines, got, row.envoy)
				}
				sc, _ := propagation.RemoteFromContext(p.ExtractHTTP(context.Background(), parsed(t, row.lines)))
				ours := ""
				if sc.IsValid() {
					ours = sc.TraceID.String() + "-" + sc.SpanID.String()
				}
				if (ours == row.envoy) != (row.why == "") {
					t.Errorf("%q: we read %q and Envoy reads %q; the reason for the difference is %q, want one exactly if they differ", row.lines, ours, row.envoy, row.why)
				}
			}
		})
	}
}

// TestOddPage compares the reasons in oddRows with docs/meshes.md. It needs no Envoy.
func TestOddPage(t *testing.T) {
	doc, err := os.ReadFile("../../../docs/meshes.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, tracer := range oddTracers {
		for _, row := range tracer.rows {
			if row.why != "" && !strings.Contains(string(doc), "| "+row.why+" |") {
				t.Errorf("docs/meshes.md does not say %q, which is the reason for %q", row.why, row.lines)
			}
		}
	}
}

// oddTracer is a tracer of Envoy with the headers to send to it.
type oddTracer struct {
	name  string
	envoy envoy.Tracer
	sink  func() (sink.Sink, error)
	reads []propagation.Format
	rows  []oddRow
}

// oddRow is one request.
type oddRow struct {
	lines []string // as sent on the wire
	envoy string   // the trace id and parent id of Envoy's span, joined with a dash; "" if it continues no trace
	why   string   // if we read something else: the cell of docs/meshes.md with the reason
}

// send sends all rows and returns the spans.
func (o oddTracer) send(t *testing.T) []sink.Span {
	t.Helper()
	binary, err := envoy.Find("")
	if err != nil {
		t.Skip(err)
	}
	collector, err := o.sink()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { collector.Close() })
	l := sidecar(envoy.Always)
	l.Addr = hold(t)
	l.Routes = []envoy.Route{{Name: "in", Host: "*", Prefix: "/", Upstream: serve(t, http.NotFoundHandler())}}
	p, err := envoy.Start(t.Context(), binary, t.TempDir(), envoy.Proxy{
		Service: "app", Listeners: []envoy.Listener{l}, Tracer: o.envoy, Collector: collector.Addr(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	want := 0
	for i, row := range o.rows {
		ask(t, l.Addr, request(append(row.lines, "x-book: "+strconv.Itoa(i))))
		if row.envoy != "" {
			want++
		}
	}
	const while = 3 * time.Second
	for end := time.Now().Add(while); len(collector.Spans()) < want && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	time.Sleep(500 * time.Millisecond) // also for spans that no row expects
	return collector.Spans()
}

// request returns the text of a request. net/http's client cannot send it, because it trims the values.
func request(lines []string) string {
	return "GET / HTTP/1.1\r\nHost: app\r\nConnection: close\r\n" + strings.Join(lines, "\r\n") + "\r\n\r\n"
}

func ask(t *testing.T, addr, text string) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, text)
	if answer, _ := io.ReadAll(conn); !strings.HasPrefix(string(answer), "HTTP/1.1 404") {
		t.Errorf("the answer to %q is %q, want status 404", text, answer)
	}
}

// parsed returns the headers as net/http's server parses them.
func parsed(t *testing.T, lines []string) http.Header {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(request(lines))))
	if err != nil {
		t.Fatal(err)
	}
	return r.Header
}

// continued returns the trace id and the parent id of Envoy's span for the i-th row, or "" if it continues no trace.
func continued(spans []sink.Span, i int) string {
	for _, s := range spans {
		if s.Tags[sink.BookTag] == strconv.Itoa(i) && s.ParentID != "" && s.Kind != "client" {
			trace := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(s.TraceID, "1-"), "-", ""))
			return fmt.Sprintf("%032s-%016s", trace, s.ParentID)
		}
	}
	return ""
}
