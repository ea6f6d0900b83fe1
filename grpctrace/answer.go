package grpctrace

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/answer"
	"github.com/traceferry/traceferry/internal/ascii"
	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// WithTraceResponse makes the server interceptors tell the caller the trace id in the metadata traceresponse, with the
// value that W3C Trace Context defines for HTTP
// (https://w3c.github.io/trace-context/#trace-context-http-response-headers-format):
//
//	traceresponse: 00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01
//
// The metadata has the ids of the local span, also of an otelgrpc handler's span. Without a local span it has the ids
// that the caller sent, in any format that is read. Without any ids the metadata is absent. It is also absent if the
// caller sent a trace id without a span id.
//
// Only callers that are trusted in everything get the metadata (see [WithTrust]). [WithResponseTo] changes that.
//
// A call that succeeds has the metadata in its header. A call that fails before it has sent a message has it in its
// trailer. So a caller's retry policy works as before, because grpc-go does not retry a call after it has received a
// header. Clients read the header with grpc.Header and the trailer with grpc.Trailer.
//
// A stats handler cannot send metadata, so [ServerHandler] ignores this option. Pass the option to interceptors that you
// add beside the handler. These interceptors need no Propagator:
//
//	opts := append(grpctrace.ServerOptions(nil, grpctrace.WithTraceResponse()),
//		grpc.StatsHandler(grpctrace.ServerHandler(p, grpctrace.Edge())), grpc.StatsHandler(otelgrpc.NewServerHandler()))
//
// A proxy's handler may set metadata of the same name, from its upstream. In a stream, the interceptor replaces such
// metadata if the handler sets it with the methods of the stream. In a unary call, and with grpc.SetHeader, grpc-go can
// only add metadata. So a proxy of unary calls must delete the name from its upstream's metadata.
//
// The interceptors set a unary call's header when its handler returns, and a stream's header with its first message. If
// a unary handler sends the header itself, the metadata is in the trailer.
//
// All these options together cost four allocations for up to eight names. If no other code reads the ids of the received
// span, they cost three more.
func WithTraceResponse() Option {
	return optionFunc(func(o *options) { o.answering().traceResponse = true })
}

// WithServerTiming makes the server interceptors tell the caller the trace id in the metadata server-timing
// (https://w3c.github.io/server-timing/). It is for gRPC-Web, and for gateways that pass metadata to browsers as headers:
//
//	server-timing: traceparent;desc="00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01"
//
// The flags are 01 for a sampled span and 00 for others. Other entries of that metadata are kept. In all other respects
// WithServerTiming is like [WithTraceResponse].
func WithServerTiming() Option {
	return optionFunc(func(o *options) { o.answering().serverTiming = true })
}

// WithResponseTraceID makes the server interceptors tell the caller the trace id alone, as 32 hexadecimal digits in
// lower case, in metadata of a name of your choice:
//
//	grpctrace.WithResponseTraceID("x-trace-id")
//
// An id of 64 bits is padded with zeros on the left. The name is sent in lower case. Pass the option several times for
// several names. A trace id without a span id is told, too. In all other respects WithResponseTraceID is like
// [WithTraceResponse].
//
// WithResponseTraceID panics for a name that grpc-go does not send, and for one that ends in -bin. It also panics for a
// name that means something else to browsers, proxies, servers or tracers, such as set-cookie, grpc-status or
// traceparent.
func WithResponseTraceID(name string) Option {
	lower := strings.ToLower(name)
	reason := answer.RefuseName(name)
	switch {
	case reason != "":
	case !ascii.MetadataKey(lower):
		reason = "is not a name that grpc-go sends"
	case strings.HasSuffix(lower, "-bin"):
		reason = "ends in -bin, which is for bytes"
	}
	if reason != "" {
		panic(fmt.Sprintf("grpctrace: WithResponseTraceID(%q): %s", name, reason))
	}
	return optionFunc(func(o *options) {
		if a := o.answering(); !slices.Contains(a.traceIDs, lower) {
			a.traceIDs = append(a.traceIDs, lower)
		}
	})
}

