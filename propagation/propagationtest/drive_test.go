package propagationtest_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/propagationtest"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/emptypb"
)

// TestRunningServices: URLs of services that run already are driven, over HTTP and gRPC.
func TestRunningServices(t *testing.T) {
	t.Parallel()
	t.Run("http", func(t *testing.T) {
		m := propagationtest.New(t, briefly)
		details := m.HTTP("details")
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			get(r.Context(), http.DefaultClient, details.URL, pick(r.Header))
		}))
		defer s.Close()
		m.Drive(s.URL)
	})
	t.Run("grpc", func(t *testing.T) {
		m := propagationtest.New(t, briefly, propagationtest.Requests(propagationtest.Request{Path: "/bookinfo.Ratings/Average"}))
		stars := dial(m.GRPC("stars").Target)
		defer stars.Close()
		s := ratingsServer(func(ctx context.Context) {
			md, _ := metadata.FromIncomingContext(ctx)
			out := metadata.MD{}
			for _, name := range carriedByHand {
				out.Append(name, md.Get(name)...)
			}
			rate(ctx, stars, out)
		})
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go s.Serve(l)
		defer s.Stop()
		m.Drive("grpc://" + l.Addr().String())
	})
}

// TestMistakes: what cannot be driven is said.
func TestMistakes(t *testing.T) {
	for name, tt := range map[string]struct {
		service any
		opts    []propagationtest.Option
		want    string
	}{
		"no service":         {service: 7, want: "not a int"},
		"no scheme":          {service: "localhost:80", want: "begins with none of"},
		"gRPC, no requests":  {service: "grpc://localhost:80", want: "option Requests"},
		"an empty server":    {service: grpc.NewServer(), want: "has no service"},
		"only health":        {service: healthServer(), want: "the gRPC server has only services of gRPC itself (grpc.health.v1.Health): name the methods with Requests"},
		"a format of none":   {service: http.NotFoundHandler(), opts: []propagationtest.Option{propagationtest.Formats(99)}, want: "is no format"},
		"a negative number":  {service: http.NotFoundHandler(), opts: []propagationtest.Option{propagationtest.AtOnce(-1)}, want: "must not be negative"},
		"no callee":          {service: http.NotFoundHandler(), want: "the Mesh has no callee"},
		"nobody at this URL": {service: "http://127.0.0.1:1", want: "the request failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := propagationtest.Test(func(*propagationtest.Mesh) any { return tt.service }, append(tt.opts, propagationtest.Wait(0))...)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("the error is %v, want %q", err, tt.want)
			}
		})
	}
}

// healthServer is a server that has no service but gRPC's own.
func healthServer() *grpc.Server {
	s := grpc.NewServer()
	healthpb.RegisterHealthServer(s, health.NewServer())
	return s
}

// TestHint: a format that no call carries may be one that the service does not carry. With Carries the test has said so.
func TestHint(t *testing.T) {
	t.Parallel()
	const hint = "No call carried this format. If the service is not meant to carry it, say so with Carries or Formats."
	formats := []propagation.Format{propagation.W3C, propagation.RequestID}
	service := func(forward ...string) func(m *propagationtest.Mesh) any {
		return func(m *propagationtest.Mesh) any { return forwarding(m.HTTP("details").URL, forward) }
	}
	for name, tt := range map[string]struct {
		forward []string
		opts    []propagationtest.Option
		lost    string
		hint    bool
	}{
		"a format that no call carries":    {forward: without("baggage"), lost: "baggage", hint: true},
		"one of several headers":           {forward: without("tracestate"), lost: "tracestate"},
		"a format that the test names":     {forward: []string{"traceparent", "tracestate"}, opts: []propagationtest.Option{propagationtest.Formats(formats...)}, lost: "x-request-id"},
		"the calls carry nothing":          {},
		"only some calls carry the header": {forward: append([]string{"odd:baggage"}, carriedByHand...), lost: "baggage"},
		"a format of several headers":      {forward: without("x-b3-traceid", "x-b3-spanid", "x-b3-parentspanid", "x-b3-sampled", "x-b3-flags"), hint: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := propagationtest.Test(service(tt.forward...), append(tt.opts, briefly)...)
			var failures propagationtest.Failures
			if !errors.As(err, &failures) || tt.lost != "" && !failures.Has(propagationtest.Lost, tt.lost) {
				t.Fatalf("%s was not lost: %v", tt.lost, err)
			}
			seen := false
			for _, f := range failures {
				seen = seen || f.Header == tt.lost
				if f.Header == tt.lost && strings.Contains(f.Error(), hint) != tt.hint {
					t.Errorf("hint: %t, want %t:\n%v", !tt.hint, tt.hint, f)
				}
			}
			if !seen {
				t.Errorf("no failure is about %q: %v", tt.lost, err)
			}
		})
	}
}

