package interop

import (
	"context"
	"slices"
	"testing"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// eachGRPCPeer runs a check with every peer and both kinds of call.
func eachGRPCPeer(t *testing.T, check func(t *testing.T, peer grpcPeer, call grpcCall)) {
	for _, peer := range grpcPeers {
		for kind, call := range grpcCalls {
			t.Run(peer.name+"/"+kind, func(t *testing.T) { check(t, peer, call) })
		}
	}
}

// callersSpan is the span of the caller if no peer makes one.
var callersSpan = propagation.SpanContext{
	TraceID: trace.TraceID{0x46, 3, 15: 1}, SpanID: trace.SpanID{0xa2, 7: 2}, Sampling: propagation.Accepted,
}

// callers returns the context of a handler whose caller has sent its span in the formats.
func callers(p *propagation.Propagator, formats ...propagation.Format) context.Context {
	return p.ExtractMetadata(context.Background(), sent(formats...))
}

// sent is the metadata that names the caller's span in the formats.
func sent(formats ...propagation.Format) metadata.MD {
	md := metadata.MD{}
	for _, f := range formats {
		one := metadata.MD{}
		writers[f].InjectMetadata(startSpan(context.Background(), callersSpan), one)
		md = metadata.Join(md, one)
	}
	return md
}

// named returns the span that the metadata names in a format.
func named(f propagation.Format, md metadata.MD) (trace.TraceID, trace.SpanID) {
	sc, _ := propagation.RemoteFromContext(readers[f].ExtractMetadata(context.Background(), md))
	return sc.TraceID, sc.SpanID
}

// A peer's client calls our server. We read the span that the client sent, and forward the received headers byte for
// byte.
func TestGRPCTheirClientOurServer(t *testing.T) {
	p := propagation.MustNew(propagation.Config{})
	eachGRPCPeer(t, func(t *testing.T, peer grpcPeer, call grpcCall) {
		theirs, last := peer.start(t), startHop(t, nil)
		ours := startHop(t, last.client(t, grpctrace.DialOptions(p)...), grpctrace.ServerOptions(p)...)
		arrivals := call.run(t, context.Background(), ours.client(t, theirs.client), ours, last)

		client := theirs.ended(t, 1)[clientSide]
		if got := arrivals[0].remote; got.TraceID != client.trace || got.SpanID != client.span || got.Sampling != propagation.Accepted {
			t.Errorf("we read %+v, want the span that the peer sent: %+v", got, client)
		}
		for _, name := range peer.format.Fields() {
			came, went := arrivals[0].metadata[name], arrivals[1].metadata[name]
			if !slices.Equal(came, went) {
				t.Errorf("%s was received as %q and sent as %q, want the same", name, came, went)
			}
		}
		if id, span := named(peer.format, arrivals[1].metadata); id != client.trace || span != client.span {
			t.Errorf("the last service received the span %s of %s, want the span that the peer sent: %+v", span, id, client)
		}
	})
}

// Our client calls a peer's server. The peer's server span is the child of the span that our caller sent.
func TestGRPCOurClientTheirServer(t *testing.T) {
	p := propagation.MustNew(propagation.Config{})
	eachGRPCPeer(t, func(t *testing.T, peer grpcPeer, call grpcCall) {
		theirs := peer.start(t)
		last := startHop(t, nil, theirs.server)
		call.run(t, callers(p, peer.format), last.client(t, grpctrace.DialOptions(p)...), last)
		server := theirs.ended(t, 1)[serverSide]
		if server.trace != callersSpan.TraceID || server.parent != callersSpan.SpanID {
			t.Errorf("the peer's server span is %+v, want a child of the caller's span %+v", server, callersSpan)
		}
	})
}

// A peer calls our service, which calls the peer. There is one trace, and the peer's server span is the child of the
// peer's client span, as without our service.
func TestGRPCTheirsOursTheirs(t *testing.T) {
	p := propagation.MustNew(propagation.Config{})
	eachGRPCPeer(t, func(t *testing.T, peer grpcPeer, call grpcCall) {
		theirs := peer.start(t)
		last := startHop(t, nil, theirs.server)
		ours := startHop(t, last.client(t, grpctrace.DialOptions(p)...), grpctrace.ServerOptions(p)...)
		call.run(t, context.Background(), ours.client(t, theirs.client), ours, last)
		spans := theirs.ended(t, 2)
		client, server := spans[clientSide], spans[serverSide]
		if server.trace != client.trace || server.parent != client.span {
			t.Errorf("the peer's server span is %+v, want a child of its client span %+v", server, client)
		}
	})
}

// One service uses a peer and our library. The peer's spans are one chain, and every received format names the peer's
// client span.
func TestGRPCTheirsBesideOurs(t *testing.T) {
	all := []propagation.Format{propagation.W3C, propagation.B3Single, propagation.B3Multi, propagation.GRPCTraceBin, propagation.Jaeger}
	eachGRPCPeer(t, func(t *testing.T, peer grpcPeer, call grpcCall) {
		theirs, last := peer.start(t), startHop(t, nil)
		p := propagation.MustNew(propagation.Config{Formats: all, LocalSpan: theirs.local})
		next := last.client(t, append([]grpc.DialOption{theirs.client}, grpctrace.DialOptions(p)...)...)
		service := startHop(t, next, append(grpctrace.ServerOptions(p), theirs.server)...)

		ctx := metadata.NewOutgoingContext(context.Background(), sent(all...))
		arrivals := call.run(t, ctx, service.client(t), service, last)
		spans := theirs.ended(t, 2)
		server, client := spans[serverSide], spans[clientSide]
		if server.trace != callersSpan.TraceID || server.parent != callersSpan.SpanID {
			t.Errorf("the peer's server span is %+v, want a child of the caller's span %+v", server, callersSpan)
		}
		if client.trace != server.trace {
			t.Errorf("the peer's client span is %+v, want one in the trace of its server span %+v", client, server)
		}
		for _, f := range all {
			if id, span := named(f, arrivals[1].metadata); id != client.trace || span != client.span {
				t.Errorf("%s names %s of %s, want the peer's client span %+v", f, span, id, client)
			}
		}
		for name, lines := range arrivals[1].metadata {
			if slices.Contains(p.Fields(), name) && len(lines) != 1 {
				t.Errorf("%s arrived as %q, want one line", name, lines)
			}
		}
	})
}
