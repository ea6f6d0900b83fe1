package sidecar

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func TestAnHTTPProxyForwardsAndRefuses(t *testing.T) {
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.URL.Path, " ", r.Header.Get("X-B3-Spanid"))
	}))
	target, _ := url.Parse(service.URL)
	p := Proxies{Ledger: new(Ledger), Calls: []Call{{Service: "ratings", Path: "/ratings"}}}
	p.Ledger.Begin(7, EnvoyZipkin, header("x-b3-traceid: "+trace, "x-b3-spanid: "+parent))
	proxy := httptest.NewServer(p.HTTP(target))
	defer proxy.Close()

	get := func(path string) (int, string) {
		req, _ := http.NewRequest(http.MethodGet, proxy.URL+path, nil)
		req.Header = header("x-b3-traceid: "+trace, "x-b3-spanid: "+parent)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(text)
	}
	if status, text := get("/ratings/7"); status != 200 || text != "/ratings/7 "+newID(trace, parent, "ratings") {
		t.Errorf("the answer is %d %s, want 200 with the proxy's new span", status, text)
	}
	for _, path := range []string{"/ratings/8", "/ratings/many", "/stars/7", "/7"} {
		if status, _ := get(path); status != http.StatusBadRequest {
			t.Errorf("%s: the status is %d, want 400", path, status)
		}
	}

	p.Tamper = func(service string, h http.Header) error {
		h.Set("X-B3-Spanid", "of "+service)
		return nil
	}
	if status, text := get("/ratings/7"); status != 200 || text != "/ratings/7 of ratings" {
		t.Errorf("with a Tamper that sets the span id, the answer is %d %s, want 200 with that id", status, text)
	}
	p.Tamper = func(string, http.Header) error { return errors.New("no more") }
	if status, text := get("/ratings/7"); status != http.StatusBadRequest || !strings.Contains(text, "no more") {
		t.Errorf("with a failing Tamper, the answer is %d %s, want 400 with its error", status, text)
	}
	p.Tamper = nil
	service.Close()
	if status, text := get("/ratings/7"); status != http.StatusBadGateway || !strings.Contains(text, "the proxy before /ratings/7: ") {
		t.Errorf("with a stopped service, the answer is %d %q, want 502", status, text)
	}
}
