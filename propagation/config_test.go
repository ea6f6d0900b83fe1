package propagation_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	otelprop "go.opentelemetry.io/otel/propagation"
)

// mistake is a ConfigError without its reason.
type mistake struct {
	Field string
	Value any
}

// mistakes returns the ConfigErrors in an error of New.
func mistakes(t *testing.T, err error) []mistake {
	t.Helper()
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("the error of New is a %T, want a type with Unwrap() []error", err)
	}
	var all []mistake
	for _, one := range joined.Unwrap() {
		e, ok := one.(*propagation.ConfigError)
		if !ok {
			t.Fatalf("an error of New is a %T, want a *ConfigError: %v", one, one)
		}
		if e.Reason == "" {
			t.Errorf("%s: the error has no reason", e.Field)
		}
		all = append(all, mistake{e.Field, e.Value})
	}
	return all
}

func expectMistakes(t *testing.T, c propagation.Config, want ...mistake) {
	t.Helper()
	p, err := propagation.New(c)
	got := mistakes(t, err)
	for _, m := range want {
		if !slices.Contains(got, m) {
			t.Errorf("New does not report the mistake %v", m)
		}
	}
	for _, m := range got {
		if !slices.Contains(want, m) {
			t.Errorf("New reports %v, which is not a mistake", m)
		}
	}
	if (p == nil) != (err != nil) {
		t.Errorf("New returned %v and %v, want exactly one of them to be nil", p, err)
	}
}

// TestConfigEveryMistakeAtOnce: New reports a mistake of each kind at once.
func TestConfigEveryMistakeAtOnce(t *testing.T) {
	c := propagation.Config{
		Formats:           []propagation.Format{propagation.W3C, 99, propagation.W3C, 0},
		ReadOnly:          []propagation.Format{propagation.B3Single, propagation.SkyWalking, propagation.W3C},
		Emit:              []propagation.Format{propagation.Jaeger, propagation.Baggage, propagation.B3Single, propagation.Jaeger, 77},
		Headers:           []string{"X-Tenant", "", "Cookie", "x-tenant"},
		UnsafeHeaders:     []string{"x-plain", "Authorization", "authorization"},
		GenerateRequestID: true,
		Deferred:          propagation.Debug,
		Also:              []otelprop.TextMapPropagator{otelprop.TraceContext{}, nil},
		Limits:            propagation.Limits{HeaderBytes: -1, TotalBytes: 1<<30 + 1, Lines: 65536, MetadataBytes: -5},
	}
	expectMistakes(t, c,
		mistake{"Formats[1]", propagation.Format(99)},
		mistake{"Formats[2]", propagation.W3C},
		mistake{"Formats[3]", propagation.Format(0)},
		mistake{"ReadOnly[1]", propagation.SkyWalking},
		mistake{"ReadOnly[2]", propagation.W3C},
		mistake{"Emit[1]", propagation.Baggage},
		mistake{"Emit[2]", propagation.B3Single},
		mistake{"Emit[3]", propagation.Jaeger},
		mistake{"Emit[4]", propagation.Format(77)},
		mistake{"Headers[1]", ""},
		mistake{"Headers[2]", "Cookie"},
		mistake{"Headers[3]", "x-tenant"},
		mistake{"UnsafeHeaders[0]", "x-plain"},
		mistake{"UnsafeHeaders[2]", "authorization"},
		mistake{"GenerateRequestID", true},
		mistake{"Deferred", propagation.Debug},
		mistake{"Also[1]", nil},
		mistake{"Limits.HeaderBytes", -1},
		mistake{"Limits.TotalBytes", 1<<30 + 1},
		mistake{"Limits.Lines", 65536},
		mistake{"Limits.MetadataBytes", -5},
	)

	_, err := propagation.New(c)
	var first *propagation.ConfigError
	if !errors.As(err, &first) || first.Field != "Formats[1]" {
		t.Errorf("errors.As found %v, want the mistake in Formats[1]", first)
	}
	for line := range strings.Lines(err.Error()) {
		if !strings.HasPrefix(line, "propagation: Config.") {
			t.Errorf("the line %q does not begin with the field", line)
		}
	}
	if !strings.Contains(err.Error(), `Config.Headers[2]: "Cookie": `) {
		t.Errorf("the error has no field and value for Headers[2]:\n%v", err)
	}
}

