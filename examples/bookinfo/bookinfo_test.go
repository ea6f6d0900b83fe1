package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/traceferry/traceferry/propagation"
)

func TestBookinfoIsGreen(t *testing.T) {
	var out, errs bytes.Buffer
	began := time.Now()
	if exit := run(nil, &out, &errs, nil); exit != 0 || errs.Len() > 0 {
		t.Fatalf("exit %d\n%s%s", exit, &errs, &out)
	}
	if took := time.Since(began); took > time.Minute { // one to three seconds where nothing else runs
		t.Errorf("took %v", took)
	}
	text := out.String()
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if n := utf8.RuneCountInString(line); n > 100 || strings.HasSuffix(line, " ") || strings.Contains(line, "\x1b") {
			t.Errorf("%d columns, or a colour or a space too many: %q", n, line)
		}
	}
	for _, r := range append(formats(), presets()...) {
		if !regexp.MustCompile(`(?m)^` + r.name + ` .*[^ ](?: +\d+ \d ok){7}$`).MatchString(text) {
			t.Errorf("no green line for %s", r.name)
		}
	}
	if !strings.Contains(text, "\n0 lost, 0 changed, 0 duplicated, 0 invented, 0 mixed up, 0 not continued, 0 failed\n") {
		t.Errorf("no verdict in\n%s", text)
	}
	tree := regexp.MustCompile(`(?m)^spans of tracecontext, trace [0-9a-f]{32}
client                     [0-9a-f]{16}
└─ productpage             [0-9a-f]{16}
   ├─ details              [0-9a-f]{16}
   └─ reviews              [0-9a-f]{16}
      ├─ ratings.Average   [0-9a-f]{16}
      │  └─ users.count    [0-9a-f]{16}
      └─ ratings.Each      [0-9a-f]{16}
         └─ users.names    [0-9a-f]{16}$`)
	if !tree.MatchString(text) {
		t.Errorf("no span tree in\n%s", text)
	}
}

func TestEachHopAdvancesWhatItsProxyKnows(t *testing.T) {
	results, err := tour(context.Background(), append(formats(), presets()...), startMesh, nil, func() {})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		spans := map[string]string{} // of each service, as its proxy started it
		for _, hop := range r.hops {
			switch {
			case hop.Carried == 0:
				t.Errorf("%s: nothing arrived at %s", r.name, hop.Service)
			case r.tracer == nil && (hop.Advanced != 0 || hop.Span.ID != ""):
				t.Errorf("%s: advanced at %s, and no proxy does", r.name, hop.Service)
			case r.tracer != nil && (hop.Advanced == 0 || hop.Span.ID == hop.Span.Parent):
				t.Errorf("%s: not advanced at %s", r.name, hop.Service)
			}
			spans[hop.Service] = hop.Span.ID
		}
		for _, hop := range r.hops {
			if hop.Caller != "" && hop.Span.Parent != spans[hop.Caller] {
				t.Errorf("%s: the parent at %s is %q and not %s's span %q", r.name, hop.Service, hop.Span.Parent, hop.Caller, spans[hop.Caller])
			}
		}
	}
}

func TestALoadIsGreen(t *testing.T) {
	var out bytes.Buffer
	if exit := run([]string{"-load", "300"}, &out, io.Discard, nil); exit != 0 {
		t.Fatalf("exit %d\n%s", exit, &out)
	}
	if !strings.HasPrefix(out.String(), "300 requests passed 2100 hops ") {
		t.Error(out.String())
	}
}

// Details answers only after reviews was asked, so a productpage that asked one after
// the other would wait for ever.
func TestProductpageAsksAtTheSameTime(t *testing.T) {
	asked := make(chan struct{})
	_, err := tour(context.Background(), formats()[:1], startMesh, func(service string, _ http.Header) error {
		switch service {
		case "details":
			select {
			case <-asked:
			case <-time.After(5 * time.Second):
				t.Error("reviews was not asked while details was")
			}
		case "reviews":
			close(asked)
		}
		return nil
	}, func() {})
	if err != nil {
		t.Fatal(err)
	}
}

func TestArguments(t *testing.T) {
	for _, tt := range []struct {
		args []string
		exit int
		says string
	}{
		{[]string{"-h"}, 0, "-load N"},
		{[]string{"-load", "-1"}, 2, "positive"},
		{[]string{"-load", "many"}, 2, "invalid value"},
		{[]string{"reviews"}, 2, "no other arguments"},
	} {
		var errs bytes.Buffer
		if exit := run(tt.args, io.Discard, &errs, nil); exit != tt.exit || !strings.Contains(errs.String(), tt.says) {
			t.Errorf("%q: exit %d, %q", tt.args, exit, &errs)
		}
	}
}

func TestAConfigThatIsWrongIsNamed(t *testing.T) {
	_, err := tour(t.Context(), []row{{name: "Venus", config: propagation.Config{Formats: []propagation.Format{99}}}}, startMesh, nil, func() {})
	if err == nil || !strings.HasPrefix(err.Error(), "Venus: ") {
		t.Errorf("%v", err)
	}
}
