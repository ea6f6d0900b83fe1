package main

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	otelprop "go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// next is where the services of the tests call: two paths of the echo.
var paths = []string{"/details", "/ratings"}

// calling is a handler that makes the calls of a service with a client.
func calling(client *http.Client, echo string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, path := range paths {
			get(w, r, client, echo+path)
		}
	})
}

func get(w http.ResponseWriter, r *http.Request, client *http.Client, url string) {
	req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, url, nil)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	resp, err := client.Do(req)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer resp.Body.Close()
	io.Copy(w, resp.Body)
}

// copying is a service that makes the headers of its calls by a function.
func copying(echo string, header func(in, out http.Header)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, path := range paths {
			req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, echo+path, nil)
			if err != nil {
				panic(err)
			}
			header(r.Header, req.Header)
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadGateway)
				return
			}
			resp.Body.Close()
		}
	})
}

// forward copies all trace headers.
func forward(in, out http.Header) {
	for name, lines := range in {
		if isTrace(name) {
			out[name] = lines
		}
	}
}

func carrying(c propagation.Config) func(echo string) http.Handler {
	return func(echo string) http.Handler {
		p := propagation.MustNew(c)
		return httptrace.Middleware(p)(calling(&http.Client{Transport: httptrace.NewTransport(p, nil)}, echo))
	}
}

// traced is a service with OpenTelemetry's SDK and a propagator.
func traced(p otelprop.TextMapPropagator, outer otelprop.TextMapPropagator) func(echo string) http.Handler {
	return func(echo string) http.Handler {
		provider := otelhttp.WithTracerProvider(sdktrace.NewTracerProvider())
		client := &http.Client{Transport: otelhttp.NewTransport(nil, provider, otelhttp.WithPropagators(p))}
		return otelhttp.NewHandler(calling(client, echo), "service", provider, otelhttp.WithPropagators(outer))
	}
}

var everything = propagation.Config{Formats: propagation.AllFormats()}

type serviceTest struct {
	make    func(echo string) http.Handler
	args    []string
	status  int
	results map[string]string // format to result; "": of all others
	finding string            // part of the report
}

