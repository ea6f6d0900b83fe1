package grpctrace_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
)

// refused carries everything, and headers whose names gRPC does not allow.
func refused() propagation.Config {
	c := everything()
	c.Headers = append(c.Headers, "User-Agent", "X-Odd!Name")
	return c
}

// illegal is a header that HTTP carries and grpc-go refuses. It has the name of the case, the format that is counted,
// and the headers that are dropped with it.
var illegal = []struct {
	name, value string
	format      propagation.Format // the format under which it is counted
	with        []string           // ids and decisions of the same format, which are dropped, too
}{
	{"Traceparent", "00-café", propagation.W3C, []string{"tracestate"}},
	{"Tracestate", "a=\t1", propagation.W3C, nil},
	{"X-B3-Traceid", "\xff\xfe", propagation.B3Multi, []string{"x-b3-spanid", "x-b3-sampled"}},
	{"X-B3-Sampled", "1é", propagation.B3Multi, []string{"x-b3-traceid", "x-b3-spanid"}},
	{"Ot-Tracer-Sampled", "é", propagation.OTTrace, []string{"ot-tracer-traceid", "ot-tracer-spanid", "ot-baggage-user"}},
	{"X-Request-Id", "id\twith a tab", propagation.RequestID, nil},
	{"Baggage", "k=☃", propagation.Baggage, nil},
	{"Uberctx-User", "josé", propagation.Jaeger, nil},
	{"Uberctx-Odd!name", "x", propagation.Jaeger, nil},
	{"Ot-Baggage-User", "\x80", propagation.OTTrace, nil},
	{"Sw8", "1-é", propagation.SkyWalking, nil},
	{"Grpc-Trace-Bin", "no base64!", propagation.GRPCTraceBin, nil},
	{"End-User", "ユーザー", 0, nil},
	{"User-Bin", "-_-", 0, nil},
	{"User-Agent", "curl/8.0", 0, nil},
	{"X-Odd!name", "x", 0, nil},
}

// Headers that grpc-go refuses are dropped and counted, and the call succeeds.
func TestPromise6_IllegalIsLeftOut(t *testing.T) {
	back := serve(t, echo())
	for _, bad := range illegal {
		eachWiring(t, func(t *testing.T, w wiring, call caller) {
			p := propagation.MustNew(refused())
			headers, want := overHTTP(inbound(1)), inbound(1)
			headers[bad.name] = []string{bad.value}
			for _, name := range append(bad.with, strings.ToLower(bad.name)) {
				delete(want, name)
			}

			ctx, conn := p.ExtractHTTP(t.Context(), headers), dial(t, back, w.client(p)...)
			for range 2 {
				checkVerbatim(t, arrived(t, ctx, call, conn), want)
			}
			if p.Stats().Count(bad.format, propagation.Unsendable) == 0 {
				t.Errorf("%s was not counted as Unsendable", bad.name)
			}
			mine := metadata.AppendToOutgoingContext(ctx, "own", "1") // uses the other code path
			checkVerbatim(t, arrived(t, mine, call, conn), want)
		})
	}
}

// If some lines of a name are refused, the other lines are sent.
func TestPromise6_LegalLinesStay(t *testing.T) {
	p := propagation.MustNew(everything())
	headers, want := overHTTP(inbound(1)), inbound(1)
	headers["Baggage"] = append(headers["Baggage"], "k=☃", "last=1")
	want["baggage"] = append(want["baggage"], "last=1")
	back := serve(t, echo())
	eachWiring(t, func(t *testing.T, w wiring, call caller) {
		checkVerbatim(t, arrived(t, p.ExtractHTTP(t.Context(), headers), call, dial(t, back, w.client(p)...)), want)
	})
}

// A client in another language may not check its metadata. Its bytes do not make our gRPC calls fail, and calls over
// HTTP carry them unchanged.
func TestPromise6_IllegalFromGRPC(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, echo())
	sent := inbound(1)
	sent["end-user"] = []string{"ユーザー"}
	unchecked := grpc.WithStatsHandler(tagger(func(ctx context.Context) context.Context { return metadata.NewOutgoingContext(ctx, sent) }))
	if _, err := callUnary(sending(t, sent), dial(t, back), nil); status.Code(err) != codes.Internal {
		t.Fatalf("grpc-go returns %v, want that it refuses the metadata", err)
	}
	eachWiring(t, func(t *testing.T, w wiring, call caller) {
		want := inbound(1)
		delete(want, "end-user")
		front := serve(t, forward(dial(t, back, w.client(p)...)), w.server(p)...)
		checkVerbatim(t, arrived(t, t.Context(), call, dial(t, front, unchecked)), want)

		toHTTP := serve(t, fromGRPC(overTransport(p), serveHTTP(t, http.HandlerFunc(httpEcho))), w.server(p)...)
		checkVerbatim(t, arrived(t, t.Context(), call, dial(t, toHTTP, unchecked)), overHTTP(sent))
	})
}

// tagger is a stats handler that implements only TagRPC.
type tagger func(context.Context) context.Context

func (f tagger) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return f(ctx) }
func (tagger) HandleRPC(context.Context, stats.RPCStats)                         {}
func (tagger) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (tagger) HandleConn(context.Context, stats.ConnStats)                       {}

// Whatever bytes the values have, with a local span and without: no call fails.
func TestPromise6_NoInputFailsACall(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	bytes := func(n int) string {
		b := make([]byte, r.IntN(n))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return string(b)
	}
	p := propagation.MustNew(func() propagation.Config { c := everything(); c.LocalSpan = spanOf; return c }())
	back := serve(t, echo())
	eachWiring(t, func(t *testing.T, w wiring, call caller) {
		conn := dial(t, back, w.client(p)...)
		for n := range uint64(100) {
			came := inbound(n)
			for name := range came {
				if r.IntN(3) == 0 {
					came[name] = []string{bytes(60), came[name][0] + bytes(4), bytes(60)}
				}
			}
			came["uberctx-"+bytes(20)] = []string{bytes(20)}
			ctx := p.ExtractMetadata(t.Context(), came)
			if n%2 == 0 {
				ctx = withSpan(ctx, callersSpan(n+1))
			}
			arrived(t, ctx, call, conn)
		}
	})
}
