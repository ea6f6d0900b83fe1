package grpctrace_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/internal/cputime"
	"github.com/traceferry/traceferry/internal/race"
	"github.com/traceferry/traceferry/internal/retained"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// A hostile caller attacks a real server, which calls another server. The caller's client does not check the metadata
// that it sends.

// posture is the setup of the attacked service, and the headers that the service may send.
type posture struct {
	name   string
	config propagation.Config
	trust  []grpctrace.Option
	may    func(name string) bool
}

var postures = []posture{
	{"default", propagation.Config{}, nil, func(name string) bool { return belongs(defaultFormats, name) }},
	{"all formats", everything(), nil, func(name string) bool { return len(carriedOf(metadata.MD{name: nil})) > 0 }},
	{"edge", everything(), []grpctrace.Option{grpctrace.Edge()}, func(string) bool { return false }},
	{"external host behind", withDestinations(), nil, func(name string) bool { return name == "traceparent" || name == "tracestate" }},
	{"edge, external host behind", withDestinations(), []grpctrace.Option{grpctrace.Edge()}, func(string) bool { return false }},
}

var defaultFormats = propagation.AllFormats()[:8]

// withDestinations adds a rule for the servers of these tests, as for an external host.
func withDestinations() propagation.Config {
	c := everything()
	c.Destinations = []propagation.Destination{{Hosts: []string{"127.0.0.1"}, Formats: []propagation.Format{propagation.W3C}, Headers: []string{}}}
	return c
}

// attack is a hostile call, with the outcome that it counts if all formats are carried.
type attack struct {
	name    string
	md      metadata.MD
	format  propagation.Format
	outcome propagation.Outcome
}

const noOutcome propagation.Outcome = 255

var attacks = []attack{
	{"10,000 names under a prefix", manyNames("uberctx-k", 10_000), propagation.Jaeger, propagation.TooLarge},
	{"1 MiB of tracestate in 5,000 lines", metadata.MD{"tracestate": manyLines(5_000, "k="+strings.Repeat("v", 207)), "traceparent": {w3cOf(1)}}, propagation.W3C, propagation.TooLarge},
	// CVE-2026-29181: each line is within the limit for one line.
	{"baggage in 100 lines of 8,000 bytes", metadata.MD{"baggage": manyLines(100, "k="+strings.Repeat("v", 7998))}, propagation.Baggage, propagation.TooLarge},
	{"baggage in 20,000 lines", metadata.MD{"baggage": manyLines(20_000, "k=v")}, propagation.Baggage, propagation.TooLarge},
	// CVE-2026-41178: one line without a limit causes a logged error for each bad member.
	{"1 MiB of baggage in one line", metadata.MD{"baggage": {strings.Repeat("k=%zz;;,", 1<<17)}}, propagation.Baggage, propagation.TooLarge},
	{"8 KiB of bad baggage", metadata.MD{"baggage": {strings.Repeat("k=%zz;;,", 1<<10)}}, propagation.Baggage, propagation.Malformed},
	{"1 MiB of bytes", metadata.MD{"grpc-trace-bin": {strings.Repeat("\xff", 1<<20)}}, propagation.GRPCTraceBin, propagation.TooLarge},
	{"36 digits in b3", metadata.MD{"b3": {strings.Repeat("a", 36)}}, propagation.B3Single, propagation.Malformed},
	{"Datadog without a priority", metadata.MD{"x-datadog-trace-id": {"1"}, "x-datadog-parent-id": {"2"}, "x-datadog-tags": {"_dd.p.dm"}}, 0, noOutcome},
	{"two traceparents", metadata.MD{"traceparent": {w3cOf(1), w3cOf(2)}}, propagation.W3C, propagation.Duplicate},
	{"a good traceparent and a bad one", metadata.MD{"traceparent": {w3cOf(1), "00-"}}, propagation.W3C, propagation.Duplicate},
	{"a bad traceparent and a good one", metadata.MD{"traceparent": {"00-", w3cOf(1)}}, propagation.W3C, propagation.Duplicate},
	{"C1 controls", metadata.MD{"tracestate": {"k=\x9b2J\x85"}, "traceparent": {w3cOf(1)}}, propagation.W3C, propagation.Unsendable},
	{"UTF-8", metadata.MD{"end-user": {"\u2028\u202e"}}, 0, propagation.Unsendable},
	{"a tab", metadata.MD{"x-request-id": {"a\tb"}}, propagation.RequestID, propagation.Unsendable},
	{"text under a name of bytes", metadata.MD{"uberctx-a-bin": {"text"}}, propagation.Jaeger, propagation.Unsendable},
	{"names of proxies", forged, 0, noOutcome},
	{"everything at once", inbound(1), 0, noOutcome},
}

