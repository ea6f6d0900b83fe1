package debugpage

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

// TestReadHeaders: ReadHeaders accepts headers as people paste them.
func TestReadHeaders(t *testing.T) {
	want := http.Header{"Traceparent": {"00-x"}, "X-B3-Sampled": {"1", "0"}, "Host": {"shop:80"}}
	for name, row := range map[string]struct {
		text   string
		h      http.Header
		unread int
	}{
		"nothing":         {"", http.Header{}, 0},
		"lines":           {"traceparent: 00-x\nx-b3-sampled:1\r\nHost:  shop:80 \n\nX-B3-SAMPLED : 0", want, 0},
		"a request":       {"GET /cart?a=b HTTP/1.1\nHost: shop:80\ntraceparent: 00-x\nx-b3-sampled: 1\nx-b3-sampled: 0\n", want, 0},
		"pseudo-headers":  {":method: GET\n:path: /\nhost: shop:80\ntraceparent: 00-x\nx-b3-sampled: 1\nx-b3-sampled: 0\n", want, 0},
		"a response":      {"HTTP/1.1 200 OK\nb3: 0\n", http.Header{"B3": {"0"}}, 0},
		"curl -v":         {"* Trying 127.0.0.1:80...\n> GET / HTTP/1.1\n> Host: shop:80\n> traceparent: 00-x\n> x-b3-sampled: 1\n> x-b3-sampled: 0\n>\n* done\n< HTTP/1.1 200 OK\n< b3: 0\n{ [5 bytes data]\nb3: body", want, 0},
		"options of curl": {"curl 'http://shop' \\\n  -H 'Host: shop:80' \\\n  -H \"traceparent: 00-x\" \\\n  -H 'x-b3-sampled: 1' \\\n  -H x-b3-sampled:0", want, 0},
		"no headers":      {"hello\nb3: 0\n:: \nworld", http.Header{"B3": {"0"}}, 2},
		"empty":           {"b3:\nbaggage: \n", http.Header{"B3": {""}, "Baggage": {""}}, 0},
		"hostile names":   {"<script>alert(1)</script>: x\n\u202eb3: y\n\x00: z\n", http.Header{"<script>alert(1)</script>": {"x"}, "\u202eb3": {"y"}, "\x00": {"z"}}, 0},
	} {
		if h, unread := readHeaders(row.text); fmt.Sprint(h) != fmt.Sprint(row.h) || unread != row.unread {
			t.Errorf("%s: got %q and %d unread, want %q and %d", name, h, unread, row.h, row.unread)
		}
	}
}

// TestReadHeadersIsBounded: if there are many lines, only the first ones are read.
func TestReadHeadersIsBounded(t *testing.T) {
	h, unread := readHeaders(strings.Repeat("a:b\n", 1<<18))
	if len(h["A"]) != maxLines || unread != 1<<18-maxLines {
		t.Errorf("ReadHeaders has read %d lines and left %d unread", len(h["A"]), unread)
	}
}

// TestWords: each reason and each outcome has a text.
func TestWords(t *testing.T) {
	for r := range len(advice) + 1 {
		reason := propagation.LossReason(r)
		if known := !strings.Contains(reason.String(), "("); known != (advice[reason] != "") {
			t.Errorf("%v has the text %q, want one exactly if it is a known value", reason, advice[reason])
		}
	}
	for o := range len(help) + 1 {
		outcome := propagation.Outcome(o)
		if known := !strings.Contains(outcome.String(), "("); known != (help[outcome] != "") {
			t.Errorf("%v has the text %q, want one exactly if it is a known value", outcome, help[outcome])
		}
	}
}
