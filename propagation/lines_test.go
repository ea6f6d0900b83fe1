package propagation_test

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"github.com/traceferry/traceferry/internal/race"
	"github.com/traceferry/traceferry/propagation"
	otelprop "go.opentelemetry.io/otel/propagation"
)

// lines returns a Seq over the lines of a header, with the names in the given spelling.
func lines(h map[string][]string, spell func(string) string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, name := range slices.Sorted(maps.Keys(h)) {
			for _, v := range h[name] {
				if !yield(spell(name), v) {
					return
				}
			}
		}
	}
}

// gathered returns lines as a map. It does not change the names.
func gathered(lines iter.Seq2[string, string]) map[string][]string {
	md := map[string][]string{}
	for name, value := range lines {
		md[name] = append(md[name], value)
	}
	return md
}

// TestLinesCarryEverything: a message carries the same headers from one service to another as an HTTP call, for any received
// headers and any spelling of the names.
func TestLinesCarryEverything(t *testing.T) {
	p := compile(t, propagation.Config{
		Formats: propagation.AllFormats(), Headers: []string{"x-tenant", "x-shop-*"}, ASCIIOnly: true, InternalHosts: []string{"kafka:orders.*"},
	})
	r := newRequests(t, 7)
	for i := range 3000 {
		h := r.Header()
		h["X-Tenant"], h["X-Shop-Cart"] = []string{"t"}, []string{"a", "b"}
		ctx := p.ExtractHTTP(context.Background(), h)
		want := sent(p, ctx)
		message := gathered(p.Lines(ctx, "kafka:orders.created"))
		for name := range message {
			if name != strings.ToLower(name) {
				t.Fatalf("Lines returns the name %q, want lower case", name)
			}
		}
		for _, spell := range []func(string) string{strings.ToLower, strings.ToUpper, http.CanonicalHeaderKey} {
			got := sent(p, p.ExtractLines(context.Background(), lines(message, spell)))
			if !maps.EqualFunc(got, want, slices.Equal) {
				t.Fatalf("request %d, %q\nmessage %q\ngot  %q\nwant %q", i, h, message, got, want)
			}
		}
	}
}

// TestLinesBorrowed: a client may reuse the memory of a message, even from one line to the next.
func TestLinesBorrowed(t *testing.T) {
	p := compile(t, propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"x-shop-*"}})
	in := lowered(trusted(allTestHeaders, propagation.Continue))
	in["x-shop-cart"] = []string{"a", "b"}
	keep := func(s string) string { return s }
	want := contentOf(p, p.ExtractLines(context.Background(), lines(in, keep)))
	buffer := make([]byte, 0, 1<<12)
	ctx := p.ExtractLines(context.Background(), func(yield func(string, string) bool) {
		for name, value := range lines(in, keep) {
			buffer = append(append(buffer[:0], name...), value...)
			again := unsafe.String(&buffer[0], len(buffer))
			if !yield(again[:len(name)], again[len(name):]) {
				return
			}
			for i := range buffer {
				buffer[i] = '#'
			}
		}
	})
	if got := contentOf(p, ctx); got != want {
		t.Errorf("with a reused buffer, the context has\n%s\nwant\n%s", got, want)
	}
}

// TestLinesOfOneMessage: the context of a message has no headers of another message or of its connection.
func TestLinesOfOneMessage(t *testing.T) {
	p := compile(t, propagation.Config{})
	connection := received(p, "X-B3-Traceid", callerTrace, "X-B3-Spanid", callerSpan, "Baggage", "user=1", "X-Request-Id", "r-1")
	for name, message := range map[string]map[string][]string{
		"another trace": {"traceparent": {"00-" + strings.Repeat("c", 32) + "-" + strings.Repeat("d", 16) + "-01"}},
		"a request id":  {"x-request-id": {"r-2"}},
		"nothing":       {},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := p.ExtractLines(connection, lines(message, strings.ToLower))
			expect(t, gathered(p.Lines(ctx, "localhost")), message)
		})
	}
	if captures(p.ExtractLines(connection, nil)) != nil {
		t.Error("ExtractLines with nil keeps headers of the connection, want none")
	}
}