// TestConfigRefusedHeaders: New refuses the names that promise 9 lists, in any case.
func TestConfigRefusedHeaders(t *testing.T) {
	never := []string{
		"", ":authority", ":path", "a b", "x\r\ny", "x:", "naïve",
		"proxy-authorization", "proxy-authenticate", "proxy-connection",
		"forwarded", "x-forwarded-for", "x-forwarded-client-cert", "x-amz-security-token",
		"host", "connection", "te", "content-type", "content-length", "accept-encoding", "grpc-timeout", "grpc-tags-bin",
	}
	for _, f := range propagation.AllFormats() {
		never = append(never, f.Fields()...)
		for _, prefix := range f.Prefixes() {
			never = append(never, prefix, prefix+"key")
		}
	}
	knowingly := []string{"authorization", "cookie", "set-cookie", "jwt", "x-envoy-attempt-count", "x-envoy-internal"}
	freely := []string{"x-tenant", "end-user", "user-agent", "x-data-bin", "envoy", "cookies", "authority"}

	const kelvin = "coo\u212Aie" // Unicode's lower case of this name is "cookie"
	expectMistakes(t, propagation.Config{Headers: []string{kelvin}}, mistake{"Headers[0]", kelvin})
	for _, spell := range []func(string) string{strings.ToLower, http.CanonicalHeaderKey, strings.ToUpper} {
		headers := func(name string, inHeaders, inUnsafe bool) {
			t.Helper()
			name = spell(name)
			for field, wrong := range map[string]bool{"Headers": inHeaders, "UnsafeHeaders": inUnsafe} {
				c := propagation.Config{Headers: []string{name}}
				if field == "UnsafeHeaders" {
					c = propagation.Config{UnsafeHeaders: []string{name}}
				}
				if wrong {
					expectMistakes(t, c, mistake{field + "[0]", name})
				} else {
					expectMistakes(t, c)
				}
			}
		}
		for _, name := range never {
			headers(name, true, true)
		}
		for _, name := range knowingly {
			headers(name, true, false)
		}
		for _, name := range freely {
			headers(name, false, true)
		}
	}
}

// TestConfigFormatConflicts: a format may be in one of the lists only. The exception is that Emit may repeat Formats.
func TestConfigFormatConflicts(t *testing.T) {
	w3c, b3, xray := propagation.W3C, propagation.B3Single, propagation.XRay
	just := func(fs ...propagation.Format) []propagation.Format { return fs }
	empty := []propagation.Format{}
	for name, test := range map[string]struct {
		c    propagation.Config
		want []mistake
	}{
		"carried and emitted":         {propagation.Config{Formats: just(w3c), Emit: just(w3c, xray)}, nil},
		"carried, another read":       {propagation.Config{Formats: just(w3c), ReadOnly: just(b3)}, nil},
		"all roles empty":             {propagation.Config{Formats: empty, Emit: empty, ReadOnly: empty}, nil},
		"read but carried":            {propagation.Config{Formats: just(w3c, b3), ReadOnly: just(b3)}, []mistake{{"ReadOnly[0]", b3}}},
		"read but carried by default": {propagation.Config{ReadOnly: just(xray, b3)}, []mistake{{"ReadOnly[1]", b3}}},
		"read twice":                  {propagation.Config{ReadOnly: just(xray, xray)}, []mistake{{"ReadOnly[1]", xray}}},
		"read and emitted":            {propagation.Config{ReadOnly: just(xray), Emit: just(xray)}, []mistake{{"Emit[0]", xray}}},
		"emitted twice":               {propagation.Config{Emit: just(xray, xray)}, []mistake{{"Emit[1]", xray}}},
		"id made and not carried":     {propagation.Config{Formats: just(w3c), GenerateRequestID: true}, []mistake{{"GenerateRequestID", true}}},
		"id made, carried by default": {propagation.Config{GenerateRequestID: true}, nil},
		"a decision for open ones":    {propagation.Config{Deferred: propagation.Accepted}, nil},
		"an unknown decision":         {propagation.Config{Deferred: 7}, []mistake{{"Deferred", propagation.Sampling(7)}}},
	} {
		t.Run(name, func(t *testing.T) { expectMistakes(t, test.c, test.want...) })
	}
}

