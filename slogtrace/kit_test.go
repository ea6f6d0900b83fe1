package slogtrace_test

import (
	"bytes"
	"context"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/internal/samples"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/slogtrace"
)

const (
	callerTrace = "463ac35c9f6413ad48485a3953bb6124"
	callerSpan  = "a2fb4a1d1a96d312"
	callerID    = "5f2f7d9c-7b1a-9d5e-8f57-1f8f0a2b3c4d"

	// fromCaller is the end of a JSON line with the default fields for the caller.
	fromCaller = `"trace_id":"` + callerTrace + `","span_id":"` + callerSpan + `","sampled":true,"request_id":"` + callerID + `"`
)

// carrier returns a header with these names and values.
func carrier(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h[pairs[i]] = append(h[pairs[i]], pairs[i+1])
	}
	return h
}

// ordinary is the request of an ordinary caller.
func ordinary() http.Header {
	return carrier("Traceparent", "00-"+callerTrace+"-"+callerSpan+"-01", "X-Request-Id", callerID, "Baggage", "tenant=acme,user=u1")
}

// received returns the context of a request with an ordinary caller's headers, and with these headers.
func received(pairs ...string) context.Context {
	h := ordinary()
	maps.Copy(h, carrier(pairs...))
	return propagation.MustNew(propagation.Config{}).ExtractHTTP(context.Background(), h)
}

// everything returns a caller's request with all formats.
func everything(c samples.Caller) http.Header { return samples.Headers(c, propagation.AllFormats()) }

// output is the text that a JSON handler wrote, without the time.
type output struct{ bytes.Buffer }

func (o *output) handler() slog.Handler {
	return slog.NewJSONHandler(&o.Buffer, withoutTime)
}

// logger returns a Logger that writes to o through a Handler.
func (o *output) logger(t testing.TB, opts ...slogtrace.Option) *slog.Logger {
	t.Helper()
	h, err := slogtrace.New(o.handler(), opts...)
	if err != nil {
		t.Fatal(err)
	}
	return slog.New(h)
}

// added returns the text of a record of ctx besides level and message.
func added(t testing.TB, ctx context.Context, opts ...slogtrace.Option) string {
	t.Helper()
	var o output
	o.logger(t, opts...).InfoContext(ctx, "m")
	line, ok := strings.CutPrefix(o.String(), `{"level":"INFO","msg":"m"`)
	if !ok {
		t.Fatalf("logged %s, want a line with level and message", o.String())
	}
	return strings.TrimPrefix(strings.TrimSuffix(line, "}\n"), ",")
}

func check(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\ngot  %s\nwant %s", what, got, want)
	}
}
