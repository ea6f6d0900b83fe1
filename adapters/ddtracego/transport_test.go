package ddtracego_test

import (
	"net/http"
	"testing"

	ddhttp "github.com/DataDog/dd-trace-go/contrib/net/http/v2"
	"github.com/DataDog/dd-trace-go/v2/ddtrace/tracer"
	"github.com/traceferry/traceferry/adapters/ddtracego"
	"github.com/traceferry/traceferry/adapters/internal/adaptertest"
	"github.com/traceferry/traceferry/httptrace"
)

// TestTransport: the sent headers name the client span of dd-trace-go's transport, which is outside of ours.
func TestTransport(t *testing.T) {
	start(t)
	ctx, p := adaptertest.Receive(ddtracego.LocalSpan)
	server, ctx := tracer.StartSpanFromContext(ctx, "server")
	defer server.Finish()
	var client *tracer.Span
	theirs := ddhttp.WrapRoundTripper(httptrace.NewTransport(p, nil),
		ddhttp.WithBefore(func(_ *http.Request, span *tracer.Span) { client = span }))

	h := adaptertest.Call(t, ctx, theirs)
	if client.Context().SpanID() == server.Context().SpanID() {
		t.Fatal("dd-trace-go's transport started no client span")
	}
	says(t, client).Sent(t, h, "r1")
}
