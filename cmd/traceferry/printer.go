package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// printer writes text that is safe for a terminal. All that it writes is printable ASCII, line feeds and its own
// colours. It escapes everything else, so a header value cannot move the cursor or change a title.
type printer struct {
	w      *bufio.Writer
	colour bool
}

func newPrinter(w io.Writer) *printer {
	return &printer{bufio.NewWriter(w), isTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

// isTerminal reports whether a reader or writer is a terminal, as far as the standard library can tell.
func isTerminal(f any) bool {
	file, ok := f.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// The colours. A value that contains one can colour its line, and no more.
const (
	red, green, yellow = "\x1b[31m", "\x1b[32m", "\x1b[33m"
	plain              = "\x1b[0m"
)

func (p *printer) paint(colour, s string) string {
	if !p.colour {
		return s
	}
	return colour + s + plain
}

// Write escapes b and writes it.
func (p *printer) Write(b []byte) (int, error) {
	for rest := b; len(rest) > 0; {
		c, size := utf8.DecodeRune(rest)
		switch {
		case c == '\n' || ' ' <= c && c <= '~':
			p.w.WriteByte(byte(c))
		case c == '\x1b' && p.colour && ownColour(rest) > 0:
			size = ownColour(rest)
			p.w.Write(rest[:size])
		case c == utf8.RuneError && size == 1, c < ' ', c == 0x7f:
			fmt.Fprintf(p.w, `\x%02x`, rest[0])
		case c <= 0xffff:
			fmt.Fprintf(p.w, `\u%04x`, c)
		default:
			fmt.Fprintf(p.w, `\U%08x`, c)
		}
		rest = rest[size:]
	}
	return len(b), nil
}

// ownColour returns the length of the colour that b begins with, 0 if there is none.
func ownColour(b []byte) int {
	for _, code := range []string{red, green, yellow, plain} {
		if strings.HasPrefix(string(b[:min(len(b), len(code))]), code) {
			return len(code)
		}
	}
	return 0
}

// Flush writes what is buffered and returns the first error of all writes.
func (p *printer) Flush() error { return p.w.Flush() }

// json writes v as one line of JSON.
func (p *printer) json(v any) { p.w.Write(asciiJSON(v)) }

// asciiJSON returns v as a line of JSON in ASCII, which is safe for a terminal.
func asciiJSON(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err) // the types here can all be encoded
	}
	var out []byte
	for _, c := range b.String() {
		switch {
		case c < 0x7f:
			out = append(out, byte(c))
		case c <= 0xffff:
			out = fmt.Appendf(out, `\u%04x`, c)
		default:
			high, low := utf16.EncodeRune(c)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		}
	}
	return out
}
