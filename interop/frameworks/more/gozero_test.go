package more

import (
	"net/http"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/zeromicro/go-zero/core/conf"
	"github.com/zeromicro/go-zero/core/logx"
	"github.com/zeromicro/go-zero/rest"
	"github.com/zeromicro/go-zero/rest/httpc"
	"go.opentelemetry.io/otel"
)

// TestGoZero: without go-zero's own tracer, the headers are forwarded unchanged. go-zero also sets OpenTelemetry's
// global propagator and injects with it.
func TestGoZero(t *testing.T) {
	m, p, client, url := setUp(t)
	var config rest.RestConf
	if err := conf.FillDefault(&config); err != nil {
		t.Fatal(err)
	}
	config.Name = "reviews"
	before := otel.GetTextMapPropagator()
	t.Cleanup(func() { otel.SetTextMapPropagator(before) })

	otel.SetTextMapPropagator(p)
	config.Telemetry.Disabled = true

	server := rest.MustNewServer(config)
	logx.Disable()

	server.Use(rest.ToMiddleware(httptrace.Middleware(p)))
	details := httpc.NewServiceWithClient("details", client)

	server.AddRoute(rest.Route{Method: "GET", Path: "/", Handler: func(w http.ResponseWriter, r *http.Request) {
		if err := call(r.Context(), goZeroClient{details}, url); err != nil {
			w.WriteHeader(http.StatusBadGateway)
		}
	}})
	ready, err := rest.NewServerless(server)
	if err != nil {
		t.Fatal(err)
	}
	m.Drive(http.HandlerFunc(ready.Serve))
}

// goZeroClient has the method Do of an http.Client.
type goZeroClient struct{ httpc.Service }

func (c goZeroClient) Do(r *http.Request) (*http.Response, error) { return c.DoRequest(r) }
