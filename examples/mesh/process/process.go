// Package process runs the programs of a mesh: proxies, control planes and backends. Each
// has a log file, and ends with the program that started it.
package process

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// Command is a program to start.
type Command struct {
	Name string   // for errors
	Path string   // of the binary
	Args []string // without the binary
	Env  []string // NAME=VALUE, in addition to the environment
	Log  string   // the file for both outputs; it is overwritten
	// Ready are addresses, each host:port. Start waits until something listens on each.
	Ready []string
}

// Process is a running program.
type Process struct {
	stop context.CancelFunc
	done chan struct{}
	err  error // why it ended; read after done
	log  string
}

// Start runs a program, and returns when it listens. The end of ctx stops it, as Stop does.
// If it ends too early, the error has the last lines of its log.
func Start(ctx context.Context, c Command) (*Process, error) {
	log, err := os.Create(c.Log)
	if err != nil {
		return nil, err
	}
	defer log.Close()

	ctx, cancel := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, c.Path, c.Args...)
	cmd.Env = append(os.Environ(), c.Env...)
	cmd.Stdout, cmd.Stderr = log, log
	// Its own process group: a launcher and what it launched end together, and Ctrl-C
	// reaches them by us alone, after the last answer.
	cmd.SysProcAttr = attributes()
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = grace
	if err := onParent(cmd.Start); err != nil {
		cancel()
		return nil, fmt.Errorf("cannot start %s: %w", c.Name, err)
	}
	p := &Process{stop: cancel, done: make(chan struct{}), log: log.Name()}
	go func() {
		p.err = cmd.Wait()
		endGroup(cmd.Process.Pid)
		close(p.done)
	}()
	for _, addr := range c.Ready {
		if err := p.wait(ctx, addr); err != nil {
			p.Stop()
			return nil, fmt.Errorf("%s: %w", c.Name, err)
		}
	}
	return p, nil
}

// grace is how long a program may take to end, and to write the rest of its logs.
const grace = 3 * time.Second

// endGroup waits for what a launcher has left behind, and kills what does not end.
func endGroup(group int) {
	for late := time.Now().Add(grace); time.Now().Before(late); time.Sleep(10 * time.Millisecond) {
		if err := syscall.Kill(-group, syscall.SIGTERM); err != nil {
			return // nobody is left
		}
	}
	_ = syscall.Kill(-group, syscall.SIGKILL) // it may just have ended
}

// Stop ends the program and returns when it is gone.
func (p *Process) Stop() {
	p.stop()
	<-p.done
}

// Done is closed when the program has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

const patience = 3 * time.Minute // a busy machine takes long to start a backend

// wait returns when something listens.
func (p *Process) wait(ctx context.Context, addr string) error {
	late := time.After(patience)
	for {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.done:
			return fmt.Errorf("%s\n%s", p.ended(), p.lastLines())
		case <-late:
			return fmt.Errorf("does not listen after %v: %w\n%s", patience, err, p.lastLines())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (p *Process) ended() string {
	if p.err == nil {
		return "ended without an error before it listened"
	}
	return fmt.Sprintf("ended: %v", p.err)
}

// lastLines is the end of the log.
func (p *Process) lastLines() []byte {
	text, _ := os.ReadFile(p.log) // without it the error says less
	lines := bytes.SplitAfter(bytes.TrimSpace(text), []byte("\n"))
	return bytes.Join(lines[max(0, len(lines)-10):], nil)
}
