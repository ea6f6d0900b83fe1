package slogtrace_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/slogtrace"
)

// TestMistakes: New returns all mistakes at once, with the option, the value and the reason.
func TestMistakes(t *testing.T) {
	fields := slogtrace.Fields{TraceID: "id", SpanID: "id", Flags: "msg", TracePrefix: "projects/shop\n/traces/"}
	h, err := slogtrace.New(nil, slogtrace.WithFields(fields), slogtrace.WithBaggage("a", "", "a"), nil)
	if h != nil || err == nil {
		t.Fatalf("New returned %v, %v, want only an error", h, err)
	}
	want := []string{
		`slogtrace: New: next is nil`,
		`slogtrace: WithFields: TracePrefix: "projects/shop\n/traces/": a space, or a character that is not printable`,
		`slogtrace: WithBaggage: "": an empty key`,
		`slogtrace: WithFields: "id": two attributes have this name`,
		`slogtrace: WithFields: "msg": slog has an attribute of this name`,
		`slogtrace: WithFields: "a": two attributes have this name`,
	}
	check(t, "the mistakes", err.Error(), strings.Join(want, "\n"))

	if _, err := slogtrace.New(slog.DiscardHandler, slogtrace.WithFields(slogtrace.Fields{Decimal: true})); err == nil || !strings.Contains(err.Error(), "no field has a name") {
		t.Errorf("without names the error is %v, want that no field has a name", err)
	}
	var keys []string
	for i := range 17 {
		keys = append(keys, fmt.Sprint("k", i))
	}
	if _, err := slogtrace.New(slog.DiscardHandler, slogtrace.WithBaggage(keys...)); err == nil || !strings.Contains(err.Error(), `"k16": more than 16 keys`) {
		t.Errorf("with 17 keys the error is %v, want more than 16 keys", err)
	}
	if _, err := slogtrace.New(slog.DiscardHandler, slogtrace.WithFields(slogtrace.Fields{}), slogtrace.WithBaggage(keys[:16]...)); err != nil {
		t.Error(err)
	}
	for _, name := range []string{slog.TimeKey, slog.LevelKey, slog.MessageKey, slog.SourceKey} {
		if _, err := slogtrace.New(slog.DiscardHandler, slogtrace.WithFields(slogtrace.Fields{RequestID: name})); err == nil {
			t.Errorf("the name %q is accepted, want an error", name)
		}
	}
	defer func() {
		if r := recover(); r == nil || !strings.Contains(fmt.Sprint(r), "next is nil") {
			t.Errorf("MustNew panicked with %v, want that next is nil", r)
		}
	}()
	slogtrace.MustNew(nil)
}
