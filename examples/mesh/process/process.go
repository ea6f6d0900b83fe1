// Package process starts other programs, waits until they are ready, and ends them. It also reserves free ports for
// them.
package process

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Command is a program to run.
type Command struct {
	Name string   // of the program's log, NAME.log, and in errors
	Path string   // the path of the binary
	Args []string // the arguments without the program's name
	Env  []string // NAME=VALUE; added to the environment
}

// Process is a running program.
type Process struct {
	name string
	stop context.CancelFunc
	done chan struct{}
	err  error // the reason for its end; valid after done is closed
	log  string
}

// Start runs a program and writes its log into dir. The program stops at the end of ctx, as with Stop.
func Start(ctx context.Context, dir string, c Command) (*Process, error) {
	log, err := os.Create(filepath.Join(dir, c.Name+".log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	ctx, cancel := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, c.Path, c.Args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), c.Env...)
	cmd.Stdout, cmd.Stderr = log, log
	// The program gets a process group, so that a launcher and its children end together. Ctrl-C then ends them only
	// through this program, after the last answer.
	cmd.SysProcAttr = attributes()
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = grace
	if err := onParent(cmd.Start); err != nil {
		cancel()
		return nil, fmt.Errorf("cannot start %s: %w", c.Path, err)
	}
	p := &Process{name: c.Name, stop: cancel, done: make(chan struct{}), log: log.Name()}
	go func() {
		p.err = cmd.Wait()
		endGroup(cmd.Process.Pid)
		close(p.done)
	}()
	return p, nil
}

// grace is the time in which a program must end and write the rest of its logs.
const grace = 3 * time.Second

// endGroup waits for the children of a launcher, and kills those that do not end.
func endGroup(group int) {
	for late := time.Now().Add(grace); time.Now().Before(late); time.Sleep(10 * time.Millisecond) {
		if err := syscall.Kill(-group, syscall.SIGTERM); err != nil {
			return // no process is left
		}
	}
	_ = syscall.Kill(-group, syscall.SIGKILL) // fails if the group has just ended
}

// Stop ends the program and returns after its end.
func (p *Process) Stop() {
	p.stop()
	<-p.done
}

// StopAll stops programs at the same time. It skips nil.
func StopAll(all ...*Process) {
	var stops sync.WaitGroup
	for _, p := range all {
		if p != nil {
			stops.Go(p.Stop)
		}
	}
	stops.Wait()
}

// Done returns a channel that is closed when the program has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// patience is the time in which a program must become ready. A backend in Java is slow on a busy machine.
const patience = 3 * time.Minute

// Listens waits until something listens on an address. If that takes too long, or the program ends, Listens stops the
// program. The error then has the end of its log.
func (p *Process) Listens(ctx context.Context, addr string) error {
	return p.Ready(ctx, func(ctx context.Context) error {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if err != nil {
			return fmt.Errorf("does not listen: %w", err)
		}
		return conn.Close()
	})
}

// Ready waits until a check returns nil. On failure it does what Listens does.
func (p *Process) Ready(ctx context.Context, check func(context.Context) error) error {
	late := time.After(patience)
	for {
		err := check(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			err = ctx.Err()
		case <-p.done:
			err = fmt.Errorf("%s: %s\n%s", p.name, p.ended(), p.lastLines())
		case <-late:
			err = fmt.Errorf("%s is not ready after %v: %w\n%s", p.name, patience, err, p.lastLines())
		case <-time.After(20 * time.Millisecond):
			continue
		}
		p.Stop()
		return err
	}
}

func (p *Process) ended() string {
	if p.err == nil {
		return "ended without an error"
	}
	return fmt.Sprintf("ended: %v", p.err)
}

// lastLines returns the end of the log.
func (p *Process) lastLines() []byte {
	text, _ := os.ReadFile(p.log) // without the log, the error is only shorter
	lines := bytes.SplitAfter(bytes.TrimSpace(text), []byte("\n"))
	return bytes.Join(lines[max(0, len(lines)-10):], nil)
}
