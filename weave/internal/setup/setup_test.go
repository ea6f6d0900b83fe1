package setup_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/weave/internal/setup"
)

// read returns the Setup for an environment, and the text that it wrote.
func read(env map[string]string) (*setup.Setup, *strings.Builder) {
	var out strings.Builder
	return setup.New(func(name string) string { return env[name] }, &out), &out
}

// TestDefaults: without variables, the zero Config is used and every caller is trusted. A server writes that once.
func TestDefaults(t *testing.T) {
	s, out := read(nil)
	if s.Propagator == nil || !s.TrustsAll || out.Len() > 0 {
		t.Fatalf("the setup is %+v, and it wrote %q; want a Propagator, trust in all callers and no text", s, out)
	}
	s.Announce()
	s.Announce()
	if got := out.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "EVERY caller of this process is trusted, because TRACEFERRY_TRUST is not set") {
		t.Errorf("a server wrote %q, want one line about the default trust", got)
	}
}

func TestTrust(t *testing.T) {
	for value, want := range map[string]struct {
		all   bool
		peers int
	}{
		"all":                        {true, 0},
		"edge":                       {false, 0},
		"EDGE":                       {false, 0},
		" 10.0.0.0/8 , fd00::/8, ":   {false, 2},
		"192.168.1.0/24":             {false, 1},
		"0.0.0.0/0,::/0,10.1.0.0/16": {false, 3},
	} {
		s, out := read(map[string]string{setup.Trust: value})
		s.Announce()
		if s.Propagator == nil || s.TrustsAll != want.all || len(s.Peers) != want.peers || out.Len() > 0 {
			t.Errorf("%s=%q: it trusts all: %v, trusts the peers %v, and wrote %q", setup.Trust, value, s.TrustsAll, s.Peers, out)
		}
	}
}

func TestOff(t *testing.T) {
	s, out := read(map[string]string{setup.Weave: "off"})
	if s.Propagator != nil || out.Len() > 0 {
		t.Errorf("the setup carries %v and wrote %q, want nothing", s.Propagator, out)
	}
}

// TestMistakes: all mistakes are written, each with its variable and the allowed values. Nothing is carried.
func TestMistakes(t *testing.T) {
	env := map[string]string{
		setup.Weave:         "yes",
		setup.Preset:        "nomad",
		setup.Trust:         "10.0.0.1,internet",
		setup.Destinations:  "a.example; b.example=w3c; c.example=,",
		setup.Report:        "all",
		setup.InternalHosts: "*.",
	}
	s, out := read(env)
	if s.Propagator != nil {
		t.Error("the setup has a Propagator although there are mistakes")
	}
	for _, want := range []string{
		"NO header is carried, because the environment has mistakes",
		`TRACEFERRY_WEAVE="yes": want on or off`,
		`TRACEFERRY_PRESET="nomad": want one of ambassador, aws, `,
		`TRACEFERRY_TRUST="10.0.0.1,internet": want all, edge, or networks as in 10.0.0.0/8,fd00::/8: "10.0.0.1" is not one`,
		`"internet" is not one`,
		`"a.example" has no equals sign`,
		`w3c`,
		`"c.example=," names no format`,
		`TRACEFERRY_REPORT="all": want none or lost`,
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the text does not contain %q:\n%s", want, out)
		}
	}
	for name, value := range map[string]string{setup.Headers: "cookie", setup.InternalHosts: "*.", "OTEL_PROPAGATORS": "w3c"} {
		t.Setenv("OTEL_PROPAGATORS", "")
		t.Setenv(name, value) // propagation reads OTEL_PROPAGATORS itself
		s, out := read(map[string]string{name: value})
		if s.Propagator != nil || strings.Count(out.String(), "\n") < 2 {
			t.Errorf("%s=%q: it has a Propagator: %v, and wrote %q; want none and a text", name, value, s.Propagator != nil, out)
		}
	}
}

// TestWhatIsCarried: the preset, the additional headers and the destinations decide which headers a call sends.
func TestWhatIsCarried(t *testing.T) {
	received := http.Header{}
	for name, value := range map[string]string{
		"Traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "B3": "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
		"Baggage": "k=v", "End-User": "jason", "X-Request-Id": "r",
	} {
		received.Set(name, value)
	}
	for _, tt := range []struct {
		env       map[string]string
		host      string
		want, not []string
	}{
		{nil, "reviews", []string{"Traceparent", "B3", "Baggage", "X-Request-Id"}, []string{"End-User"}},
		{map[string]string{setup.Preset: "OpenTelemetry"}, "reviews", []string{"Traceparent", "Baggage"}, []string{"B3", "X-Request-Id"}},
		{map[string]string{setup.Headers: "end-user"}, "reviews", []string{"End-User"}, nil},
		{map[string]string{setup.Headers: "end-user"}, "api.example.com", []string{"Traceparent"}, []string{"End-User", "Baggage"}},
		{map[string]string{setup.InternalHosts: "*.example.com"}, "api.example.com", []string{"Baggage"}, nil},
		{map[string]string{setup.Destinations: "api.example.com=none"}, "api.example.com", nil, []string{"Traceparent", "B3", "Baggage"}},
		{map[string]string{setup.Destinations: "*.example.com=tracecontext, baggage; other.example=none"}, "api.example.com", []string{"Traceparent", "Baggage"}, []string{"B3"}},
		{map[string]string{setup.Destinations: "api.example.com=all", setup.Headers: "end-user"}, "api.example.com", []string{"Traceparent", "Baggage", "End-User"}, nil},
	} {
		s, out := read(tt.env)
		if s.Propagator == nil {
			t.Errorf("%v: the setup has no Propagator, and wrote %s", tt.env, out)
			continue
		}
		req, err := http.NewRequest("GET", "http://"+tt.host, nil)
		if err != nil {
			t.Fatal(err)
		}
		s.Propagator.InjectHTTPTo(s.Propagator.ExtractHTTP(context.Background(), received), req.URL, req.Header)
		for _, name := range tt.want {
			if req.Header.Get(name) != received.Get(name) {
				t.Errorf("%v: %s got %s as %q, want it unchanged", tt.env, tt.host, name, req.Header.Get(name))
			}
		}
		for _, name := range tt.not {
			if req.Header.Get(name) != "" {
				t.Errorf("%v: %s got %s, want nothing", tt.env, tt.host, name)
			}
		}
	}
}

// TestReportOfLostCalls: each place is reported once.
func TestReportOfLostCalls(t *testing.T) {
	s, out := read(map[string]string{setup.Report: "lost"})
	req, err := http.NewRequest("GET", "http://reviews", nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		s.Propagator.InjectHTTPTo(context.Background(), req.URL, http.Header{})
	}
	if got := out.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "traceferry/weave: lost: no context: reviews at ") || !strings.Contains(got, "setup_test.go:") {
		t.Errorf("wrote %q, want one line with the place of the lost call", got)
	}
	if n := s.Propagator.Stats().Total(propagation.NoContext); n != 3 {
		t.Errorf("counted %d calls without a context, want 3", n)
	}
}
