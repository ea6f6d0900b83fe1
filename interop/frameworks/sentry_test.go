package frameworks

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getsentry/sentry-go"
	sentryhttp "github.com/getsentry/sentry-go/http"
	sentryhttpclient "github.com/getsentry/sentry-go/httpclient"
	"github.com/traceferry/traceferry/httptrace"
)

// TestSentry: the handler and the RoundTripper of sentry-go do not change the received headers, and add their own.
func TestSentry(t *testing.T) {
	p, _, back := setUp(t)
	sink := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	sdk, err := sentry.NewClient(sentry.ClientOptions{Dsn: strings.Replace(sink, "http://", "http://key@", 1) + "/1", EnableTracing: true, TracesSampleRate: 1})
	if err != nil {
		t.Fatal(err)
	}
	hub := sentry.CurrentHub()
	before := hub.Client()
	hub.BindClient(sdk)
	defer hub.BindClient(before)
	through := func(client *http.Client) http.Header {
		mux := back.calls(client)

		handler := httptrace.Middleware(p)(sentryhttp.New(sentryhttp.Options{}).Handle(mux))

		send(t, serve(t, handler))
		return back.next(t)
	}

	client := &http.Client{Transport: httptrace.NewTransport(p, sentryhttpclient.NewSentryRoundTripper(nil))}

	arrived := through(client)
	for _, name := range []string{"Traceparent", "B3", "X-Request-Id"} {
		if !slices.Equal(arrived[name], came[name]) {
			t.Errorf("%s arrived as %q, want it unchanged", name, arrived[name])
		}
	}
	if lines := arrived["Baggage"]; len(lines) != 3 || !slices.Equal(lines[:2], came["Baggage"]) || !strings.Contains(lines[2], "sentry-trace_id") || len(arrived["Sentry-Trace"]) != 1 {
		t.Errorf("the call carries %q, want the received baggage and Sentry's members", arrived)
	}

	outside := &http.Client{Transport: sentryhttpclient.NewSentryRoundTripper(httptrace.NewTransport(p, nil))}
	if lines := through(outside)["Baggage"]; len(lines) != 1 || !strings.Contains(lines[0], "sentry-trace_id") {
		t.Errorf("baggage is %q, want only Sentry's members as on the page", lines)
	}
}
