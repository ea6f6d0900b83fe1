package interop

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/traceferry/traceferry/internal/wire"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// chainFormats are the formats that name a span, in the order of precedence.
var chainFormats = slices.DeleteFunc(propagation.AllFormats(), func(f propagation.Format) bool { return !wire.Format(f).Encodes() })

// halfIDs are the formats with trace ids of 64 bits.
var halfIDs = slices.DeleteFunc(propagation.AllFormats(), func(f propagation.Format) bool { return !wire.HalfFormats.Has(wire.Format(f)) })

// chainWay is a way to run the chain.
type chainWay struct {
	name      string
	emit      []propagation.Format
	grpcTrace bool
}

var chainWays = []chainWay{
	{"otelgrpc alone", nil, false},
	{"otelgrpc and grpctrace", nil, true},
	{"emit all/otelgrpc alone", chainFormats, false},
	{"emit all/otelgrpc and grpctrace", chainFormats, true},
}

func (w chainWay) start(t *testing.T) *chain {
	t.Helper()
	return startChain(t, propagation.MustNew(propagation.Config{Formats: propagation.AllFormats(), Emit: w.emit}), w.grpcTrace)
}

// went returns the formats that the three calls carry, for the received formats. otelgrpc's carrier cannot hold bytes,
// so its call has no grpc-trace-bin. The next call has none either, unless Config.Emit lists it.
func (w chainWay) went(came []propagation.Format) [chainCalls - 1][]propagation.Format {
	formats := slices.DeleteFunc(slices.Clone(chainFormats), func(f propagation.Format) bool {
		return !slices.Contains(came, f) && !slices.Contains(w.emit, f)
	})
	if w.grpcTrace {
		return [...][]propagation.Format{formats, formats, formats}
	}
	text := slices.DeleteFunc(slices.Clone(formats), func(f propagation.Format) bool { return f == propagation.GRPCTraceBin })
	if w.emit == nil {
		return [...][]propagation.Format{formats, text, text}
	}
	return [...][]propagation.Format{formats, text, formats}
}

// chainHeader returns the header of a caller that names its span in the formats.
func chainHeader(caller propagation.SpanContext, formats ...propagation.Format) http.Header {
	p := propagation.MustNew(propagation.Config{Formats: []propagation.Format{}, Emit: formats, LocalSpan: localSpan})
	h := http.Header{}
	p.InjectHTTP(startSpan(context.Background(), caller), h)
	return h
}

// chainCaller returns the n-th caller's span.
func chainCaller(n byte, decision propagation.Sampling) propagation.SpanContext {
	return propagation.SpanContext{TraceID: trace.TraceID{0x46, 0x3a, 14: 1, 15: n}, SpanID: trace.SpanID{0xa2, 7: n}, Sampling: decision}
}

// heldBy returns the part of a trace id that the format can hold.
func heldBy(f propagation.Format, id trace.TraceID) trace.TraceID {
	if slices.Contains(halfIDs, f) {
		clear(id[:8])
	}
	return id
}

var chainDecisions = []propagation.Sampling{propagation.Accepted, propagation.Denied}

// Each format is received alone.
func TestChainEachFormat(t *testing.T) {
	for _, way := range chainWays {
		t.Run(way.name, func(t *testing.T) {
			c := way.start(t)
			for _, f := range chainFormats {
				if f == propagation.GRPCTraceBin && !way.grpcTrace && way.emit == nil {
					continue // see TestChainBinThroughOtelgrpc
				}
				for _, decision := range chainDecisions {
					t.Run(fmt.Sprintf("%s/%s", f, decision), func(t *testing.T) {
						caller := chainCaller(1, decision)
						way.check(t, c, chainHeader(caller, f), caller, f)
					})
				}
			}
		})
	}
}

// Each pair of formats is received. Both name one span, or they name spans of two traces. The first one in the order of
// precedence names the parent.
func TestChainEachPair(t *testing.T) {
	for _, way := range chainWays {
		t.Run(way.name, func(t *testing.T) {
			c := way.start(t)
			for i, first := range chainFormats {
				for _, second := range chainFormats[i+1:] {
					for relation, n := range map[string]byte{"one trace": 1, "two traces": 2} {
						for _, decision := range chainDecisions {
							t.Run(fmt.Sprintf("%s and %s/%s/%s", first, second, relation, decision), func(t *testing.T) {
								caller := chainCaller(1, decision)
								h := chainHeader(caller, first)
								maps.Copy(h, chainHeader(chainCaller(n, decision), second))
								way.check(t, c, h, caller, first, second)
							})
						}
					}
				}
			}
		})
	}
}

