package grpctrace_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// hostile is metadata that a caller sends to make our calls fail: it is larger than many servers accept.
var hostile = map[string]func(metadata.MD){
	"baggage":    func(md metadata.MD) { md["baggage"] = []string{"k=" + strings.Repeat("x", 8000)} },
	"tracestate": func(md metadata.MD) { md["tracestate"] = []string{"k=" + strings.Repeat("x", 8000)} },
	"request id": func(md metadata.MD) { md["x-request-id"] = []string{strings.Repeat("x", 8000)} },
	"own header": func(md metadata.MD) { md["end-user"] = []string{strings.Repeat("x", 8000)} },
	"bytes":      func(md metadata.MD) { md["grpc-trace-bin"] = []string{"\x00" + strings.Repeat("\xff", 6000)} },
	"many names": func(md metadata.MD) { addNames(md, "uberctx-", 60) },
	"many lines": func(md metadata.MD) { md["baggage"] = strings.Split(strings.Repeat("k=v ", 60), " ") },
	"everything": func(md metadata.MD) {
		addNames(md, "ot-baggage-", 30)
		md["baggage"] = []string{"k=" + strings.Repeat("x", 8000)}
	},
	"each a part": func(md metadata.MD) { addTo(md, strings.Repeat("x", 300)) },
}

func addNames(md metadata.MD, prefix string, n int) {
	for i := range n {
		md[fmt.Sprint(prefix, i)] = []string{strings.Repeat("x", 200)}
	}
}

func addTo(md metadata.MD, s string) {
	for name := range md {
		md[name][0] += s
	}
}

// small is a server with a common limit for metadata.
func small() grpc.ServerOption { return grpc.MaxHeaderListSize(8192) }

// A hostile caller cannot make our calls to a server with a limit of 8 KiB fail, with a local span and without.
func TestPromise7_HostileCaller(t *testing.T) {
	c := everything()
	c.LocalSpan = spanOf
	back := serve(t, echo(), small())
	for name, spoil := range hostile {
		came := inbound(1)
		spoil(came)
		t.Run(name, func(t *testing.T) {
			eachWiring(t, func(t *testing.T, w wiring, call caller) {
				p := propagation.MustNew(c)
				front := serve(t, forward(dial(t, back, w.client(p)...)), w.server(p)...)
				arrived(t, sending(t, came), call, dial(t, front))

				ctx := withSpan(p.ExtractMetadata(t.Context(), came), callersSpan(2))
				arrived(t, ctx, call, dial(t, back, w.client(p)...))
				if p.Stats().Total(propagation.TooLarge) == 0 {
					t.Error("no header was counted as TooLarge")
				}
			})
		})
	}
}

// Without this library, the call would fail, because the server enforces its limit.
func TestHostileCallerWithoutUs(t *testing.T) {
	came := inbound(1)
	hostile["baggage"](came)
	conn := dial(t, serve(t, echo(), small()))
	callUnary(t.Context(), conn, nil) // the client receives the limit when it connects
	if _, err := callUnary(sending(t, came), conn, nil); err == nil {
		t.Error("the server accepts the hostile metadata, want an error: these tests prove nothing")
	}
}

// Baggage is dropped first. All other headers arrive.
func TestPromise7_BaggageGoesFirst(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, echo(), small())
	came, want := inbound(1), inbound(1)
	hostile["baggage"](came)
	delete(want, "baggage")
	eachWiring(t, func(t *testing.T, w wiring, call caller) {
		before := p.Stats().Count(propagation.Baggage, propagation.TooLarge)
		checkVerbatim(t, arrived(t, sending(t, came), call, w.between(t, p, back)), want)
		if p.Stats().Count(propagation.Baggage, propagation.TooLarge) == before {
			t.Error("the dropped baggage was not counted as TooLarge")
		}
	})
}

// The limit is that of the Config.
func TestMetadataBytes(t *testing.T) {
	back := serve(t, echo())
	size := 0
	for name, values := range only(inbound(1), "traceparent", "tracestate") {
		for _, v := range values {
			size += len(name) + len(v) + 32
		}
	}
	for limit, want := range map[int]metadata.MD{size: only(inbound(1), "traceparent", "tracestate"), size - 1: {}} {
		p := propagation.MustNew(propagation.Config{
			Formats: []propagation.Format{propagation.W3C}, Limits: propagation.Limits{MetadataBytes: limit},
		})
		eachWiring(t, func(t *testing.T, w wiring, call caller) {
			checkVerbatim(t, arrived(t, sending(t, inbound(1)), call, w.between(t, p, back)), want)
		})
	}
}

func only(md metadata.MD, names ...string) metadata.MD {
	some := metadata.MD{}
	for _, name := range names {
		some[name] = md[name]
	}
	return some
}
