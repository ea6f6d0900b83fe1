package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/traceferry/traceferry/internal/race"
)

// records reads an input and returns what is in it.
func records(t testing.TB, r io.Reader) (all []record, in input) {
	t.Helper()
	if err := in.read(r, func(rec record) error { all = append(all, rec); return nil }); err != nil {
		t.Fatal(err)
	}
	return all, in
}

func TestShapes(t *testing.T) {
	for text, want := range map[string]shape{
		"":                                       shapeText,
		"  \n":                                   shapeText,
		"traceparent: 00":                        shapeText,
		"> GET / HTTP/1.1":                       shapeText,
		`{"b3":"0"}`:                             shapeText,
		"{\"b3\":\"0\"}\n{\"b3\":\"0\"}\n":       shapeText,
		`{"log":"{}","stream":"stdout"}`:         shapeText,
		`{"log":{"level":"info"},"b3":"0"}`:      shapeText,
		"{\n  \"b3\": \"0\"\n}":                  shapeJSON,
		"\n\n{\r\n}":                             shapeJSON,
		"{\n\"log\": {\"level\": 1}}":            shapeJSON,
		"[":                                      shapeJSON,
		` [{"b3":"0"}]`:                          shapeJSON,
		`{"log":{"version":"1.2","entries":[]}}`: shapeHAR,
		"{ \"log\" : {\n\"entries\" : []}}":      shapeHAR,
		`{"log":{"pages`:                         shapeText,
	} {
		if got := shapeOf(bufio.NewReader(strings.NewReader(text))); got != want {
			t.Errorf("%q: shape %d, want %d", text, got, want)
		}
	}
}

// TestShapeDoesNotWait: one short line is enough, as when a log is followed.
func TestShapeDoesNotWait(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	go io.WriteString(w, "{\"b3\":\"0\"}\n")
	if got := shapeOf(bufio.NewReader(r)); got != shapeText {
		t.Errorf("shape %d", got)
	}
}

// TestFollows: a request of a log is shown before the next one comes.
func TestFollows(t *testing.T) {
	in, feed := io.Pipe()
	shown, out := io.Pipe()
	done := make(chan int)
	go func() {
		done <- runContext(context.Background(), []string{"decode"}, in, out, io.Discard)
	}()
	lines := bufio.NewReader(shown)
	for i := range 3 {
		fmt.Fprintf(feed, `{"x_request_id":"request-%d"}`+"\n", i)
		line, err := lines.ReadString('\n')
		if err != nil || !strings.HasPrefix(line, fmt.Sprintf("line %d:", i+1)) {
			t.Fatalf("%q, %v", line, err)
		}
	}
	feed.Close()
	go io.Copy(io.Discard, lines)
	if status := <-done; status != good {
		t.Errorf("status %d", status)
	}
}

func TestLongLinesAreSkipped(t *testing.T) {
	long := `{"b3":"` + strings.Repeat("a", maxLine) + `"}`
	got := runWith(t, long+"\n{\"x_request_id\":\"r1\"}\n"+long, "decode")
	if got.status != good || !strings.Contains(got.out, "line 2:") || !strings.Contains(got.errors, "skipped 2 lines of more than 1 MiB") {
		t.Errorf("%+v", got)
	}
}

func TestTooManyHeaders(t *testing.T) {
	if got := runWith(t, strings.Repeat("b3: 0\n", maxHeaders+1), "decode"); got.status != usage || !strings.Contains(got.errors, "put an empty line between requests") {
		t.Errorf("%+v", got)
	}
	// Text that only looks like headers is no reason to stop.
	if got := runWith(t, strings.Repeat("12:30:01 up: well\n", 3*maxHeaders)+"b3: 0\n", "decode"); got.status != usage || !strings.Contains(got.errors, "more than 1000") {
		t.Errorf("%+v", got)
	}
}

// TestHARIsBounded: bodies of any size need little memory, and an entry without end is refused.
func TestHARIsBounded(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector needs memory of its own")
	}
	head := `{"log":{"version":"1.2","comment":"`
	entries := `","entries":[{"request":{"method":"GET","url":"/","headers":[{"name":"b3","value":"0"}]},"response":{"status":200,"content":{"text":"`
	body := &repeated{text: `A\"\\\u00e9é`, n: 24 << 20}
	tail := `"},"headers":[{"name":"X-Request-Id","value":"r1"}]}}]}}`
	var found []record
	peak := peakHeap(t, func() {
		found, _ = records(t, io.MultiReader(strings.NewReader(head), &repeated{text: "x", n: 24 << 20}, strings.NewReader(entries), body, strings.NewReader(tail)))
	})
	if len(found) != 2 || found[0].header.Get("B3") != "0" || found[1].header.Get("X-Request-Id") != "r1" {
		t.Errorf("found %v", found)
	}
	if peak > 16<<20 {
		t.Errorf("it took %d MiB", peak>>20)
	}
	endless := io.MultiReader(strings.NewReader(`{"log":{"entries":[{"request":{"headers":[`), &repeated{text: `{"name":"a","value":"b"},`, n: 1 << 30})
	var in input
	if err := in.read(endless, func(record) error { return nil }); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("an endless entry: %v", err)
	}
}

