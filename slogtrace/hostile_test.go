package slogtrace_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/slogtrace"
)

// hostile are values that are made to break a log.
var hostile = map[string]string{
	"a line feed":        "a\n{\"level\":\"ERROR\",\"msg\":\"forged\"}",
	"carriage return":    "a\rb",
	"a tab":              "a\tb",
	"an escape sequence": "a\x1b[2J",
	"NUL":                "a\x00b",
	"a C1 control":       "a\u009bb",
	"a bidi override":    "a\u202eb",
	"a line separator":   "a\u2028b",
	"huge":               strings.Repeat("x", 4000),
}

// TestHostileValues: no received value breaks a log.
func TestHostileValues(t *testing.T) {
	for what, value := range hostile {
		ctx := received("X-Request-Id", value, "Baggage", "tenant="+url.PathEscape(value)+",user=u1")
		got := added(t, ctx, slogtrace.WithBaggage("tenant", "user"))
		check(t, what, got, `"trace_id":"`+callerTrace+`","span_id":"`+callerSpan+`","sampled":true,"baggage.user":"u1"`)
	}
}

// TestHarmlessValues: values of up to 256 bytes with quotes, spaces and letters of any alphabet are logged.
func TestHarmlessValues(t *testing.T) {
	for _, value := range []string{"acme", "a b", `"quoted"`, `back\slash`, "Zoë <z@example.com>", "日本語", strings.Repeat("x", 256)} {
		ctx := received("Baggage", "tenant="+url.PathEscape(value))
		var line map[string]any
		if err := json.Unmarshal([]byte("{"+added(t, ctx, slogtrace.WithBaggage("tenant"))+"}"), &line); err != nil {
			t.Fatal(err)
		}
		if line["baggage.tenant"] != value {
			t.Errorf("%q was logged as %q, want it unchanged", value, line["baggage.tenant"])
		}
	}
	for _, value := range []string{"", strings.Repeat("x", 257)} {
		got := added(t, received("Baggage", "tenant="+value), slogtrace.WithBaggage("tenant"))
		check(t, value, got, fromCaller)
	}
}
