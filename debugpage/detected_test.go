package debugpage_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/debugpage"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

// TestDetected: the page shows the line of a real call that lost its context.
func TestDetected(t *testing.T) {
	var losses debugpage.Losses
	p := propagation.MustNew(propagation.Config{Observer: losses.Observer(nil)})
	page := httptest.NewServer(debugpage.New(p, &losses))
	defer page.Close()
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	for range 2 {
		req, err := http.NewRequestWithContext(context.Background(), "GET", page.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	sites := losses.Sites()
	if len(sites) != 1 || sites[0].Count != 2 || sites[0].Loss.Reason != propagation.LostContext || !strings.HasSuffix(sites[0].Loss.File, "detected_test.go") {
		t.Errorf("got %+v", sites)
	}
	w := httptest.NewRecorder()
	debugpage.New(p, &losses).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if !strings.Contains(w.Body.String(), "detected_test.go:") {
		t.Errorf("the page has no line of the call\n%s", w.Body)
	}
}