// otelgrpc alone does not forward grpc-trace-bin. If no other format was received, the trace ends there, and the third
// service begins another.
func TestChainBinThroughOtelgrpc(t *testing.T) {
	c := chainWays[0].start(t)
	caller := chainCaller(1, propagation.Accepted)
	arrived, ended := c.request(t, chainHeader(caller, propagation.GRPCTraceBin))
	if got := namedOn(arrived[1]); len(got) > 0 {
		t.Errorf("the gRPC call carried %v, want no format", got)
	}
	own := len(followChain(ended, caller.SpanID))
	begun := len(followChain(ended, trace.SpanID{}))
	if own != 4 || begun != 2 {
		t.Errorf("%d spans are below the caller's and %d in a trace of their own, want 4 and 2:%s", own, begun, spanLines(ended))
	}
}

// check sends a request of a caller that names its span in the formats.
func (w chainWay) check(t *testing.T, c *chain, h http.Header, caller propagation.SpanContext, came ...propagation.Format) {
	t.Helper()
	arrived, ended := c.request(t, h)
	w.judge(t, arrived, ended, caller, came...)
}

// judge checks the result of a request. The spans of the services must be one trace below the caller's span, in the
// order of the calls. Each format on a call must name the span of the call's client. No other format may be there.
func (w chainWay) judge(t *testing.T, arrived []chainCall, ended tracetest.SpanStubs, caller propagation.SpanContext, came ...propagation.Format) {
	t.Helper()
	spans := followChain(ended, caller.SpanID)
	if len(spans) != chainSpans {
		t.Fatalf("%d spans are below the caller's, want %d:%s", len(spans), chainSpans, spanLines(ended))
	}
	id := caller.TraceID
	went := w.went(came)
	for i, call := range arrived {
		server, client := spans[2*i], spans[2*i+1]
		id = heldBy(came[0], id) // the part of it that the first received format can hold
		checkChainSpan(t, server, trace.SpanKindServer, id)
		checkChainSpan(t, client, trace.SpanKindClient, id)

		named := namedOn(call)
		if got := slices.Sorted(maps.Keys(named)); !slices.Equal(got, went[i]) {
			t.Errorf("call %d carried %v, want %v", i+1, got, went[i])
		}
		for f, sc := range named {
			if sc.TraceID != heldBy(f, id) || sc.SpanID != client.SpanContext.SpanID() || sc.Sampling != propagation.Accepted {
				t.Errorf("call %d: %s names %s of %s, %s; want the span of the client, accepted:%s",
					i+1, f, sc.SpanID, sc.TraceID, sc.Sampling, spanLines(tracetest.SpanStubs{client}))
			}
		}
		came = went[i]
	}
}

// checkChainSpan checks the kind and the trace of a span. The parent of a server's span must be in another service.
func checkChainSpan(t *testing.T, s tracetest.SpanStub, kind trace.SpanKind, id trace.TraceID) {
	t.Helper()
	if s.SpanKind != kind || s.SpanContext.TraceID() != id || s.Parent.TraceID() != id || s.Parent.IsRemote() != (kind == trace.SpanKindServer) {
		t.Errorf("want a %s span of trace %s in one service chain, got:%s", kind, id, spanLines(tracetest.SpanStubs{s}))
	}
}

// followChain returns a chain of spans that begins below the given parent. Each span is a child of the previous one.
func followChain(ended tracetest.SpanStubs, parent trace.SpanID) (spans tracetest.SpanStubs) {
	children := map[trace.SpanID]tracetest.SpanStub{}
	for _, s := range ended {
		children[s.Parent.SpanID()] = s
	}
	for s, ok := children[parent]; ok; s, ok = children[s.SpanContext.SpanID()] {
		spans = append(spans, s)
	}
	return spans
}

// spanLines returns the spans as text, one in each line.
func spanLines(spans tracetest.SpanStubs) (text string) {
	for _, s := range spans {
		text += fmt.Sprintf("\n%s %s of %s below %s of %s, remote %v", s.SpanKind,
			s.SpanContext.SpanID(), s.SpanContext.TraceID(), s.Parent.SpanID(), s.Parent.TraceID(), s.Parent.IsRemote())
	}
	return text
}

// namedOn returns the span that each format names on a call.
func namedOn(call chainCall) map[propagation.Format]propagation.SpanContext {
	named := map[propagation.Format]propagation.SpanContext{}
	for _, f := range chainFormats {
		if sc, ok := propagation.RemoteFromContext(call(readers[f])); ok {
			named[f] = sc
		}
	}
	return named
}