// services are services that carry headers well or badly, with what the doctor must say of some formats.
var services = map[string]serviceTest{
	"traceferry with all formats": {make: carrying(everything), results: map[string]string{"": "carried"}},
	"traceferry with the default": {make: carrying(propagation.Config{}), results: map[string]string{"": "carried", "datadog": "not carried", "sw8": "not carried",
		"jaeger": "not carried", "xray": "not carried", "ottrace": "not carried", "clienttrace": "not carried", "l5d": "not carried", "azure": "not carried", "sentry": "not carried"}},
	"a hand-written copy": {make: func(echo string) http.Handler { return copying(echo, forward) }, results: map[string]string{"": "carried"}},
	"OpenTelemetry": {
		make: traced(otelprop.TraceContext{}, otelprop.TraceContext{}), args: []string{"-want", "tracecontext"}, status: bad,
		results: map[string]string{"": "not carried", "tracecontext": "partly lost"}, finding: "tracestate lost", // its propagator reads the first line
	},
	"OpenTelemetry with traceferry's propagator": {
		make: traced(propagation.MustNew(everything), propagation.MustNew(everything)), results: map[string]string{
			"": "continued", "requestid": "carried", "baggage": "carried", "sw8": "carried", "clienttrace": "carried", "l5d": "carried", "azure": "carried",
		},
	},
	"a trace that restarts": {
		make: traced(otelprop.TraceContext{}, otelprop.Baggage{}), args: []string{"-want", "tracecontext"}, status: bad,
		results: map[string]string{"tracecontext": "restarted"}, finding: "tracecontext restarted in GET /details, GET /ratings",
	},
	"forwards nothing": {
		make: func(echo string) http.Handler { return copying(echo, func(in, out http.Header) {}) }, status: bad,
		results: map[string]string{"tracecontext": "lost", "b3": "lost", "sw8": "not carried"}, finding: "all headers lost in GET /details, GET /ratings",
	},
	"one call without": {
		make: func(echo string) http.Handler {
			calls := 0
			var mu sync.Mutex
			return copying(echo, func(in, out http.Header) {
				mu.Lock()
				defer mu.Unlock()
				if calls++; calls%2 == 1 {
					forward(in, out)
				}
			})
		}, status: bad,
	},
	"ratings without": {
		make: func(echo string) http.Handler {
			p := propagation.MustNew(everything)
			good := &http.Client{Transport: httptrace.NewTransport(p, nil)}
			return httptrace.Middleware(p)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				get(w, r, good, echo+"/details")
				get(w, r, http.DefaultClient, echo+"/ratings")
			}))
		}, status: bad, results: map[string]string{"": "partly lost"}, finding: "all headers lost in GET /ratings",
	},
	"one format": {
		make: carrying(propagation.Config{Formats: []propagation.Format{propagation.B3Multi}}), status: bad,
		results: map[string]string{"b3multi": "carried", "tracecontext": "lost", "xray": "not carried"}, finding: "traceparent lost in GET /details, GET /ratings",
	},
	"doubles": {
		make: func(echo string) http.Handler {
			return copying(echo, func(in, out http.Header) {
				forward(in, out)
				if id := in.Get("X-Request-Id"); id != "" {
					out["X-Request-Id"] = []string{id, id}
				}
			})
		}, status: bad, results: map[string]string{"": "carried", "requestid": "duplicated"}, finding: "x-request-id duplicated in GET /details, GET /ratings",
	},
	"first line only": {
		make: func(echo string) http.Handler {
			return copying(echo, func(in, out http.Header) {
				for name := range in {
					if isTrace(name) {
						out.Set(name, in.Get(name))
					}
				}
			})
		}, status: bad, results: map[string]string{"": "carried", "tracecontext": "partly lost", "baggage": "partly lost"},
		finding: "Only some of its lines or members arrived.",
	},
	"upper case": {
		make: func(echo string) http.Handler {
			return copying(echo, func(in, out http.Header) {
				forward(in, out)
				if b3 := in.Get("B3"); b3 != "" {
					out.Set("B3", strings.ToUpper(b3))
				}
			})
		}, status: bad, results: map[string]string{"": "carried", "b3": "changed"}, finding: "Only the case differs.",
	},
	"half an id": {
		make: func(echo string) http.Handler {
			return copying(echo, func(in, out http.Header) {
				forward(in, out)
				if id := in.Get("X-B3-Traceid"); id != "" {
					out.Set("X-B3-Traceid", id[16:])
				}
			})
		}, status: bad, results: map[string]string{"": "carried", "b3multi": "changed"}, finding: "x-b3-traceid changed",
	},
	"empty headers": {
		make: func(echo string) http.Handler {
			return copying(echo, func(in, out http.Header) {
				forward(in, out)
				for _, name := range []string{"B3", "X-B3-Parentspanid"} {
					if in.Get(name) == "" {
						out[name] = []string{""}
					}
				}
			})
		}, status: bad, finding: "b3 sent empty", results: map[string]string{"tracecontext": "carried", "b3": "sent empty", "b3multi": "sent empty"},
	},
	"b3: 0 out of nothing": {
		make: func(echo string) http.Handler {
			return copying(echo, func(in, out http.Header) {
				forward(in, out)
				if in.Get("B3") == "" {
					out.Set("B3", "0")
				}
			})
		}, status: bad, finding: "b3 invented", results: map[string]string{"tracecontext": "carried", "b3": "invented"},
	},
	"a stale b3": { // a tracer that writes W3C, and a loop that copies b3
		make: func(echo string) http.Handler {
			return copying(echo, func(in, out http.Header) {
				forward(in, out)
				if p := in.Get("Traceparent"); p != "" {
					out.Set("Traceparent", p[:36]+"00000000000000aa-01")
				}
			})
		}, status: bad, finding: "In one call b3 names another span of the same trace as tracecontext.",
		results: map[string]string{"tracecontext": "continued", "b3": "inconsistent", "requestid": "carried"},
	},
	"translates": {
		make: func(echo string) http.Handler {
			return copying(echo, func(in, out http.Header) {
				if id := in.Get("X-B3-Traceid"); id != "" {
					out.Set("B3", id+"-"+in.Get("X-B3-Spanid")+"-1")
				}
			})
		}, args: []string{"-want", "b3multi"}, status: bad, finding: "The call has b3 of the same trace instead.", results: map[string]string{"b3multi": "lost"},
	},
	"a leak into requests without": {
		make: func(echo string) http.Handler {
			var mu sync.Mutex
			var last []string
			return copying(echo, func(in, out http.Header) {
				mu.Lock()
				defer mu.Unlock()
				forward(in, out)
				if in["Baggage"] != nil {
					last = in["Baggage"]
				} else if last != nil && len(out) == 0 {
					out["Baggage"] = last
				}
			})
		}, status: bad, finding: "baggage mixed up in GET /details, GET /ratings (2 calls; first when the request had no trace header)",
		results: map[string]string{"": "carried", "baggage": "mixed up"},
	},
	"the last request's headers": {
		make: func(echo string) http.Handler {
			var mu sync.Mutex
			last := http.Header{}
			return copying(echo, func(in, out http.Header) {
				mu.Lock()
				defer mu.Unlock()
				for name, lines := range in {
					if isTrace(name) {
						last[name] = lines
					}
				}
				forward(last, out)
			})
		}, status: bad, finding: "mixed up",
	},
}

