package frameworks

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/go-resty/resty/v2"
	"github.com/traceferry/traceferry/httptrace"
)

type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Debugf(string, ...any) {}

// throughResty is a handler that calls with a resty client.
func throughResty(t *testing.T, client *resty.Client, url string) http.Handler {
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, err := client.R().SetContext(r.Context()).Get(url)
		if err != nil {
			t.Error(err)
		}
	})
}

func TestResty(t *testing.T) {
	p, _, back := setUp(t)

	client := resty.New().SetTransport(httptrace.NewTransport(p, nil))

	send(t, serve(t, httptrace.Middleware(p)(throughResty(t, client, back.url))))
	back.got(t)
}

// SetProxy needs an *http.Transport, and ignores any other transport. So the proxy is set on the base.
func TestRestyProxy(t *testing.T) {
	p, _, back := setUp(t)
	var proxied atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		proxied.Add(1)
		back.arrived <- r.Header.Clone()
	}))
	defer proxy.Close()
	proxyURL, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	const unknown = "http://details.internal/" // resolved by the proxy alone

	base := http.DefaultTransport.(*http.Transport).Clone()
	base.Proxy = http.ProxyURL(proxyURL)
	client := resty.New().SetTransport(httptrace.NewTransport(p, base))

	send(t, serve(t, httptrace.Middleware(p)(throughResty(t, client, unknown))))
	back.got(t)
	if n := proxied.Load(); n != 1 {
		t.Errorf("%d calls went through the proxy, want 1", n)
	}

	wrong := resty.New().SetLogger(silent{}).SetTransport(httptrace.NewTransport(p, nil)).SetProxy(proxy.URL)
	send(t, serve(t, httptrace.Middleware(p)(throughResty(t, wrong, back.url))))
	back.got(t)
	if n := proxied.Load(); n != 1 {
		t.Error("SetProxy works after SetTransport, want that it does not, as on the page")
	}
}
