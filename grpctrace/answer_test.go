package grpctrace_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/internal/race"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// tellAll are all options that send something about the trace to the caller.
func tellAll(more ...grpctrace.Option) []grpctrace.Option {
	return append([]grpctrace.Option{grpctrace.WithTraceResponse(), grpctrace.WithServerTiming(),
		grpctrace.WithResponseTraceID("X-Trace-Id"), grpctrace.WithResponseTraceID("x-b3-traceid")}, more...)
}

// told returns the metadata of the options in tellAll, one line of text each.
func told(md metadata.MD) (lines []string) {
	for _, name := range []string{"traceresponse", "server-timing", "x-trace-id", "x-b3-traceid"} {
		for _, value := range md[name] {
			lines = append(lines, name+": "+value)
		}
	}
	return lines
}

// toldOf returns what told returns for a sampled span.
func toldOf(trace, span string) []string {
	id := "00-" + trace + "-" + span + "-01"
	return []string{"traceresponse: " + id, `server-timing: traceparent;desc="` + id + `"`, "x-trace-id: " + trace, "x-b3-traceid: " + trace}
}

// toldCaller is what told returns for the span of inbound(1), which is the caller's own span.
func toldCaller() []string {
	sc := callersSpan(1)
	return toldOf(sc.TraceID.String(), sc.SpanID.String())
}