func TestDoctor(t *testing.T) {
	reports := atOnceFor(services, func(tt serviceTest) result { // most of the time is waiting
		echo := startEcho(t)
		args := []string{"doctor", "-wait", "100ms", "-echo", echo, serve(t, tt.make(echo))}
		return runWith(t, "", append(args, tt.args...)...)
	})
	for name, tt := range services {
		got := reports[name]
		if got.status != tt.status || got.errors != "" {
			t.Errorf("%s: status %d, errors %q, want status %d\n%s", name, got.status, got.errors, tt.status, got.out)
		}
		if !strings.Contains(got.out, tt.finding) {
			t.Errorf("%s: the report lacks %q:\n%s", name, tt.finding, got.out)
		}
		results := resultsOf(got.out)
		for _, f := range propagation.AllFormats() {
			want, ok := tt.results[f.String()]
			if !ok {
				want = tt.results[""]
			}
			if want != "" && results[f.String()] != want {
				t.Errorf("%s: %v: %q, want %q\n%s", name, f, results[f.String()], want, got.out)
			}
		}
	}
}

// atOnceFor runs f for all tests at once and returns the results by name.
func atOnceFor[T, R any](tests map[string]T, f func(T) R) map[string]R {
	var mu sync.Mutex
	var wg sync.WaitGroup
	results := map[string]R{}
	for name, tt := range tests {
		wg.Go(func() {
			r := f(tt)
			mu.Lock()
			defer mu.Unlock()
			results[name] = r
		})
	}
	wg.Wait()
	return results
}

// resultsOf returns the table of a report.
func resultsOf(report string) map[string]string {
	results := map[string]string{}
	for line := range strings.Lines(report) {
		name, result, _ := strings.Cut(strings.TrimSpace(line), " ")
		if _, err := propagation.ParseFormat(name); err == nil && results[name] == "" {
			results[name] = strings.TrimSpace(strings.TrimSuffix(result, "(optional)"))
		}
	}
	return results
}

// startEcho starts the echo of the program and returns its URL.
func startEcho(t *testing.T, keep ...string) string {
	t.Helper()
	s := &echoServer{recorder: newRecorder(keep), show: func(call) {}, status: http.StatusOK}
	address, stop, err := s.start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return "http://" + address
}
