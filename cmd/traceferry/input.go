package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/propagation"
)

// record is the headers of one request or response.
type record struct {
	where    string // "line 3", "request 1: GET /"; "" if there is nothing else
	header   http.Header
	response bool
	logged   bool // one of many: an entry of a log or of a HAR file
}

// input is where the headers of a command come from.
type input struct {
	args []string // "Name: value"
	file string   // "-": standard input; "": args, or standard input if there are none
	long int      // lines that were too long and were skipped
}

// each calls f for each record. It reads one record at a time.
func (in *input) each(e *env, f func(record) error) error {
	if len(in.args) > 0 {
		if in.file != "" {
			return usagef("give headers as arguments or a file with -f, not both")
		}
		h, err := argHeader(in.args)
		if err != nil {
			return err
		}
		return f(record{header: h})
	}
	r := e.stdin
	switch {
	case in.file != "" && in.file != "-":
		file, err := os.Open(in.file)
		if err != nil {
			return err
		}
		defer file.Close()
		r = file
	case in.file == "" && isTerminal(e.stdin):
		return usagef(`no headers given: write them as arguments ("traceparent: 00-..."), or pipe them in`)
	}
	return in.read(&flushing{r, e.out}, f)
}

// flushing writes the output before it waits for input, so that a log can be followed.
type flushing struct {
	r   io.Reader
	out *printer
}

func (f *flushing) Read(p []byte) (int, error) {
	if err := f.out.Flush(); err != nil {
		return 0, err
	}
	return f.r.Read(p)
}

// read finds out what r holds and reads it.
func (in *input) read(r io.Reader, f func(record) error) error {
	b := bufio.NewReaderSize(r, 64<<10)
	if bom, _ := b.Peek(3); string(bom) == "\xef\xbb\xbf" {
		b.Discard(3)
	}
	switch shapeOf(b) {
	case shapeHAR:
		return readHAR(b, f)
	case shapeJSON:
		return readJSON(b, f)
	}
	lines := &lineReader{r: b}
	err := readText(lines, f)
	in.long = lines.long
	return err
}

// shape is the form of an input.
type shape int

const (
	shapeText shape = iota // lines: headers, the output of curl -v, or an object each
	shapeJSON              // values of JSON over several lines, or in an array
	shapeHAR
)

// shapeOf looks at no more bytes than it needs, so that it does not wait for input that may not come.
func shapeOf(b *bufio.Reader) shape {
	n := 0
	next := func() byte { // the next byte that is no space; 0 at the end
		for ; n < b.Size(); n++ {
			if p, err := b.Peek(n + 1); err != nil {
				return 0
			} else if !bytes.ContainsRune([]byte(" \t\r\n"), rune(p[n])) {
				n++
				return p[n-1]
			}
		}
		return 0
	}
	switch next() {
	case '[':
		return shapeJSON
	case '{':
	default:
		return shapeText
	}
	start := n
	seen := ""
	for c := next(); c != 0; c = next() {
		seen += string(c)
		matches := func(beginning string) bool { return strings.HasPrefix(beginning, seen) }
		if !slices.ContainsFunc(harBeginnings, matches) {
			break
		}
		if slices.Contains(harBeginnings, seen) {
			return shapeHAR
		}
	}
	if p, _ := b.Peek(n); bytes.ContainsAny(p[start:], "\r\n") {
		return shapeJSON
	}
	return shapeText
}

// harBeginnings are what follows the first brace of a HAR file.
var harBeginnings = []string{
	`"log":{"version"`, `"log":{"creator"`, `"log":{"browser"`, `"log":{"pages"`, `"log":{"entries"`, `"log":{"comment"`,
}

// argHeader returns the headers of arguments. A bare value has the name of the one header that it can be the value of.
func argHeader(args []string) (http.Header, error) {
	h := http.Header{}
	for _, arg := range args {
		name, value, ok := headerLine(arg)
		if field := fieldOf(arg); field != "" && !(ok && isTrace(name)) {
			name, value, ok = field, arg, true
		}
		if !ok {
			return nil, usagef(`%q is not a header: write it as "Name: value". To read a file, use -f`, arg)
		}
		h.Add(name, value)
	}
	return h, nil
}

// headerLine splits "Name: value".
func headerLine(line string) (name, value string, ok bool) {
	name, value, ok = strings.Cut(line, ":")
	name = strings.TrimLeft(name, " \t")
	if !ok || name == "" || strings.ContainsFunc(name, notToken) {
		return "", "", false
	}
	return name, strings.Trim(value, " \t\r\n"), true
}

// notToken reports whether a character may not be in a header's name (RFC 9110, section 5.6.2).
func notToken(c rune) bool {
	return c <= ' ' || c >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, c)
}

// fieldOf returns the one header that names a span if it has this value, "" if there is none or more than one. A value
// of sentry-trace reads like one of b3, which is more common.
func fieldOf(value string) (field string) {
	for _, f := range propagation.AllFormats() {
		if f == propagation.Sentry {
			continue
		}
		p := propagation.MustNew(propagation.Config{Formats: []propagation.Format{f}})
		for _, name := range f.Fields() {
			ctx := p.ExtractHTTP(context.Background(), http.Header{http.CanonicalHeaderKey(name): {value}})
			sc, _ := propagation.RemoteFromContext(ctx)
			switch {
			case !sc.IsValid():
			case field != "":
				return ""
			default:
				field = name
			}
		}
	}
	return field
}

// plural returns "1 line" or "3 lines".
func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