// TestLogIsBounded: a log of any size needs little memory. 24 MiB stand for more: the memory does not grow.
func TestLogIsBounded(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector needs memory of its own")
	}
	line := `{"method":"GET","path":"/","x_request_id":"5f2f7d9c-7b1a-9d5e-8f57-1f8f0a2b3c4d","traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01","pad":"` + strings.Repeat("x", 4000) + `"}` + "\n"
	for name, log := range map[string]io.Reader{
		"lines":           &repeated{text: line, n: 24 << 20},
		"without a break": &repeated{text: "x", n: 24 << 20},
		"an array":        io.MultiReader(strings.NewReader("[{}"), &repeated{text: ",\n" + line, n: 24 << 20}, strings.NewReader("]")),
		"text":            &repeated{text: "a line: of some program\n", n: 24 << 20},
	} {
		var status int
		peak := peakHeap(t, func() { status = runContext(t.Context(), []string{"decode"}, log, io.Discard, io.Discard) })
		if want := map[bool]int{true: usage, false: good}[name == "without a break" || name == "text"]; status != want {
			t.Errorf("%s: status %d, want %d", name, status, want)
		}
		if peak > 16<<20 {
			t.Errorf("%s: it took %d MiB", name, peak>>20)
		}
	}
}

// repeated is a text that is repeated up to n bytes.
type repeated struct {
	text string
	n    int
	at   int
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.n <= 0 && r.at == 0 {
		return 0, io.EOF
	}
	k := 0
	for k < len(p) && (r.n > 0 || r.at > 0) {
		c := copy(p[k:], r.text[r.at:])
		k, r.n, r.at = k+c, r.n-c, (r.at+c)%len(r.text)
	}
	return k, nil
}

// peakHeap returns the most memory that was in use while f ran.
func peakHeap(t *testing.T, f func()) uint64 {
	t.Helper()
	runtime.GC()
	var stop atomic.Bool
	peak := make(chan uint64)
	go func() {
		var most uint64
		for !stop.Load() {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
			time.Sleep(time.Millisecond)
		}
		peak <- most
	}()
	f()
	stop.Store(true)
	return <-peak
}

// TestShortStrings: encoding/json reads the same, but long strings are cut.
func TestShortStrings(t *testing.T) {
	long := strings.Repeat("é", maxString)
	for _, text := range []string{
		`{"a":"b","c":["d\"\\",1,true,null]}`,
		`"` + strings.Repeat(`\u00e9`, maxString) + `"`,
		`{"` + long + `":"` + long + `x"}`,
		`["` + strings.Repeat("a", maxString-1) + `\\\"b","c"]`,
		`["` + strings.Repeat("a", maxString) + `\\\"b","c"]`,
		"not JSON at all \xff\x00",
		"\"\xc3", "\"\\", "\"\\u00", "\"\xe2\x80\"x",
	} {
		cut, err := io.ReadAll(&shortStrings{r: bufio.NewReader(iotest.OneByteReader(strings.NewReader(text)))})
		if err != nil && err != io.EOF {
			t.Fatal(err)
		}
		var got, want any
		if json.Unmarshal([]byte(text), &want) != nil {
			if string(cut) != text {
				t.Errorf("%q becomes %q", text, cut)
			}
			continue
		}
		if err := json.Unmarshal(cut, &got); err != nil {
			t.Errorf("%.40q: %v", text, err)
		}
		if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w && len(text) < maxString {
			t.Errorf("%.40q becomes %.40q", w, g)
		} else if len(text) > 4*maxString && len(cut) > 3*maxString {
			t.Errorf("%.40q: %d bytes are left", text, len(cut))
		}
	}
}

// TestInputsInSmallReads: what is found does not depend on the sizes of reads.
func TestInputsInSmallReads(t *testing.T) {
	files, _ := filepath.Glob("testdata/decode/*.txt")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		whole, _ := records(t, bytes.NewReader(text))
		parts, _ := records(t, iotest.OneByteReader(bytes.NewReader(text)))
		if len(whole) == 0 || fmt.Sprint(whole) != fmt.Sprint(parts) {
			t.Errorf("%s: %v\nin small reads %v", file, whole, parts)
		}
	}
}