func w3cOf(n uint64) string { return inbound(n)["traceparent"][0] }

func manyNames(prefix string, n int) metadata.MD {
	md := make(metadata.MD, n)
	for i := range n {
		md[fmt.Sprintf("%s%06d", prefix, i)] = []string{"v"}
	}
	return md
}

func manyLines(n int, line string) []string { return slices.Repeat([]string{line}, n) }

// forged are requests and claims that only a proxy of the mesh may make. They are never sent.
var forged = metadata.MD{
	"x-envoy-internal": {"true"}, "x-envoy-original-path": {"/admin"}, "x-envoy-upstream-rq-timeout-ms": {"1"}, "x-envoy-retry-grpc-on": {"internal"},
	"x-envoy-peer-metadata": {"AAAA"}, "x-envoy-peer-metadata-id": {"sidecar~10.0.0.1"}, "x-envoy-external-address": {"10.0.0.1"},
	"x-forwarded-client-cert": {"URI=spiffe://cluster.local/ns/admin/sa/root"}, "x-forwarded-for": {"127.0.0.1"}, "forwarded": {"for=127.0.0.1"},
	"l5d-client-id": {"root"}, "l5d-dst-override": {"admin.svc"}, "l5d-reqid": {"1"}, "x-istio-attributes": {"AAAA"}, "grpc-previous-rpc-attempts": {"9"},
	"authorization": {"Bearer x"}, "cookie": {"a=b"}, "jwt": {"x"}, "lb-token": {"x"}, "grpc-tags-bin": {"\x00"},
}

// grpcs are names that grpc-go itself writes.
var grpcs = []string{":authority", "content-type", "user-agent", "grpc-accept-encoding"}

// Every attack on every posture, as a unary call and as a stream: the call is served, and nothing is logged. No
// forbidden header is sent, and withheld or dropped headers are counted.
func TestAttacks(t *testing.T) {
	back := serve(t, echo())
	for _, posture := range postures {
		p := propagation.MustNew(posture.config)
		front := attacked(t, p, posture.trust, back)
		for _, attack := range attacks {
			for kind, call := range callers {
				t.Run(posture.name+"/"+attack.name+"/"+kind, func(t *testing.T) {
					expectSilence(t)
					before := p.Stats()
					checkSentOn(t, arrived(t, t.Context(), call, dial(t, front, unchecked(attack.md))), attack.md, posture.may)
					if posture.name == "all formats" && attack.outcome != noOutcome &&
						p.Stats().Count(attack.format, attack.outcome) == before.Count(attack.format, attack.outcome) {
						t.Errorf("the outcome %[2]v of %[1]v was not counted", attack.format, attack.outcome)
					}
					if posture.trust != nil && attack.name == "everything at once" && p.Stats().Total(propagation.Untrusted) == before.Total(propagation.Untrusted) {
						t.Error("the withheld headers were not counted")
					}
				})
			}
		}
	}
}

// Control characters that HTTP/2 forbids end the call before it reaches our code.
func TestAttackBytes(t *testing.T) {
	p := propagation.MustNew(everything())
	var handled atomic.Int32
	front := serve(t, serviceOf(func(context.Context, caller, []byte) ([]byte, error) { handled.Add(1); return nil, nil }), grpctrace.ServerOptions(p)...)
	for _, illegal := range []string{"\r", "\n", "\r\nx-evil: 1", "\x00", "\x1b", "\x7f"} {
		for name := range inbound(1) {
			if strings.HasSuffix(name, "-bin") { // base64 on the wire
				continue
			}
			md := inbound(1)
			md[name] = []string{"a" + illegal + "b"}
			if _, err := callUnary(t.Context(), dial(t, front, unchecked(md)), nil); err == nil || handled.Load() != 0 {
				t.Errorf("%q in %s: error %v, want one; handled %d times, want 0", illegal, name, err, handled.Load())
			}
		}
	}
}

