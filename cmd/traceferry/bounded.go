package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// maxString bounds a string in JSON. The rest of a longer one, such as the body of a response, is left out.
const maxString = 64 << 10

var errTooLong = errors.New("a value in the input is too long")

// budget is a reader that fails when more than left bytes are read.
type budget struct {
	r    io.Reader
	left int
}

func (b *budget) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("%w: more than %d MiB", errTooLong, maxValue>>20)
	}
	n, err := b.r.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// shortStrings passes JSON on and cuts its strings after maxString bytes. It cuts no escape sequence in two.
type shortStrings struct {
	r      *bufio.Reader
	inside bool // a string
	size   int  // of the string so far
	out    []byte
}

func (s *shortStrings) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if len(s.out) == 0 {
			if n > 0 && s.r.Buffered() == 0 {
				break // do not wait for more
			}
			if err := s.unit(); err != nil {
				return n, err
			}
		}
		k := copy(p[n:], s.out)
		n, s.out = n+k, s.out[k:]
	}
	return n, nil
}

// unit reads a byte, or all of an escape sequence or character in a string. It hands it out unless the string is long.
func (s *shortStrings) unit() error {
	c, err := s.r.ReadByte()
	if err != nil {
		return err
	}
	s.out = append(s.out[:0], c)
	switch {
	case !s.inside:
		s.inside, s.size = c == '"', 0
		return nil
	case c == '"':
		s.inside = false
		return nil
	case c == '\\':
		err = s.more(1)
		if err == nil && s.out[1] == 'u' {
			err = s.more(4)
		}
	case c >= utf8.RuneSelf:
		for err == nil && len(s.out) < utf8.UTFMax && !utf8.FullRune(s.out) {
			err = s.more(1)
		}
	}
	if s.size += len(s.out); s.size > maxString {
		s.out = s.out[:0]
	}
	return err
}

func (s *shortStrings) more(n int) error {
	for range n {
		c, err := s.r.ReadByte()
		if err != nil {
			return err
		}
		s.out = append(s.out, c)
	}
	return nil
}
