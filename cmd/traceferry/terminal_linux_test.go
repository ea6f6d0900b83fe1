package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestColourOnATerminal: colours appear on a real terminal only, and not with NO_COLOR.
func TestColourOnATerminal(t *testing.T) {
	args := []string{"decode", "b3: zz"}
	for name, tt := range map[string]struct {
		noColor, term string
		want          bool
	}{
		"terminal":      {"", "xterm", true},
		"NO_COLOR":      {"1", "xterm", false},
		"dumb terminal": {"", "dumb", false},
	} {
		t.Setenv("NO_COLOR", tt.noColor)
		t.Setenv("TERM", tt.term)
		terminal, tty := openTerminal(t)
		if status := runContext(context.Background(), args, strings.NewReader(""), tty, io.Discard); status != bad {
			t.Errorf("%s: status %d", name, status)
		}
		r := bufio.NewReader(terminal)
		r.ReadString('\n')
		got, err := r.ReadString('\n') // the line about what is wrong
		if err != nil || strings.Contains(got, red+"malformed") != tt.want || strings.Contains(got, "\x1b") != tt.want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	t.Setenv("NO_COLOR", "")
	if got := runWith(t, "", args...); strings.Contains(got.out, "\x1b") {
		t.Errorf("to a file: %q", got.out)
	}
}

// openTerminal returns the two ends of a pseudo-terminal.
func openTerminal(t *testing.T) (terminal, tty *os.File) {
	t.Helper()
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("there is no pseudo-terminal: ", err)
	}
	t.Cleanup(func() { terminal.Close() })
	if err := unix.IoctlSetPointerInt(int(terminal.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(terminal.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	tty, err = os.OpenFile(fmt.Sprint("/dev/pts/", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tty.Close() })
	return terminal, tty
}