// unchecked makes a client send any metadata, without grpc-go's checks.
func unchecked(md metadata.MD) grpc.DialOption {
	return grpc.WithStatsHandler(tagger(func(ctx context.Context) context.Context { return metadata.NewOutgoingContext(ctx, md) }))
}

// attacked is a server that accepts metadata of any size. Its handler calls every function that a handler can call, and
// then makes a call to back.
func attacked(t *testing.T, p *propagation.Propagator, trust []grpctrace.Option, back string) string {
	t.Helper()
	next := dial(t, back, grpctrace.DialOptions(p)...)
	return serve(t, serviceOf(func(ctx context.Context, call caller, msg []byte) ([]byte, error) {
		askAll(ctx)
		return call(ctx, next, msg)
	}), append(grpctrace.ServerOptions(p, trust...), grpc.MaxHeaderListSize(64<<20))...)
}

func askAll(ctx context.Context) {
	propagation.RemoteFromContext(ctx)
	propagation.UntrustedFromContext(ctx)
	propagation.RequestIDFromContext(ctx)
	trace.SpanContextFromContext(ctx)
	baggage.FromContext(ctx)
}

// checkSentOn checks that only received lines were sent, under permitted names, within the limit, and with bytes that
// grpc-go accepts.
func checkSentOn(t *testing.T, sent, came metadata.MD, may func(name string) bool) {
	t.Helper()
	size := 0
	for name, values := range sent {
		if slices.Contains(grpcs, name) {
			continue
		}
		if !may(name) {
			t.Errorf("%s was sent, want it dropped: %.80q", name, values)
		}
		for _, v := range values {
			size += len(name) + len(v) + 32
			if !slices.Contains(came[name], v) {
				t.Errorf("%s was sent as %.80q, want one of the received lines %.80q", name, v, came[name])
			}
		}
	}
	if size > 4096 {
		t.Errorf("%d bytes were sent, want at most 4096", size)
	}
}

// expectSilence fails the test if anything is logged before the test ends.
func expectSilence(t *testing.T) {
	var mu sync.Mutex
	var logged bytes.Buffer
	book := writer(func(b []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return logged.Write(b)
	})
	slogger, former, flags := slog.Default(), log.Writer(), log.Flags()
	slog.SetDefault(slog.New(slog.NewTextHandler(book, &slog.HandlerOptions{Level: slog.LevelDebug})))
	log.SetOutput(book)
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Print(err) }))
	t.Cleanup(func() {
		slog.SetDefault(slogger)
		log.SetOutput(former)
		log.SetFlags(flags)
		mu.Lock()
		defer mu.Unlock()
		if logged.Len() > 0 {
			t.Errorf("logged %d bytes, want none: %.200s", logged.Len(), logged.String())
		}
	})
}

type writer func([]byte) (int, error)

func (f writer) Write(b []byte) (int, error) { return f(b) }

// floods are attacks that can have any size.
var floods = map[string]func(n int) metadata.MD{
	"names under a prefix": func(n int) metadata.MD { return manyNames("uberctx-k", n) },
	"names of proxies":     func(n int) metadata.MD { return manyNames("x-envoy-k", n) },
	"tracestate lines": func(n int) metadata.MD {
		return metadata.MD{"tracestate": manyLines(n, "k=v"), "traceparent": {w3cOf(1)}}
	},
	"traceparent lines":   func(n int) metadata.MD { return metadata.MD{"traceparent": manyLines(n, w3cOf(1))} },
	"baggage lines":       func(n int) metadata.MD { return metadata.MD{"baggage": manyLines(n, "k=v")} },
	"bad baggage members": func(n int) metadata.MD { return metadata.MD{"baggage": {strings.Repeat("%=;;,", n)}} },
	"lines of bytes":      func(n int) metadata.MD { return metadata.MD{"grpc-trace-bin": manyLines(n, "\x00\xff")} },
	"lines of a header":   func(n int) metadata.MD { return metadata.MD{"user-bin": manyLines(n, "\x00\xff")} },
	"Datadog tags": func(n int) metadata.MD {
		return metadata.MD{"x-datadog-trace-id": {"1"}, "x-datadog-tags": {strings.Repeat("a=b,", n)}}
	},
}