func TestConfigLimits(t *testing.T) {
	for field, test := range map[string]struct {
		set  func(*propagation.Limits, int)
		most int
	}{
		"Limits.HeaderBytes":   {func(l *propagation.Limits, n int) { l.HeaderBytes = n }, 1 << 30},
		"Limits.TotalBytes":    {func(l *propagation.Limits, n int) { l.TotalBytes = n }, 1 << 30},
		"Limits.Lines":         {func(l *propagation.Limits, n int) { l.Lines = n }, 65535},
		"Limits.MetadataBytes": {func(l *propagation.Limits, n int) { l.MetadataBytes = n }, 1 << 30},
	} {
		for n, wrong := range map[int]bool{-1: true, 0: false, 1: false, test.most: false, test.most + 1: true} {
			var c propagation.Config
			test.set(&c.Limits, n)
			if wrong {
				expectMistakes(t, c, mistake{field, n})
			} else {
				expectMistakes(t, c)
			}
		}
	}

	var c propagation.Config
	for i := range 149 {
		c.Headers = append(c.Headers, fmt.Sprintf("x-%d", i))
	}
	c.UnsafeHeaders = []string{"jwt"}
	expectMistakes(t, c)
	c.UnsafeHeaders = append(c.UnsafeHeaders, "cookie")
	expectMistakes(t, c, mistake{"Headers", 151})
}

// TestConfigNilAndEmpty: nil is the default, and an empty list means no formats.
func TestConfigNilAndEmpty(t *testing.T) {
	none := []propagation.Format{}
	in := []string{"Traceparent", callerW3C, "X-Request-Id", "r1", "Uber-Trace-Id", "1:2:0:1", "X-Tenant", "acme"}

	p := compile(t, propagation.Config{})
	expect(t, sent(p, received(p, in...)), carrier(in[:4]...))
	p = compile(t, propagation.Config{Formats: none})
	expect(t, sent(p, received(p, in...)), nil)
	p = compile(t, propagation.Config{Formats: none, Headers: []string{"x-tenant"}})
	expect(t, sent(p, received(p, in...)), carrier("X-Tenant", "acme"))

	run := running(otherSpan)
	p = compile(t, propagation.Config{LocalSpan: run})
	expect(t, sent(p, received(p)), carrier("Traceparent", otherW3C))
	p = compile(t, propagation.Config{LocalSpan: run, Emit: none})
	expect(t, sent(p, received(p)), nil)
	p = compile(t, propagation.Config{LocalSpan: run, Formats: []propagation.Format{propagation.Baggage, propagation.OTTrace, propagation.W3C}})
	expect(t, sent(p, received(p)), carrier("Ot-Tracer-Traceid", "00000000000000aa", "Ot-Tracer-Spanid", "bb000000000000bb", "Ot-Tracer-Sampled", "true"))
}

// TestConfigIsCopied: a Propagator does not change if the slices of its Config change later.
func TestConfigIsCopied(t *testing.T) {
	c := propagation.Config{
		Formats:       []propagation.Format{propagation.W3C},
		Emit:          []propagation.Format{propagation.B3Single},
		ReadOnly:      []propagation.Format{propagation.XRay},
		Headers:       []string{"x-tenant"},
		UnsafeHeaders: []string{"jwt"},
		Also:          []otelprop.TextMapPropagator{otelprop.TraceContext{}},
		Observer:      &propagation.Observer{},
	}
	p := compile(t, c)
	c.Formats[0], c.Emit[0], c.ReadOnly[0] = propagation.OTTrace, propagation.Jaeger, propagation.Datadog
	c.Headers[0], c.UnsafeHeaders[0], c.Also[0] = "x-other", "cookie", nil
	c.Observer.Outcome = func(_ context.Context, _ propagation.Format, _ propagation.Outcome) {
		t.Error("an observer that was set after New was called")
	}

	ctx := received(p, "Traceparent", callerW3C, "X-Amzn-Trace-Id", "garbage", "X-Tenant", "acme", "Jwt", "secret", "X-Other", "no", "Cookie", "no")
	expect(t, sent(p, ctx), carrier("Traceparent", callerW3C, "B3", callerB3, "X-Tenant", "acme", "Jwt", "secret"))
}

func TestMustNew(t *testing.T) {
	if propagation.MustNew(propagation.Config{}) == nil {
		t.Error("MustNew returned nil, want a Propagator")
	}
	defer func() {
		var mistake *propagation.ConfigError
		if err, _ := recover().(error); !errors.As(err, &mistake) {
			t.Errorf("panicked with %v, want the error of New", err)
		}
	}()
	propagation.MustNew(propagation.Config{Headers: []string{"host"}})
}
