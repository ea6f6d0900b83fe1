package httptrace_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

func TestResponseRequestID(t *testing.T) {
	const id = "5f2f7d9c-7b1a-9d5e-8f57-1f8f0a2b3c4d"
	nothing := func(http.ResponseWriter, *http.Request) {}
	for name, c := range map[string]struct {
		option  httptrace.Option
		headers http.Header
		handler http.HandlerFunc
		want    []string
	}{
		"echoed":              {httptrace.WithResponseRequestID(), http.Header{"X-Request-Id": {id}}, nothing, []string{id}},
		"not asked for":       {nil, http.Header{"X-Request-Id": {id}}, nothing, nil},
		"none came":           {httptrace.WithResponseRequestID(), http.Header{"B3": {"0"}}, nothing, nil},
		"too long":            {httptrace.WithResponseRequestID(), http.Header{"X-Request-Id": {strings.Repeat("x", 129)}}, nothing, nil},
		"not to be repeated":  {httptrace.WithResponseRequestID(), http.Header{"X-Request-Id": {"<script>"}}, nothing, nil},
		"the first of two":    {httptrace.WithResponseRequestID(), http.Header{"X-Request-Id": {id, "other"}}, nothing, []string{id}},
		"the handler deletes": {httptrace.WithResponseRequestID(), http.Header{"X-Request-Id": {id}}, func(w http.ResponseWriter, _ *http.Request) { w.Header().Del("X-Request-Id") }, nil},
		"the handler sets":    {httptrace.WithResponseRequestID(), http.Header{"X-Request-Id": {id}}, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Request-Id", "mine") }, []string{"mine"}},
		"also of an error":    {httptrace.WithResponseRequestID(), http.Header{"X-Request-Id": {id}}, http.NotFound, []string{id}},
	} {
		t.Run(name, func(t *testing.T) {
			mw := httptrace.Middleware(propagation.MustNew(propagation.Config{}), c.option)
			eachProtocol(t, mw(c.handler), func(t *testing.T, s *httptest.Server) {
				resp, _ := do(t, s.Client(), request(t, "GET", s.URL, c.headers, nil))
				if got := resp.Header.Values("X-Request-Id"); strings.Join(got, "|") != strings.Join(c.want, "|") {
					t.Errorf("the response has %q, want %q", got, c.want)
				}
			})
		})
	}
}

// A request id that the middleware made is returned to the caller and sent on calls, like a received one.
func TestResponseRequestIDGenerated(t *testing.T) {
	p := propagation.MustNew(propagation.Config{GenerateRequestID: true})
	back := serve(t, http.HandlerFunc(echo))
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	front := serve(t, httptrace.Middleware(p, httptrace.WithResponseRequestID())(forward(client, back.URL)))
	resp, body := exchange(t, front.URL, nil)
	id := resp.Header.Get("X-Request-Id")
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(id) {
		t.Errorf("the generated id is %q, want a UUID of version 4", id)
	}
	if sent := echoed(t, resp, body).Get("X-Request-Id"); sent != id {
		t.Errorf("the call has the id %q, want the id of the response %q", sent, id)
	}
}
