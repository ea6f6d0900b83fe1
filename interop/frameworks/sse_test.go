package frameworks

import (
	"bufio"
	"fmt"
	"net/http"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
)

// TestSSE: a stream of events can flush, because nothing wraps its ResponseWriter. All calls for its events carry the
// headers of the request that opened the stream.
func TestSSE(t *testing.T) {
	p, client, back := setUp(t)
	next := make(chan bool)
	events := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for n := range 3 {
			back.calls(client).ServeHTTP(w, r)
			fmt.Fprintf(w, "data: %d\n\n", n)
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
			<-next // the caller has the event, although the handler still runs
		}
	})

	handler := httptrace.Middleware(p)(events)

	req := mustGet(t, serve(t, handler))
	req.Header = came.Clone()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	for n := range 3 {
		if !lines.Scan() || lines.Text() != fmt.Sprintf("data: %d", n) {
			t.Fatalf("event %d is %q: %v", n, lines.Text(), lines.Err())
		}
		lines.Scan() // the empty line
		back.got(t)
		next <- true
	}
}
