package propagationtest

import (
	"io"
	"net/http"
	"time"
)

// call is a call that arrived at a callee.
type call struct {
	callee *callee
	what   string      // "GET /details/7", or the full method
	header http.Header // as on the wire: -bin values are base64
	stray  bool        // one of many at once whose request is not known
}

type failedKey struct {
	callee  *callee
	request int
}

// arrive notes a call and reports whether the callee must refuse it.
func (m *Mesh) arrive(c call) (refuse bool) {
	owner := m.ownerOf(c.header)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.inbox = append(m.inbox, c)
	m.last = time.Now()
	key := failedKey{c.callee, owner}
	if !c.callee.failsFirst || m.failed[key] {
		return false
	}
	if m.failed == nil {
		m.failed = map[failedKey]bool{}
	}
	m.failed[key] = true
	return true
}

// serveHTTP is an HTTP callee. Its answer has the request's x-request-id and traceparent, as the answers of some proxies do: a service that
// takes them from an old answer sends another request's.
func (m *Mesh) serveHTTP(c *callee, w http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	refuse := m.arrive(call{callee: c, what: r.Method + " " + r.URL.RequestURI(), header: r.Header.Clone()})
	for _, name := range []string{"X-Request-Id", "Traceparent"} {
		if v := r.Header.Get(name); v != "" {
			w.Header().Set(name, v)
		}
	}
	switch {
	case refuse:
		http.Error(w, "the stand-in refuses the first call", http.StatusServiceUnavailable)
	case c.redirect != "":
		http.Redirect(w, r, c.redirect, http.StatusTemporaryRedirect)
	case c.answer != nil:
		c.answer.ServeHTTP(w, r)
	default:
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, "{}")
	}
}
