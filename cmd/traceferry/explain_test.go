package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestExplainGolden explains inputs with Configs, as text and as JSON.
func TestExplainGolden(t *testing.T) {
	for name, args := range map[string][]string{
		"istio":    {"-preset", "istio", "-host", "api.example.com", "-f", "testdata/decode/disagree.txt"},
		"default":  {"-host", "reviews:9080", "-host", "https://api.example.com/v1", "-f", "testdata/decode/clocks.txt"},
		"hostile":  {"-preset", "skywalking", "-host", "a\x1b[2J", "-f", "testdata/decode/hostile.txt"},
		"curl":     {"-host", "reviews", "-f", "testdata/decode/curl.txt"},
		"rules":    {"-config", "testdata/explain/rules.json", "-host", "billing.corp.example", "-host", "api.partner.example", "baggage: tenant=7,user=bob", "end-user: bob", "authorization: Bearer x", "b3: 0", "accept: */*"},
		"too-much": {"-config", `{"limits": {"headerBytes": 10}}`, "-host", "reviews", "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "baggage: a=1"},
	} {
		for ending, more := range map[string][]string{".golden": nil, ".json.golden": {"-json"}} {
			got := runWith(t, "", append(append([]string{"explain"}, args...), more...)...)
			if got.status != good || got.errors != "" {
				t.Errorf("%s: %+v", name, got)
			}
			expectGolden(t, filepath.Join("testdata/explain", name+ending), got.out)
			for _, secret := range []string{"bob", "Bearer"} {
				if strings.Contains(got.out, secret) {
					t.Errorf("%s: %q is shown", name, secret)
				}
			}
		}
	}
}

// TestExplainReadsTheInput: the standard input is read as by decode.
func TestExplainReadsTheInput(t *testing.T) {
	text, err := os.ReadFile("testdata/decode/curl.txt")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/explain/curl.golden")
	if err != nil {
		t.Fatal(err)
	}
	if got := runWith(t, string(text), "explain", "-host", "reviews"); got.out != string(want) {
		t.Errorf("got %s", got.out)
	}
}
