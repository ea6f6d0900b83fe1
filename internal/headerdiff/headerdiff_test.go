package headerdiff

import (
	"fmt"
	"net/http"
	"testing"
)

func TestDiff(t *testing.T) {
	for name, row := range map[string]struct {
		want, got map[string][]string
		diff      string
	}{
		"nothing":        {nil, nil, ""},
		"empty and none": {nil, http.Header{}, ""},
		"the same":       {http.Header{"B3": {"1"}}, map[string][]string{"B3": {"1"}}, ""},
		"lost, and too much": {
			http.Header{"B3": {"0"}, "Baggage": {"a=1"}}, http.Header{"B3": {"0"}, "X-Request-Id": {"r\x00"}},
			"- Baggage: \"a=1\"\n+ X-Request-Id: \"r\\x00\"\n",
		},
		"changed":        {http.Header{"B3": {"0"}}, http.Header{"B3": {"1"}}, "- B3: \"0\"\n+ B3: \"1\"\n"},
		"spelling":       {http.Header{"B3": {"0"}}, http.Header{"A": {"1"}, "b3": {"0"}}, "+ A: \"1\"\n- B3: \"0\"\n+ b3: \"0\"\n"},
		"one of several": {http.Header{"B": {"1", "2", "3"}}, http.Header{"B": {"1", "3"}}, "- B: \"2\"\n"},
		"order":          {http.Header{"B": {"1", "2", "3"}}, http.Header{"B": {"2", "1", "3"}}, "- B: \"1\"\n- B: \"2\"\n+ B: \"2\"\n+ B: \"1\"\n"},
		"repeated":       {http.Header{"B": {"1"}}, http.Header{"B": {"1", "1"}}, "+ B: \"1\"\n"},
		"without lines":  {http.Header{"A": nil}, http.Header{"B": {}}, "- A, without a line\n+ B, without a line\n"},
		"lines and none": {http.Header{"A": {}}, http.Header{"A": {"1"}}, "+ A: \"1\"\n"},
	} {
		if diff := Diff(row.want, row.got); diff != row.diff {
			t.Errorf("%s:\n%swant\n%s", name, diff, row.diff)
		}
	}
}

func TestSingle(t *testing.T) {
	Check(t, map[string][]string{"b3": {"1"}}, Single(map[string]string{"b3": "1"}), "one line")
}

// failing stores the message of a failed test.
type failing struct {
	testing.TB
	message string
}

func (f *failing) Helper() {}
func (f *failing) Errorf(format string, args ...any) {
	f.message = fmt.Sprintf(format, args...)
}

func TestCheck(t *testing.T) {
	f := &failing{TB: t}
	if Check(f, http.Header{"B3": {"1"}}, http.Header{"B3": {"1"}}, "call %d", 1); f.message != "" {
		t.Errorf("equal headers fail with %q, want no failure", f.message)
	}
	if Check(f, http.Header{"B3": {"1"}}, nil, "call %d", 1); f.message != "call 1 (-want +got):\n- B3: \"1\"\n" {
		t.Errorf("a lost header fails with %q, want the call and the line", f.message)
	}
}
