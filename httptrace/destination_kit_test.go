package httptrace_test

import (
	"context"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// world is a server on loopback that answers for every host name, and records the requests for each host.
type world struct {
	base  *http.Transport // connects to the server, whatever host the URL has
	mu    sync.Mutex
	calls []worldVisit
}

// worldVisit is a request that a host of the world has served.
type worldVisit struct {
	host   string // the dialed host with its port
	path   string
	header http.Header
}

// newWorld starts it. A path "/to/" with a URL redirects to that URL with the status 307.
func newWorld(t testing.TB) *world {
	w := new(world)
	var dialed sync.Map // dialed hosts by the client's address
	s := serve(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		host, _ := dialed.Load(r.RemoteAddr)
		w.mu.Lock()
		w.calls = append(w.calls, worldVisit{host.(string), r.URL.Path, r.Header.Clone()})
		w.mu.Unlock()
		if next, ok := strings.CutPrefix(r.RequestURI, "/to/"); ok {
			rw.Header().Set("Location", strings.NewReplacer("%5B", "[", "%5D", "]").Replace(next)) // net/http escapes brackets in a path
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

// visits returns the requests since its last call.
func (w *world) visits() (calls []worldVisit) {
	w.mu.Lock()
	defer w.mu.Unlock()
	calls, w.calls = w.calls, nil
	return calls
}

// through returns a URL of the first host, which redirects to the second host, and so on.
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
