package main

import (
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"
)

// terminal reports whether w is a terminal, and not a file or a pipe.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// style colours text, if it is true.
type style bool

// styleFor returns colours for a terminal, unless its user wants none (https://no-color.org).
func styleFor(w io.Writer) style {
	return style(terminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb")
}

func (s style) green(text string) string { return s.paint("32", text) }
func (s style) red(text string) string   { return s.paint("31", text) }
func (s style) dim(text string) string   { return s.paint("2", text) }

func (s style) paint(code, text string) string {
	if !s {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// progress counts calls of done and, after a while, keeps a line on a terminal that tells how many
// of the total there were. stop removes the line.
type progress struct {
	w     io.Writer
	total int
	done  atomic.Int64
	quit  chan struct{}
	ended chan struct{}
}

func startProgress(w io.Writer, total int, after time.Duration) *progress {
	p := &progress{w: w, total: total, quit: make(chan struct{}), ended: make(chan struct{})}
	go p.run(after)
	return p
}

func (p *progress) step() { p.done.Add(1) }

func (p *progress) stop() {
	close(p.quit)
	<-p.ended
}

func (p *progress) run(after time.Duration) {
	defer close(p.ended)
	select {
	case <-p.quit:
		return
	case <-time.After(after):
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		fmt.Fprintf(p.w, "\r%d of %d requests", p.done.Load(), p.total)
		select {
		case <-p.quit:
			fmt.Fprint(p.w, "\r\x1b[K")
			return
		case <-tick.C:
		}
	}
}
