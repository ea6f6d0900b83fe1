package main

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/traceferry/traceferry/benchmarks"
)

func micros(rounds ...time.Duration) (all []time.Duration) {
	for _, r := range rounds {
		all = append(all, r*time.Microsecond)
	}
	return all
}

// TestDraw: the table has each service with its surplus, and the chart is well-formed and has two parts of a bar for each.
func TestDraw(t *testing.T) {
	results := []result{
		{benchmarks.Library{Title: "least"}, micros(50, 90, 40)},
		{benchmarks.Library{Title: "a & b"}, micros(60, 98, 50)},
		{benchmarks.Library{Title: "luck"}, micros(49, 89, 41)},
	}
	text := table(results, 1, 10)
	for _, row := range []string{"| least | 50.0 µs | 0.0 µs (0.0 %) |", "| a & b | 60.0 µs | 10.0 µs (20.0 %) |", "| luck | 49.0 µs | -1.0 µs (-2.0 %) |"} {
		if !strings.Contains(text, row+"\n") {
			t.Errorf("the table does not have %q:\n%s", row, text)
		}
	}
	picture := chart(results)
	bars := 0
	for decoder := xml.NewDecoder(strings.NewReader(picture)); ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, picture)
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "rect" {
			bars++
		}
	}
	if bars != 1+2*len(results) || strings.Contains(picture, `width="-`) {
		t.Errorf("the chart has %d rectangles, want two for each service:\n%s", bars, picture)
	}
}
