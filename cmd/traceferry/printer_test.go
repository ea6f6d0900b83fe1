package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"
)

func TestPrinterEscapes(t *testing.T) {
	for in, want := range map[string]string{
		"plain text\n":             "plain text\n",
		"a\tb\r\n":                 `a\x09b\x0d` + "\n",
		"\x1b]0;title\a":           `\x1b]0;title\x07`,
		"\x1b[31mred\x1b[0m":       `\x1b[31mred\x1b[0m`,
		"\u009b31m \u202e \u00e9":  `\u009b31m \u202e \u00e9`,
		"\U0001f980 \xff\xfe \x7f": `\U0001f980 \xff\xfe \x7f`,
		"half \xe2\x80":            `half \xe2\x80`,
	} {
		var b bytes.Buffer
		p := newPrinter(&b)
		if n, err := fmt.Fprint(p, in); n != len(in) || err != nil {
			t.Errorf("%q: wrote %d, %v", in, n, err)
		}
		p.Flush()
		if b.String() != want {
			t.Errorf("%q: got %q, want %q", in, b.String(), want)
		}
	}
}

// TestPrinterColours: with colours, its own codes pass and no others.
func TestPrinterColours(t *testing.T) {
	var b bytes.Buffer
	p := newPrinter(&b)
	p.colour = true
	fmt.Fprint(p, p.paint(red, "bad")+" \x1b[5m \x1b[2J \x1b")
	p.Flush()
	if want := "\x1b[31mbad\x1b[0m " + `\x1b[5m \x1b[2J \x1b`; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

func TestJSONIsASCII(t *testing.T) {
	in := "\x1b \u009b \x7f é 🦀 <&> \u2028 \xff"
	got := asciiJSON(in)
	for _, c := range got {
		if c != '\n' && (c < ' ' || c > '~') {
			t.Errorf("%q has the byte %#x", got, c)
		}
	}
	var back string
	if err := json.Unmarshal(got, &back); err != nil || back != "\x1b \u009b \x7f é 🦀 <&> \u2028 \ufffd" {
		t.Errorf("%q becomes %q, %v", got, back, err)
	}
}