// WithResponseTo makes the server interceptors call allow for each call. If allow returns true, the caller gets the
// metadata of [WithTraceResponse], [WithServerTiming] and [WithResponseTraceID]. trust says how far the caller is trusted,
// by the decisions of this interceptor and of those outside. fullMethod is "/package.Service/Method".
//
// Without WithResponseTo, only callers that are trusted in everything get the metadata. An untrusted caller that is
// allowed gets the ids of the local span, or none. The interceptors do not send back the ids that such a caller has sent.
// But if a tracer outside has continued the caller's trace, the local span has the caller's trace id.
//
// allow must be safe for concurrent use. If you pass several, all of them must return true. WithResponseTo panics if
// allow is nil.
func WithResponseTo(allow func(ctx context.Context, fullMethod string, trust propagation.Trust) bool) Option {
	if allow == nil {
		panic("grpctrace: WithResponseTo: the function is nil")
	}
	return optionFunc(func(o *options) {
		a := o.answering()
		if outer := a.allow; outer != nil {
			a.allow = func(ctx context.Context, fullMethod string, trust propagation.Trust) bool {
				return outer(ctx, fullMethod, trust) && allow(ctx, fullMethod, trust)
			}
			return
		}
		a.allow = allow
	})
}

// answers says which metadata the server interceptors set, and for which callers.
type answers struct {
	traceResponse bool
	serverTiming  bool
	traceIDs      []string // in lower case

	allow func(context.Context, string, propagation.Trust) bool // nil: the default of WithResponseTo
}

func (o *options) answering() *answers {
	if o.answers == nil {
		o.answers = new(answers)
	}
	return o.answers
}

// metadata returns what to tell the caller of a call with the context ctx, nil if there is nothing to tell. allowed is
// false if the caller must not get it, not from another service either.
func (a *answers) metadata(ctx context.Context, p *propagation.Propagator, fullMethod string) (md metadata.MD, allowed bool) {
	trust := propagation.Continue
	if c := capture.Of(ctx); c != nil {
		trust = propagation.Trust(c.Trust)
	}
	if a.allow != nil {
		allowed = a.allow(ctx, fullMethod, trust)
	} else {
		allowed = trust == propagation.Continue
	}
	if !allowed {
		return nil, false
	}
	sc, _ := (*plan.Engine)(p).Nearest(ctx)
	v := answer.ValuesOf(sc)
	if v.TraceID == "" {
		return nil, true
	}
	md = metadata.MD{}
	values := []string{v.TraceResponse, v.ServerTiming, v.TraceID}
	if a.traceResponse && v.TraceResponse != "" {
		md["traceresponse"] = values[:1:1]
	}
	if a.serverTiming && v.ServerTiming != "" {
		md["server-timing"] = values[1:2:2]
	}
	for _, name := range a.traceIDs {
		md[name] = values[2:]
	}
	return md, true
}

// without returns metadata without the names that a tells the caller. It does not change md.
func (a *answers) without(md metadata.MD) metadata.MD {
	own := metadata.MD{}
	for name, values := range md {
		switch lower := strings.ToLower(name); {
		case a.traceResponse && lower == "traceresponse", slices.Contains(a.traceIDs, lower):
		case a.serverTiming && lower == "server-timing":
			if others := answer.WithoutTraceparent(values); len(others) > 0 {
				own[name] = others
			}
		default:
			own[name] = values
		}
	}
	return own
}

// unary calls the handler of a unary call and tells its caller.
func (a *answers) unary(ctx context.Context, p *propagation.Propagator, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	md, _ := a.metadata(ctx, p, info.FullMethod)
	reply, err := handler(ctx, req)
	if md != nil && (err != nil || grpc.SetHeader(ctx, md) != nil) {
		grpc.SetTrailer(ctx, md)
	}
	return reply, err
}