// TestLinesDestinations: user data is sent only to the topics that the rules allow.
func TestLinesDestinations(t *testing.T) {
	c := propagation.Config{
		Headers:       []string{"x-tenant"},
		InternalHosts: []string{"nats:*"},
		Destinations: []propagation.Destination{
			{Hosts: []string{"kafka:orders.*"}, Formats: []propagation.Format{propagation.W3C, propagation.Baggage}, Headers: []string{"*"}},
			{Hosts: []string{"kafka:orders.partner"}, Formats: []propagation.Format{propagation.W3C}},
			{Hosts: []string{"sqs:*"}, Formats: []propagation.Format{}},
		},
	}
	p := compile(t, c)
	ctx := received(p, "Traceparent", callerW3C, "X-Request-Id", "r", "Baggage", "user=1", "X-Tenant", "t")
	for destination, want := range map[string]string{
		"kafka:orders.created":   "baggage traceparent x-tenant",
		"KAFKA:orders.created":   "baggage traceparent x-tenant",
		"kafka:Orders.created":   "traceparent x-request-id", // names of topics are compared exactly
		"kafka:orders.partner":   "traceparent",
		"kafka:billing":          "traceparent x-request-id",
		"kafka:a,kafka:orders":   "traceparent x-request-id",
		"kafka:":                 "traceparent x-request-id",                  // neither a valid topic nor a host of one label
		"kafka:9092":             "traceparent x-request-id",                  // a topic, or a host and a port
		"kafka.default.svc:9092": "baggage traceparent x-request-id x-tenant", // a host and a port
		"nats:events":            "baggage traceparent x-request-id x-tenant",
		"sqs:jobs":               "",
		"broker":                 "baggage traceparent x-request-id x-tenant", // an internal host
		"broker.example.com":     "traceparent x-request-id",
		"":                       "traceparent x-request-id",
	} {
		got := slices.Sorted(maps.Keys(gathered(p.Lines(ctx, destination))))
		if strings.Join(got, " ") != want {
			t.Errorf("%q gets %q, want %q", destination, got, want)
		}
		if x := p.Explain(ctx, destination); destination == "kafka:orders.created" && x.Rule != "kafka:orders.*" {
			t.Errorf("Explain returns the rule %q, want kafka:orders.*", x.Rule)
		}
	}
}

// TestTopicPatterns: which patterns of topics are valid, and which are mistakes.
func TestTopicPatterns(t *testing.T) {
	for pattern, valid := range map[string]bool{
		"kafka:orders": true, "kafka:*": true, "aws_sqs:a-b": true, "amqp:ex:key.*": true, "mqtt:a/b": true,
		"kafka:": false, "kafka:a*b": false, "kafka:a b": false, "kafka:a,b": false, ":orders": false, "9p:orders": false,
		"api.example.com:orders": false, "http://orders": false, "redis:6379": true, "redis:63790000": false,
	} {
		_, err := propagation.New(propagation.Config{Destinations: []propagation.Destination{{Hosts: []string{pattern}}}})
		if (err == nil) != valid {
			t.Errorf("%q: New returns the error %v, want a valid pattern: %v", pattern, err, valid)
		}
	}
}

// TestLinesLimits: over the limits of a message, Lines leaves out baggage first, then Config.Headers, then the formats that
// name no span, and last the trace formats from the end of Config.Formats. Each format is left out as a whole and counted.
func TestLinesLimits(t *testing.T) {
	in := []string{
		"Traceparent", callerW3C, "X-B3-Traceid", callerTrace, "X-B3-Spanid", callerSpan, "X-B3-Sampled", "1",
		"X-Request-Id", "r", "Baggage", "user=1", "X-Tenant", "t",
	}
	ids := "traceparent x-b3-sampled x-b3-spanid x-b3-traceid"
	for _, row := range []struct {
		lines, bytes int
		want         string
		counted      map[string]uint64
	}{
		{7, 0, "baggage " + ids + " x-request-id x-tenant", map[string]uint64{}},
		{6, 0, ids + " x-request-id x-tenant", map[string]uint64{"baggage too large": 1}},
		{5, 0, ids + " x-request-id", map[string]uint64{"baggage too large": 1, "headers too large": 1}},
		{4, 0, ids, map[string]uint64{"baggage too large": 1, "headers too large": 1, "requestid too large": 1}},
		{3, 0, "traceparent", map[string]uint64{"baggage too large": 1, "headers too large": 1, "requestid too large": 1, "b3multi too large": 1}},
		{0, len("traceparent" + callerW3C), "traceparent", nil},
		{0, len("traceparent"+callerW3C) - 1, "", nil},
	} {
		p := compile(t, propagation.Config{
			Headers: []string{"x-tenant"}, InternalHosts: []string{"sqs:*"},
			Limits: propagation.Limits{MessageLines: row.lines, MessageBytes: row.bytes},
		})
		got := slices.Sorted(maps.Keys(gathered(p.Lines(received(p, in...), "sqs:jobs"))))
		if strings.Join(got, " ") != row.want {
			t.Errorf("%d lines, %d bytes: got %q, want %q", row.lines, row.bytes, got, row.want)
		}
		if row.counted != nil {
			expectCounts(t, p, row.counted)
		}
	}
	if _, err := propagation.New(propagation.Config{Limits: propagation.Limits{MessageLines: -1, MessageBytes: -1}}); err == nil ||
		!strings.Contains(err.Error(), "MessageLines") || !strings.Contains(err.Error(), "MessageBytes") {
		t.Errorf("for negative limits, New returns %v, want an error that names both", err)
	}
}