func checkTold(t *testing.T, where string, got metadata.MD, want []string) {
	t.Helper()
	if lines := told(got); !slices.Equal(lines, want) {
		t.Errorf("the %s has for the caller\n%s\nwant\n%s", where, strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
}

// answer is the metadata of one answer.
type answer struct {
	header, trailer metadata.MD
	err             error
}

// optional is a connection that adds options to each call.
type optional struct {
	grpc.ClientConnInterface
	opts []grpc.CallOption
}

func (c optional) Invoke(ctx context.Context, method string, in, out any, opts ...grpc.CallOption) error {
	return c.ClientConnInterface.Invoke(ctx, method, in, out, append(opts, c.opts...)...)
}

func (c optional) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return c.ClientConnInterface.NewStream(ctx, desc, method, append(opts, c.opts...)...)
}

// ask makes a call with metadata.
func ask(t *testing.T, call caller, conn grpc.ClientConnInterface, md metadata.MD) (a answer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(sending(t, md), 10*time.Second)
	defer cancel()
	_, a.err = call(ctx, optional{conn, []grpc.CallOption{grpc.Header(&a.header), grpc.Trailer(&a.trailer)}}, nil)
	return a
}

// quiet answers both methods with empty messages.
func quiet() service {
	return serviceOf(func(context.Context, caller, []byte) ([]byte, error) { return nil, nil })
}

func eachCaller(t *testing.T, check func(t *testing.T, call caller)) {
	t.Helper()
	for kind, call := range callers {
		t.Run(kind, func(t *testing.T) { check(t, call) })
	}
}

// The caller gets the ids of the local span. Without a local span, it gets its own ids. Without both, it gets nothing.
func TestTells(t *testing.T) {
	p := propagation.MustNew(everything())
	provider, spans := sdk()
	theirs := grpc.StatsHandler(otelgrpc.NewServerHandler(otelgrpc.WithTracerProvider(provider), otelgrpc.WithPropagators(p)))
	for name, c := range map[string]struct {
		server []grpc.ServerOption
		local  bool
	}{
		"interceptors":                    {grpctrace.ServerOptions(p, tellAll()...), false},
		"beside otelgrpc":                 {append(grpctrace.ServerOptions(p, tellAll()...), theirs), true},
		"handler, otelgrpc, interceptors": {append(grpctrace.ServerOptions(nil, tellAll()...), grpc.StatsHandler(grpctrace.ServerHandler(p)), theirs), true},
		"handler, interceptors":           {append(grpctrace.ServerOptions(nil, tellAll()...), grpc.StatsHandler(grpctrace.ServerHandler(p))), false},
	} {
		t.Run(name, func(t *testing.T) {
			conn := dial(t, serve(t, quiet(), c.server...))
			eachCaller(t, func(t *testing.T, call caller) {
				for _, md := range []metadata.MD{{"traceparent": inbound(1)["traceparent"]}, {}} {
					spans.Reset()
					got := ask(t, call, conn, md)
					var want []string
					switch {
					case c.local:
						for deadline := time.Now().Add(5 * time.Second); len(spans.GetSpans()) == 0 && time.Now().Before(deadline); {
							time.Sleep(time.Millisecond)
						}
						sc := spans.GetSpans()[0].SpanContext
						want = toldOf(sc.TraceID().String(), sc.SpanID().String())
						want[0] = strings.TrimSuffix(want[0], "01") + sc.TraceFlags().String()
					case len(md) > 0:
						want = toldCaller()
					}
					checkTold(t, "header", got.header, want)
					checkTold(t, "trailer", got.trailer, nil)
				}
			})
		})
	}
}

// Each option sets only its own metadata.
func TestTellsWhatIsAskedFor(t *testing.T) {
	for i, opt := range tellAll() {
		conn := dial(t, serve(t, quiet(), grpctrace.ServerOptions(propagation.MustNew(everything()), opt)...))
		eachCaller(t, func(t *testing.T, call caller) {
			checkTold(t, "header", ask(t, call, conn, inbound(1)).header, toldCaller()[i:i+1])
		})
	}
}

// A stats handler cannot send metadata, because grpc-go puts the stream into the context later. So ServerHandler
// ignores the options, and works as without them.
func TestServerHandlerCannotTell(t *testing.T) {
	var set []error
	try := tagging(func(ctx context.Context) { set = append(set, grpc.SetHeader(ctx, metadata.Pairs("x-tag", "1"))) })
	conn := dial(t, serve(t, quiet(), grpc.StatsHandler(grpctrace.ServerHandler(propagation.MustNew(everything()), tellAll()...)), grpc.StatsHandler(try)))
	got := ask(t, callUnary, conn, inbound(1))
	checkTold(t, "header", got.header, nil)
	if len(set) < 2 || slices.Contains(set, nil) || len(got.header["x-tag"]) > 0 {
		t.Errorf("SetHeader in a stats handler returns %v, and the header is %v; want errors: grpc-go has changed, so ServerHandler can now use it", set, got.header)
	}
}

// tagging is a stats handler that calls a function with the context of each event before the next handler gets the
// event.
type tagging func(context.Context)

func (f tagging) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { f(ctx); return ctx }
func (f tagging) HandleRPC(ctx context.Context, s stats.RPCStats) {
	switch s.(type) {
	case *stats.InHeader, *stats.Begin:
		f(ctx)
	}
}
func (tagging) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (tagging) HandleConn(context.Context, stats.ConnStats)                       {}

// The options send no header if a call fails, so that grpc-go can retry it. The trailer then has the ids.
func TestToldFailure(t *testing.T) {
	p := propagation.MustNew(everything())
	conn := dial(t, serve(t, serviceOf(func(context.Context, caller, []byte) ([]byte, error) {
		return nil, status.Error(codes.NotFound, "none")
	}), grpctrace.ServerOptions(p, tellAll()...)...))
	eachCaller(t, func(t *testing.T, call caller) {
		got := ask(t, call, conn, inbound(1))
		checkTold(t, "header", got.header, nil)
		checkTold(t, "trailer", got.trailer, toldCaller())
		if status.Code(got.err) != codes.NotFound {
			t.Error(got.err)
		}
	})
	f := new(failing)
	retried := dial(t, serve(t, f.service(), grpctrace.ServerOptions(p, tellAll()...)...), retrying())
	eachCaller(t, func(t *testing.T, call caller) {
		f.call(t, sending(t, inbound(1)), call, retried) // call checks the number of attempts
	})
}

// Whenever and however the handler sends its own header, the caller gets the ids once.
func TestToldBesideHandlersHeader(t *testing.T) {
	own := metadata.Pairs("own", "1")
	type kind struct {
		name string
		run  func(ctx context.Context, s grpc.ServerStream) error // s is nil for a unary call
		only caller                                               // nil means both
		in   string
		err  codes.Code
	}
	for _, c := range []kind{
		{"set", func(ctx context.Context, _ grpc.ServerStream) error { return grpc.SetHeader(ctx, own) }, nil, "header", codes.OK},
		{"sent", func(ctx context.Context, _ grpc.ServerStream) error { return grpc.SendHeader(ctx, own) }, nil, "trailer", codes.OK},
		{"sent, failed", func(ctx context.Context, _ grpc.ServerStream) error {
			return errors.Join(grpc.SendHeader(ctx, own), status.Error(codes.Aborted, ""))
		}, nil, "trailer", codes.Aborted},
		{"stream's set", func(_ context.Context, s grpc.ServerStream) error { return s.SetHeader(own) }, callStream, "header", codes.OK},
		{"stream's sent", func(_ context.Context, s grpc.ServerStream) error { return s.SendHeader(own) }, callStream, "header", codes.OK},
		{"stream's message, then failed", func(_ context.Context, s grpc.ServerStream) error {
			return errors.Join(s.SetHeader(own), s.SendMsg(wrapperspb.Bytes(nil)), status.Error(codes.Aborted, ""))
		}, callStream, "header", codes.Aborted},
	} {
		s := service{
			unary: func(ctx context.Context, _ []byte) ([]byte, error) { return nil, c.run(ctx, nil) },
			stream: func(s grpc.ServerStream) error {
				if err := c.run(s.Context(), s); err != nil {
					return err
				}
				return s.SendMsg(wrapperspb.Bytes(nil))
			},
		}
		for name, call := range callers {
			if c.only != nil && name != "stream" {
				continue
			}
			t.Run(c.name+"/"+name, func(t *testing.T) {
				conn := dial(t, serve(t, s, grpctrace.ServerOptions(propagation.MustNew(everything()), tellAll()...)...))
				got := ask(t, call, conn, inbound(1))
				want := map[string][]string{c.in: toldCaller()}
				checkTold(t, "header", got.header, want["header"])
				checkTold(t, "trailer", got.trailer, want["trailer"])
				if !slices.Equal(got.header["own"], []string{"1"}) || status.Code(got.err) != c.err {
					t.Errorf("the handler's own header is %v, want [1]; the error is %v, want %v", got.header["own"], got.err, c.err)
				}
			})
		}
	}
}

// A stream without a message has the header, too. A stream whose caller must get nothing is not changed.
func TestToldStreamWithoutMessage(t *testing.T) {
	conn := dial(t, serve(t, service{stream: func(grpc.ServerStream) error { return nil }},
		grpctrace.ServerOptions(propagation.MustNew(everything()), tellAll()...)...))
	s, err := conn.NewStream(sending(t, inbound(1)), &bidirectional, streamMethod)
	if err != nil {
		t.Fatal(err)
	}
	s.CloseSend()
	if err := s.RecvMsg(new(wrapperspb.BytesValue)); err != io.EOF {
		t.Error(err)
	}
	header, _ := s.Header()
	checkTold(t, "header", header, toldCaller())
}

// TestPromise6_ServerStreamTold: with the options, a stream supports every method of grpc.ServerStream as without them.
func TestPromise6_ServerStreamTold(t *testing.T) {
	conn := dial(t, serve(t, service{stream: everyBehaviour}, grpctrace.ServerOptions(propagation.MustNew(everything()), tellAll()...)...))
	got := ask(t, func(ctx context.Context, conn grpc.ClientConnInterface, _ []byte) ([]byte, error) {
		s, err := conn.NewStream(ctx, &bidirectional, streamMethod)
		if err != nil {
			return nil, err
		}
		err = s.SendMsg(wrapperspb.Bytes([]byte("message")))
		s.CloseSend()
		for err == nil {
			err = s.RecvMsg(new(wrapperspb.BytesValue))
		}
		return nil, err
	}, conn, inbound(1))
	if got.err != io.EOF || !slices.Equal(got.header["set"], []string{"1", "2"}) || !slices.Equal(got.trailer["trailer"], []string{"1", "2"}) {
		t.Errorf("header %v, want set 1 and 2; trailer %v, want 1 and 2; error %v, want EOF", got.header, got.trailer, got.err)
	}
	checkTold(t, "header", got.header, toldCaller())
}

// A proxy of streams forwards its upstream's metadata. Ids in that metadata are replaced, or removed if the caller must
// not get ids. Other entries of server-timing stay.
func TestToldThroughProxy(t *testing.T) {
	upstream := metadata.MD{"traceresponse": {"00-upstream"}, "server-timing": {`db;dur=5, traceparent;desc="00-upstream"`},
		"x-trace-id": {"upstream"}, "X-B3-TraceId": {"upstream"}, "other": {"1"}}
	passOn := map[string]func(s grpc.ServerStream) error{
		"SetHeader":  func(s grpc.ServerStream) error { return s.SetHeader(upstream) },
		"SendHeader": func(s grpc.ServerStream) error { return s.SendHeader(upstream) },
		"SetTrailer": func(s grpc.ServerStream) error { s.SetTrailer(upstream); return nil },
	}
	const timing = "server-timing: db;dur=5"
	for how, pass := range passOn {
		for name, c := range map[string]struct {
			opts []grpctrace.Option
			want []string
		}{
			"trusted":   {tellAll(), toldCaller()},
			"untrusted": {tellAll(grpctrace.Edge()), nil},
			"refused":   {tellAll(grpctrace.WithResponseTo(func(context.Context, string, propagation.Trust) bool { return false })), nil},
		} {
			t.Run(how+"/"+name, func(t *testing.T) {
				s := service{stream: func(s grpc.ServerStream) error {
					if err := pass(s); err != nil {
						return err
					}
					return s.SendMsg(wrapperspb.Bytes(nil))
				}}
				got := ask(t, callStream, dial(t, serve(t, s, grpctrace.ServerOptions(propagation.MustNew(everything()), c.opts...)...)), inbound(1))
				if got.err != nil {
					t.Fatal(got.err)
				}
				header, trailer := got.header, got.trailer
				where := header
				if how == "SetTrailer" {
					where = trailer
				}
				if i := slices.Index(where["server-timing"], "db;dur=5"); i < 0 || !slices.Equal(where["other"], []string{"1"}) {
					t.Errorf("%s is missing, want it forwarded: header %v, trailer %v", timing, header, trailer)
				} else {
					where["server-timing"] = slices.Delete(where["server-timing"], i, i+1)
				}
				checkTold(t, "header", header, c.want)
				checkTold(t, "trailer", trailer, nil)
			})
		}
	}
	if len(upstream) != 5 || upstream["server-timing"][0] != `db;dur=5, traceparent;desc="00-upstream"` {
		t.Errorf("the handler's metadata was changed to %v", upstream)
	}
}

// By default, an untrusted caller gets no ids. With a predicate, it gets at most the local span. It never gets back the
// ids that it sent.
func TestUntrustedIsToldNothing(t *testing.T) {
	p := propagation.MustNew(everything())
	provider, _ := sdk()
	theirs := grpc.StatsHandler(otelgrpc.NewServerHandler(otelgrpc.WithTracerProvider(provider), otelgrpc.WithPropagators(p)))
	for _, trust := range []propagation.Trust{propagation.DistrustIDs, propagation.DistrustSampling, propagation.DistrustBaggage,
		propagation.DistrustRequestID, propagation.DistrustHeaders, propagation.Restart, propagation.Ignore} {
		decide := grpctrace.WithTrust(func(context.Context, string) propagation.Trust { return trust })
		for name, server := range map[string][]grpc.ServerOption{
			"interceptors":         grpctrace.ServerOptions(p, tellAll(decide)...),
			"beside otelgrpc":      append(grpctrace.ServerOptions(p, tellAll(decide)...), theirs),
			"handler decides":      append(grpctrace.ServerOptions(nil, tellAll()...), grpc.StatsHandler(grpctrace.ServerHandler(p, decide)), theirs),
			"handler, both with p": append(grpctrace.ServerOptions(p, tellAll()...), grpc.StatsHandler(grpctrace.ServerHandler(p, decide)), theirs),
		} {
			t.Run(trust.String()+"/"+name, func(t *testing.T) {
				conn := dial(t, serve(t, quiet(), server...))
				eachCaller(t, func(t *testing.T, call caller) {
					for _, md := range []metadata.MD{inbound(1), {}} {
						got := ask(t, call, conn, md)
						checkTold(t, "header", got.header, nil)
						checkTold(t, "trailer", got.trailer, nil)
					}
				})
			})
		}
	}
}

func TestResponseTo(t *testing.T) {
	p := propagation.MustNew(everything())
	var asked []string
	staff := grpctrace.WithResponseTo(func(ctx context.Context, fullMethod string, trust propagation.Trust) bool {
		asked = append(asked, fullMethod+" "+trust.String())
		return len(metadata.ValueFromIncomingContext(ctx, "staff")) > 0
	})
	nobody := grpctrace.WithResponseTo(func(context.Context, string, propagation.Trust) bool { return false })
	allowed := metadata.Join(inbound(1), metadata.Pairs("staff", "1"))
	for name, c := range map[string]struct {
		opts  []grpctrace.Option
		md    metadata.MD
		want  []string
		asked string
	}{
		"trusted, allowed":     {tellAll(staff), allowed, toldCaller(), "continue"},
		"trusted, not allowed": {tellAll(staff), inbound(1), nil, "continue"},
		"untrusted, allowed":   {tellAll(staff, grpctrace.Edge()), allowed, nil, "restart"},
		"both must allow":      {tellAll(staff, nobody), allowed, nil, "continue"},
	} {
		t.Run(name, func(t *testing.T) {
			conn := dial(t, serve(t, quiet(), grpctrace.ServerOptions(p, c.opts...)...))
			eachCaller(t, func(t *testing.T, call caller) {
				asked = nil
				checkTold(t, "header", ask(t, call, conn, c.md).header, c.want)
				if len(asked) != 1 || !strings.HasPrefix(asked[0], "/traceferry.test.Service/") || !strings.HasSuffix(asked[0], " "+c.asked) {
					t.Errorf("the predicate was called with %q, want one call with the method and %q", asked, c.asked)
				}
			})
		})
	}
}

// A name that must not hold a trace id causes a panic at program start.
func TestResponseTraceIDNames(t *testing.T) {
	for _, name := range []string{"", "x y", ":path", "ä", "x*y", "grpc-status", "grpc-anything", "content-type", "user-agent", "te", "Trace-Bin", "grpc-trace-bin",
		"set-cookie", "location", "connection", "traceparent", "b3", "x-request-id", "traceresponse", "server-timing"} {
		if got := panicOf(func() { grpctrace.WithResponseTraceID(name) }); !strings.HasPrefix(got, fmt.Sprintf("grpctrace: WithResponseTraceID(%q): ", name)) {
			t.Errorf("%q: WithResponseTraceID panics with %q, want an error about the name", name, got)
		}
	}
	for _, name := range []string{"X-Trace-Id", "trace.id", "trace_id", "x-b3-traceid"} {
		if got := panicOf(func() { grpctrace.WithResponseTraceID(name) }); got != "" {
			t.Errorf("%q: WithResponseTraceID panics with %q, want no panic", name, got)
		}
	}
	if got := panicOf(func() { grpctrace.WithResponseTo(nil) }); got != "grpctrace: WithResponseTo: the function is nil" {
		t.Errorf("WithResponseTo(nil) panics with %q, want the function is nil", got)
	}
}

// panicOf returns the text of a call's panic, or "" if the call does not panic.
func panicOf(call func()) (text string) {
	defer func() {
		if v := recover(); v != nil {
			text = fmt.Sprint(v)
		}
	}()
	call()
	return ""
}

// TestPromise10_ToldCost checks the exact number of allocations that the options add to an interceptor. It does not
// count those of grpc-go.
func TestPromise10_ToldCost(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates by itself: run without -race")
	}
	p := propagation.MustNew(everything())
	sink := &headerSink{}
	ctx := grpc.NewContextWithServerTransportStream(context.Background(), sink)
	came := metadata.NewIncomingContext(ctx, metadata.MD{"traceparent": inbound(1)["traceparent"]})
	local := trace.ContextWithSpanContext(came, trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}}))
	unaryInfo, streamInfo := &grpc.UnaryServerInfo{FullMethod: unaryMethod}, &grpc.StreamServerInfo{FullMethod: streamMethod}
	handle := func(context.Context, any) (any, error) { return nil, nil }
	handleStream := func(any, grpc.ServerStream) error { return nil }
	for name, c := range map[string]struct {
		ctx           context.Context
		opts          []grpctrace.Option
		unary, stream float64
	}{
		"no option":       {came, nil, 1, 2},
		"received":        {came, tellAll()[:1], 8, 9},
		"received, all":   {came, tellAll(), 8, 9},
		"local span":      {local, tellAll()[:1], 5, 6},
		"local span, all": {local, tellAll(), 5, 6},
		"nothing known":   {ctx, tellAll(), 0, 0},
		"untrusted":       {came, tellAll(grpctrace.Edge()), 1, 2},
	} {
		unary, stream := grpctrace.UnaryServerInterceptor(p, c.opts...), grpctrace.StreamServerInterceptor(p, c.opts...)
		var in grpc.ServerStream = sinkStream{headerSink: sink, ctx: c.ctx}
		if got := testing.AllocsPerRun(200, func() { unary(c.ctx, nil, unaryInfo, handle) }); got != c.unary {
			t.Errorf("%s: a unary call has %v allocations, want %v", name, got, c.unary)
		}
		if got := testing.AllocsPerRun(200, func() { stream(nil, in, streamInfo, handleStream) }); got != c.stream {
			t.Errorf("%s: a stream has %v allocations, want %v", name, got, c.stream)
		}
	}
	if len(sink.header) == 0 || !slices.Contains(slices.Collect(maps.Keys(sink.header)), "traceresponse") {
		t.Errorf("the header is %v, want traceresponse", sink.header)
	}
}

// headerSink is a transport stream that keeps the last header.
type headerSink struct{ header metadata.MD }

func (*headerSink) Method() string                   { return unaryMethod }
func (s *headerSink) SetHeader(md metadata.MD) error { s.header = md; return nil }
func (*headerSink) SendHeader(metadata.MD) error     { return nil }
func (*headerSink) SetTrailer(metadata.MD) error     { return nil }

// sinkStream is a stream over a headerSink.
type sinkStream struct {
	grpc.ServerStream
	*headerSink
	ctx context.Context
}

func (s sinkStream) Context() context.Context        { return s.ctx }
func (s sinkStream) SetHeader(md metadata.MD) error  { return s.headerSink.SetHeader(md) }
func (s sinkStream) SendHeader(md metadata.MD) error { return s.headerSink.SendHeader(md) }
func (s sinkStream) SetTrailer(md metadata.MD)       { s.headerSink.SetTrailer(md) }
