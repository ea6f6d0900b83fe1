package main

import (
	"bytes"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/traceferry/traceferry/internal/sidecar"
)

func TestColoursAreForTerminals(t *testing.T) {
	device, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0) // a character device, as a terminal is
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	file, err := os.Create(t.TempDir() + "/out")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()

	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "xterm")
	if !styleFor(device) || styleFor(file) || styleFor(&bytes.Buffer{}) {
		t.Error("colours do not depend on the terminal")
	}
	t.Setenv("TERM", "dumb")
	if styleFor(device) {
		t.Error("colours for a dumb terminal")
	}
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "1")
	if styleFor(device) {
		t.Error("colours in spite of NO_COLOR")
	}
	if got := style(true).green("yes"); got != "\x1b[32myes\x1b[0m" {
		t.Errorf("%q", got)
	}
}

// screen is a buffer that two goroutines share.
type screen struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func TestProgressWaitsAndCleansUp(t *testing.T) {
	var quick screen
	p := startProgress(&quick, 3, time.Hour)
	p.step()
	p.stop()
	if quick.String() != "" {
		t.Errorf("a quick run printed %q", quick.String())
	}

	var slow screen
	p = startProgress(&slow, 3, 0)
	p.step()
	p.step()
	for deadline := time.Now().Add(5 * time.Second); !strings.Contains(slow.String(), "\r2 of 3 requests") && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	p.stop()
	if got := slow.String(); !strings.Contains(got, "\r2 of 3 requests") || !strings.HasSuffix(got, "\r\x1b[K") {
		t.Errorf("a slow run printed %q", got)
	}
}

func TestTheTreeShowsAnOrphan(t *testing.T) {
	var out bytes.Buffer
	writeTree(&out, false, result{row: row{name: "b3"}, hops: []sidecar.Hop{
		{Service: "productpage", Span: sidecar.Span{Trace: "t", ID: "2", Parent: "1"}},
		{Service: "reviews", Span: sidecar.Span{Trace: "t", ID: "3", Parent: "2"}},
		{Service: "ratings", Span: sidecar.Span{Trace: "t", ID: "5", Parent: "4"}},
	}})
	want := `spans of b3, trace t
client                     1
└─ productpage             2
   └─ reviews              3
ratings                    5  its parent "4" is nobody's span

`
	if out.String() != want {
		t.Errorf("%s\nwant\n%s", &out, want)
	}
}
