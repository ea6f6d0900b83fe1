package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// maxHeaders and maxBytes bound the header lines of one record.
const (
	maxHeaders = 1000
	maxBytes   = 1 << 20
)

// textReader collects the header lines of text. An empty line, or the first line of a message, ends a record.
type textReader struct {
	f      func(record) error
	n      int  // the number of the line
	any    bool // record was handed out
	now    record
	count  int  // the lines of now
	bytes  int  // in these lines
	curl   bool // the text is the output of curl -v: only its lines with a mark count
	number map[bool]int
}

// readText reads headers, the output of curl -v and objects of JSON, line by line. It ignores everything else.
func readText(lines *lineReader, f func(record) error) error {
	t := &textReader{f: f, number: map[bool]int{}}
	t.begin(record{})
	for {
		line, err := lines.next()
		if errors.Is(err, io.EOF) {
			return t.begin(record{})
		}
		if err == nil {
			t.n = lines.n
			err = t.line(string(line))
		}
		if err != nil {
			return err
		}
	}
}

func (t *textReader) line(line string) error {
	if mark, rest, ok := curlLine(line); ok {
		return t.message(mark, rest)
	}
	if t.curl {
		return nil
	}
	if strings.TrimSpace(line) == "" {
		return t.begin(record{})
	}
	name, value, ok := headerLine(line)
	if ok && isTrace(name) {
		return t.add(name, value)
	}
	if object := objectIn(line); object != nil {
		if err := t.begin(record{}); err != nil {
			return err
		}
		return t.f(record{where: fmt.Sprint("line ", t.n), header: headersIn(object), logged: true})
	}
	if ok {
		return t.add(name, value)
	}
	return nil
}

// curlLine splits a line of curl -v: "> " marks the request, "< " the response.
func curlLine(line string) (mark byte, rest string, ok bool) {
	if line == ">" || line == "<" {
		return line[0], "", true
	}
	if strings.HasPrefix(line, "> ") || strings.HasPrefix(line, "< ") {
		return line[0], line[2:], true
	}
	return 0, "", false
}

// message reads a line of curl -v.
func (t *textReader) message(mark byte, line string) error {
	t.curl = true
	response := mark == '<'
	if name, value, ok := headerLine(line); ok {
		return t.add(name, value)
	}
	if line == "" {
		return t.begin(record{})
	}
	first, rest, _ := strings.Cut(line, " ")
	if response && strings.HasPrefix(first, "HTTP/") || !response && strings.Contains(rest, "HTTP/") {
		t.number[response]++
		where := fmt.Sprintf("request %d: %s", t.number[response], strings.TrimSuffix(line[:strings.LastIndex(line, "HTTP/")], " "))
		if response {
			where = fmt.Sprintf("response %d: %s", t.number[response], rest)
		}
		return t.begin(record{where: where, response: response})
	}
	return nil
}

// begin hands out the record that is under way and begins another.
func (t *textReader) begin(next record) error {
	last := t.now
	t.now, t.count, t.bytes = next, 0, 0
	t.now.header = http.Header{}
	if len(last.header) == 0 {
		return nil
	}
	t.any = true
	return t.f(last)
}

// add adds a header line. A record without bounds is text that is no list of headers, unless they are trace headers.
func (t *textReader) add(name, value string) error {
	if t.count++; t.count == 1 && t.any && t.now.where == "" {
		t.now.where = fmt.Sprint("line ", t.n)
	}
	t.bytes += len(name) + len(value)
	if t.count <= maxHeaders && t.bytes <= maxBytes {
		t.now.header.Add(name, value)
		return nil
	}
	if isTrace(name) {
		return fmt.Errorf("more than %d header lines, or more than %d MiB, in one request: put an empty line between requests", maxHeaders, maxBytes>>20)
	}
	return nil
}
