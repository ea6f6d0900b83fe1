package httptrace_test

import (
	"context"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// world is a server on loopback that answers for every name there is, and remembers who was asked for what.
type world struct {
	base  *http.Transport // to the server, whatever the URL's host
	mu    sync.Mutex
	calls []worldVisit
}

// worldVisit is a request that a host of the world has served.
type worldVisit struct {
	host   string // that was dialed, with its port
	path   string
	header http.Header
}

// newWorld starts it. Where a path is "/to/" and a URL, it redirects there with the status 307.
func newWorld(t testing.TB) *world {
	w := new(world)
	var dialed sync.Map // by the client's address
	s := serve(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		host, _ := dialed.Load(r.RemoteAddr)
		w.mu.Lock()
		w.calls = append(w.calls, worldVisit{host.(string), r.URL.Path, r.Header.Clone()})
		w.mu.Unlock()
		if next, ok := strings.CutPrefix(r.RequestURI, "/to/"); ok {
			rw.Header().Set("Location", strings.NewReplacer("%5B", "[", "%5D", "]").Replace(next)) // net/http escapes them in a path
			rw.WriteHeader(http.StatusTemporaryRedirect)
			return
		}
		echo(rw, r)
	}))
	w.base = &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, s.Listener.Addr().String())
			if err == nil {
				dialed.Store(conn.LocalAddr().String(), addr)
			}
			return conn, err
		},
	}
	return w
}

// visits returns the requests since it was last asked.
func (w *world) visits() (calls []worldVisit) {
	w.mu.Lock()
	defer w.mu.Unlock()
	calls, w.calls = w.calls, nil
	return calls
}

// through returns the URL of the first of some hosts, which redirects to the second, and so on.
func through(hosts ...string) string {
	url := ""
	for i := len(hosts) - 1; i >= 0; i-- {
		if url != "" {
			url = "to/" + url
		}
		url = "http://" + hosts[i] + "/" + url
	}
	return url
}