// without returns the headers of the careful loop but for some.
func without(names ...string) []string {
	return slices.DeleteFunc(slices.Clone(carriedByHand), func(name string) bool { return slices.Contains(names, name) })
}

// forwarding is a service that forwards some headers. It forwards a name after "odd:" for every second request only.
func forwarding(url string, names []string) http.HandlerFunc {
	var requests atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) {
		out, odd := http.Header{}, requests.Add(1)%2 == 1
		for _, name := range names {
			if lines := r.Header.Values(name); len(lines) > 0 {
				out[http.CanonicalHeaderKey(name)] = lines
			}
		}
		for _, name := range names {
			if name, ok := strings.CutPrefix(name, "odd:"); ok && !odd {
				out.Del(name)
			}
		}
		get(r.Context(), http.DefaultClient, url, out)
	}
}

// TestSentences: a failure says which header, at which callee, what was wrong, and what the specification says.
func TestSentences(t *testing.T) {
	t.Parallel()
	var lostAt atomic.Int64 // the line of the call with the wrong context
	err := propagationtest.Test(func(m *propagationtest.Mesh) any {
		p := propagation.MustNew(propagation.Config{Observer: m.Observer()})
		details, ratings := m.HTTP("details"), dial(m.GRPC("ratings").Target)
		client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
		return httptrace.Middleware(p)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			wrong, _ := http.NewRequestWithContext(context.Background(), http.MethodGet, details.URL+"/details/1", nil)
			_, _, line, _ := runtime.Caller(0)
			if resp, err := client.Do(wrong); err == nil {
				resp.Body.Close()
			}
			lostAt.Store(int64(line) + 1)
			out := toMetadata(pick(r.Header))
			delete(out, "traceparent")
			rate(r.Context(), ratings, out)
		}))
	}, briefly)
	var failures propagationtest.Failures
	if !errors.As(err, &failures) {
		t.Fatal(err)
	}
	for _, want := range []string{
		"details: the call carried none of the headers that the service got (",
		"The service got b3, baggage, grpc-trace-bin, traceparent, tracestate, ",
		"call: GET /details/1",
		fmt.Sprintf("drive_test.go:%d", lostAt.Load()),
		"lost: no context at /",
		"ratings: traceparent was lost (",
		"cases: everything, ",
		"call: /bookinfo.Ratings/Average",
		`the service got ["00-`,
		"W3C Trace Context, 3.4: a service that does not join the trace forwards traceparent as it is",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the failures do not say %q:\n%v", want, err)
		}
	}
	if len(failures) != 2 {
		t.Errorf("%d failures, want one at each callee:\n%v", len(failures), err)
	}
	var first propagationtest.Failure
	if !errors.As(failures.Unwrap()[0], &first) || first.Times == 0 {
		t.Errorf("the first failure is %+v", first)
	}
}

// TestRegisteredService: a callee of gRPC may have a service with answers of its own.
func TestRegisteredService(t *testing.T) {
	t.Parallel()
	m := propagationtest.New(t, briefly, propagationtest.AtOnce(0))
	answered := false
	ratings := m.GRPC("ratings", propagationtest.Registers(func(s grpc.ServiceRegistrar) {
		s.RegisterService(&grpc.ServiceDesc{ServiceName: "bookinfo.Ratings", HandlerType: (*any)(nil), Methods: []grpc.MethodDesc{{
			MethodName: "Average", Handler: func(_ any, ctx context.Context, dec func(any) error, mid grpc.UnaryServerInterceptor) (any, error) {
				in := new(emptypb.Empty)
				if err := dec(in); err != nil {
					return nil, err
				}
				return mid(ctx, in, &grpc.UnaryServerInfo{FullMethod: "/bookinfo.Ratings/Average"}, func(context.Context, any) (any, error) {
					answered = true
					return in, nil
				})
			},
		}}}, nil)
	}))
	conn := dial(ratings.Target)
	defer conn.Close()
	m.Drive(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := rate(r.Context(), conn, toMetadata(pick(r.Header))); err != nil {
			t.Error(err)
		}
		if err := conn.Invoke(metadata.NewOutgoingContext(r.Context(), toMetadata(pick(r.Header))), "/other.Service/Method", &emptypb.Empty{}, &emptypb.Empty{}); err != nil {
			t.Error(err)
		}
	}))
	if !answered {
		t.Error("the registered service was not asked")
	}
}

// TestCasesExplain: each case has a name of its own and an explanation.
func TestCasesExplain(t *testing.T) {
	var names []string
	for _, c := range propagationtest.Cases(propagationtest.OldEnvoy(), propagationtest.Formats(propagation.AllFormats()...)) {
		if c.Explanation == "" || slices.Contains(names, c.Name) {
			t.Errorf("case %q: %q", c.Name, c.Explanation)
		}
		names = append(names, c.Name)
	}
	if len(names) != 15 {
		t.Errorf("%d cases: %q", len(names), names)
	}
}
