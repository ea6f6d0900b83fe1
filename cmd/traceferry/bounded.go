package main

import (
	"errors"
	"fmt"
	"io"
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

// shortStrings passes JSON on and cuts its strings after maxString bytes, but no escape sequence or character in two.
type shortStrings struct {
	r      io.Reader
	inside bool // a string
	size   int  // of the string so far
	escape int  // bytes that the escape sequence still has
	keep   bool // the escape sequence or character
}

func (s *shortStrings) Read(p []byte) (int, error) {
	for {
		n, err := s.r.Read(p)
		kept := p[:0]
		for _, c := range p[:n] {
			if s.passes(c) {
				kept = append(kept, c)
			}
		}
		if len(kept) > 0 || err != nil || len(p) == 0 {
			return len(kept), err
		}
	}
}

// passes reports whether the next byte is passed on.
func (s *shortStrings) passes(c byte) bool {
	const longest = len(`\u0000`)
	switch {
	case !s.inside:
		s.inside, s.size = c == '"', 0
		return true
	case s.escape > 0:
		if s.escape--; c == 'u' && s.escape == 0 {
			s.escape = 4
		}
	case c == '"':
		s.inside = false
		return true
	case 0x80 <= c && c < 0xc0: // not the first byte of a character
	default:
		s.keep = s.size <= maxString-longest
		if c == '\\' {
			s.escape = 1
		}
	}
	if s.keep {
		s.size++
	}
	return s.keep
}