// TestLinesLocalSpan: a message carries the local span. Binary values are base64.
func TestLinesLocalSpan(t *testing.T) {
	p := compile(t, propagation.Config{LocalSpan: func(context.Context) (propagation.SpanContext, bool) { return otherSpan, true }})
	ctx := p.ExtractMetadata(context.Background(), metadataOf("traceparent", callerW3C, "grpc-trace-bin", callerBinRaw))
	got := gathered(p.Lines(ctx, "kafka:a"))
	expect(t, got, lowered(sent(p, ctx)))
	if sc, _ := propagation.RemoteFromContext(p.ExtractLines(context.Background(), lines(got, strings.ToUpper))); sc.SpanID != otherSpan.SpanID {
		t.Errorf("the receiver reads %v, want %v", sc, otherSpan)
	}
}

// TestLinesAlso: the propagators of Config.Also read and write messages, too.
func TestLinesAlso(t *testing.T) {
	p := compile(t, propagation.Config{Formats: []propagation.Format{propagation.RequestID}, Also: []otelprop.TextMapPropagator{otelprop.TraceContext{}}})
	ctx := p.ExtractLines(context.Background(), lines(carrier("Traceparent", callerW3C, "X-Request-Id", "r"), strings.ToUpper))
	expect(t, gathered(p.Lines(ctx, "kafka:a")), map[string][]string{"traceparent": {callerW3C}, "x-request-id": {"r"}})
}

// TestLinesStop: a range over Lines may stop at any line, and the nil Propagator has none.
func TestLinesStop(t *testing.T) {
	p := compile(t, propagation.Config{Also: []otelprop.TextMapPropagator{keepingAll{}}})
	ctx := received(p, "Traceparent", callerW3C, "X-Request-Id", "r", "X-B3-Sampled", "1")
	for most := range 4 {
		n := 0
		for range p.Lines(ctx, "kafka:a") {
			if n++; n > most {
				break
			}
		}
	}
	var none *propagation.Propagator
	if len(gathered(none.Lines(ctx, "kafka:a"))) != 0 || captures(none.ExtractLines(context.Background(), lines(carrier("B3", callerB3), strings.ToLower))) != nil {
		t.Error("the nil Propagator carries headers, want none")
	}
	for range p.Lines(context.Background(), "kafka:a") {
		t.Error("Lines of a context without headers returns a line, want none")
	}
	if got := p.Stats().Count(0, propagation.NoContext); got != 1 {
		t.Errorf("a message without captured headers is counted %d times, want once", got)
	}
}

// TestLinesIsolation: messages in many goroutines that share a Propagator never get each other's headers.
func TestLinesIsolation(t *testing.T) {
	p := compile(t, propagation.Config{})
	var wg sync.WaitGroup
	for g := range 64 {
		wg.Go(func() {
			for i := range 200 {
				trace := fmt.Sprintf("%016x%016x", g+1, i+1)
				in := map[string][]string{"traceparent": {"00-" + trace + "-" + callerSpan + "-01"}, "x-request-id": {trace}}
				ctx := p.ExtractLines(context.Background(), lines(in, strings.ToUpper))
				if got := gathered(p.Lines(ctx, "kafka:a")); !maps.EqualFunc(got, in, slices.Equal) {
					t.Errorf("a message with %q sends %q, want the same", in, got)
					return
				}
			}
		})
	}
	wg.Wait()
}

// TestLinesCost: a range over Lines allocates the Seq, its destination, and the memory of the loop itself.
func TestLinesCost(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	p := compile(t, propagation.Config{})
	ctx := p.ExtractHTTP(context.Background(), istio())
	n := 0
	if got := testing.AllocsPerRun(100, func() {
		for range p.Lines(ctx, "kafka:a") {
			n++
		}
	}); got != 4 {
		t.Errorf("%v allocations, want 4", got)
	}
	if n == 0 {
		t.Error("Lines returned no lines")
	}
}