// An attack of eight times the size may take about eight times as long in our code. Quadratic time would be sixty-four
// times as long. The limit lies between, because the larger attack may not fit the caches.
func TestAttackTimeIsLinear(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector changes the times")
	}
	const few, times, atMost = 4_000, 8, 36
	back := serve(t, echo())
	for _, posture := range []posture{postures[1], postures[4]} {
		config := posture.config
		config.Limits = propagation.Limits{HeaderBytes: 1 << 20, TotalBytes: 1 << 20, Lines: 65535, MetadataBytes: 1 << 23} // so that every line is read
		for name, flood := range floods {
			t.Run(posture.name+"/"+name, func(t *testing.T) {
				p := propagation.MustNew(config)
				for range 5 { // other work of the machine may disturb a measurement
					short, long := spent(t, p, posture.trust, back, flood(few)), spent(t, p, posture.trust, back, flood(few*times))
					if long < time.Millisecond || long < atMost*short {
						return
					}
					t.Logf("%d lines take %v and %d lines take %v", few, short, few*times, long)
				}
				t.Error("the time is not linear in the size of the attack")
			})
		}
	}
}

// spent returns the least time that one of five calls spends in our server interceptor, in the handler's calls to this
// library, and in our client interceptor.
func spent(t *testing.T, p *propagation.Propagator, trust []grpctrace.Option, back string, md metadata.MD) time.Duration {
	t.Helper()
	var stop func() time.Duration
	var took []time.Duration
	next := dial(t, back, grpc.WithChainUnaryInterceptor(grpctrace.UnaryClientInterceptor(p),
		func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			took[len(took)-1] += stop()
			return invoke(metadata.NewOutgoingContext(ctx, nil), method, req, reply, cc, opts...)
		}))
	front := serve(t, serviceOf(func(ctx context.Context, call caller, msg []byte) ([]byte, error) {
		askAll(ctx)
		took = append(took, stop())
		stop = cputime.Start()
		return call(ctx, next, msg)
	}), grpc.MaxHeaderListSize(64<<20), grpc.ChainUnaryInterceptor(
		func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
			stop = cputime.Start()
			return handle(ctx, req)
		}, grpctrace.UnaryServerInterceptor(p, trust...)))
	conn := dial(t, front, unchecked(md))
	for range 5 {
		arrived(t, t.Context(), callUnary, conn)
	}
	return slices.Min(took)
}

// A context that outlives its call keeps the captured lines, but not the megabytes of metadata around them. The call's
// own context keeps its metadata, because grpc-go does.
func TestAttackMemoryIsReturned(t *testing.T) {
	const calls, least, most = 24, 8000, 16384 + 4096 // most is the limit and the last lines in HPACK's table
	for _, posture := range postures[1:3] {
		t.Run(posture.name, func(t *testing.T) {
			var came retained.Strings
			var kept []context.Context
			front := serve(t, serviceOf(func(ctx context.Context, _ caller, _ []byte) ([]byte, error) {
				askAll(ctx)
				md, _ := metadata.FromIncomingContext(ctx)
				for _, lines := range md {
					came.Watch(lines...)
				}
				kept = append(kept, propagation.Copy(context.Background(), ctx))
				return nil, nil
			}), append(grpctrace.ServerOptions(propagation.MustNew(posture.config), posture.trust...), grpc.MaxHeaderListSize(64<<20))...)
			bomb := metadata.MD{"traceparent": {w3cOf(1)}, "tracestate": {"a=" + strings.Repeat("s", 8000)}, "x-noise": {strings.Repeat("n", 1<<20)}}
			conn := dial(t, front, unchecked(bomb))
			for i := range calls {
				bomb["baggage"] = differentLines(1000, fmt.Sprintf("call%d-", i)+strings.Repeat("v", 500))
				if _, err := callUnary(t.Context(), conn, nil); err != nil {
					t.Fatal(err)
				}
			}
			if left := came.Bytes(calls*most) / calls; left < least || most < left {
				t.Errorf("a call keeps %d bytes of its metadata, want %d to %d", left, least, most)
			}
			runtime.KeepAlive(kept)
		})
	}
}

// differentLines returns n lines that HPACK cannot compress to earlier ones.
func differentLines(n int, value string) []string {
	lines := make([]string, n)
	for i := range lines {
		lines[i] = fmt.Sprintf("k%d=%s", i, value)
	}
	return lines
}
