package pages

import (
	"bytes"
	"context"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
	"github.com/traceferry/traceferry/propagation/propagationtest"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

func TestStartHTTP(t *testing.T) {
	details, mux := newCallee(t), http.NewServeMux()
	url := details.url

	p := propagation.MustNew(preset.Istio())

	handler := httptrace.Middleware(p)(mux)
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}

	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		req, err := http.NewRequestWithContext(r.Context(), "GET", url, nil)
		if err != nil {
			t.Error(err)
			return
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Error(err)
			return
		}
		resp.Body.Close()
	})
	serve(handler, received())
	got := details.next(t)
	for _, name := range []string{"Traceparent", "B3", "X-Request-Id"} {
		if !slices.Equal(got[name], received()[name]) {
			t.Errorf("%s arrived as %q, want it unchanged", name, got[name])
		}
	}
}

func TestStartGRPC(t *testing.T) {
	p := propagation.MustNew(propagation.Config{})
	var got metadata.MD
	target := listen(t, grpc.NewServer(), func(ctx context.Context) { got, _ = metadata.FromIncomingContext(ctx) })

	server := grpc.NewServer(grpctrace.ServerOptions(p)...)
	conn, err := grpc.NewClient(target, append(grpctrace.DialOptions(p), grpc.WithTransportCredentials(creds))...)

	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	front := listen(t, server, func(ctx context.Context) { checkHealth(ctx, t, conn) })
	checkHealth(sending(t.Context()), t, plain(t, front))
	if !slices.Equal(got["b3"], []string{b3}) || !slices.Equal(got["x-request-id"], []string{requestID}) {
		t.Errorf("the call carried %v, want b3 and x-request-id unchanged", got)
	}
}

// newShop is the service of the reader. It has the preset of step 1.
func newShop(detailsURL string) http.Handler {
	p := propagation.MustNew(preset.Istio())
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	return httptrace.Middleware(p)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		req, err := http.NewRequestWithContext(r.Context(), "GET", detailsURL, nil)
		if err != nil {
			return
		}
		if resp, err := client.Do(req); err == nil {
			resp.Body.Close()
		}
	}))
}

func TestCarries(t *testing.T) {
	m := propagationtest.New(t, propagationtest.Carries(preset.Istio()))
	details := m.HTTP("details") // a server on loopback
	m.Drive(newShop(details.URL))
}

func TestStartLook(t *testing.T) {
	var out bytes.Buffer
	log.SetOutput(&out)
	defer log.SetOutput(log.Default().Writer())
	p := propagation.MustNew(propagation.Config{})
	serve(httptrace.Middleware(p)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		log.Print(p.ExplainRequest(r, "details:9080"))
		log.Print(p.Stats())
	})), received())
	if s := out.String(); !strings.Contains(s, "to details:9080: internal") || !strings.Contains(s, "sent as received") {
		t.Errorf("ExplainRequest printed %s, want the internal host and the header as received", s)
	}
}

// TestOutlive: a job that outlives the request has its headers, but does not end with it.
func TestOutlive(t *testing.T) {
	details := newCallee(t)
	p := propagation.MustNew(propagation.Config{})
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	done := make(chan bool)
	job := func(ctx context.Context) {
		get(ctx, t, client, details.url)
		close(done)
	}
	handler := httptrace.Middleware(p)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		go job(propagation.Copy(context.Background(), r.Context()))
	}))
	ctx, cancel := context.WithCancel(t.Context())
	r := httptest.NewRequestWithContext(ctx, "GET", "/", nil)
	r.Header = received()
	cancel() // the request has ended
	handler.ServeHTTP(httptest.NewRecorder(), r)
	<-done
	if got := details.next(t).Get("B3"); got != b3 {
		t.Errorf("b3 arrived as %q, want it unchanged", got)
	}
}

// TestEmit: Config.Emit also writes a format that the caller did not send.
func TestEmit(t *testing.T) {
	details := newCallee(t)

	p := propagation.MustNew(propagation.Config{Emit: []propagation.Format{propagation.W3C, propagation.B3Multi}})

	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	get(p.ExtractHTTP(t.Context(), http.Header{"B3": {b3}}), t, client, details.url)
	if got := details.next(t); got.Get("Traceparent") != traceparent || got.Get("X-B3-Spanid") != spanID || got.Get("B3") != b3 {
		t.Errorf("the call carried %v, want the received and the emitted formats", got)
	}
}

// TestEnv: an environment variable lists the formats.
func TestEnv(t *testing.T) {
	t.Setenv("OTEL_PROPAGATORS", "tracecontext,baggage,requestid")

	config, err := propagation.ConfigFromEnv()

	want := []propagation.Format{propagation.W3C, propagation.Baggage, propagation.RequestID}
	if err != nil || !slices.Equal(config.Formats, want) {
		t.Errorf("the formats are %v, error %v", config.Formats, err)
	}
}
