package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// maxLine bounds a line of input. Longer lines are skipped.
const maxLine = 1 << 20

// lineReader reads lines of any length in bounded memory.
type lineReader struct {
	r    *bufio.Reader
	n    int // the number of the last line
	long int // lines that were skipped
	line []byte
}

// next returns the next line without its end. The line is valid until the next call. The error is io.EOF after the
// last line.
func (l *lineReader) next() ([]byte, error) {
	for {
		line, err := l.read()
		switch {
		case len(line) > maxLine:
			l.long++
		case len(line) > 0 && (err == nil || errors.Is(err, io.EOF)):
			return bytes.TrimRight(line, "\r\n"), nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// read reads a line, of which it keeps a little more than maxLine.
func (l *lineReader) read() ([]byte, error) {
	l.n++
	l.line = l.line[:0]
	for {
		part, err := l.r.ReadSlice('\n')
		if len(l.line) <= maxLine {
			l.line = append(l.line, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return l.line, err
		}
	}
}
