package envoy

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// Process is a running Envoy.
type Process struct {
	stop context.CancelFunc
	done chan struct{}
	err  error // why it ended; read after done
	log  string
}

// Start writes the proxy's configuration and log into a folder, as SERVICE.json and
// SERVICE.log, runs Envoy with it, and returns when its listeners take connections. The end
// of ctx stops it, as Stop does.
func Start(ctx context.Context, binary, dir string, p Proxy) (*Process, error) {
	config, err := p.Config()
	if err != nil {
		return nil, err
	}
	base := filepath.Join(dir, p.Service)
	if err := os.WriteFile(base+".json", config, 0o600); err != nil {
		return nil, err
	}
	log, err := os.Create(base + ".log")
	if err != nil {
		return nil, err
	}
	defer log.Close()

	ctx, cancel := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, binary, "-c", base+".json",
		"--concurrency", "1", "--disable-hot-restart", "--log-level", "warning")
	cmd.Stdout, cmd.Stderr = log, log
	// Its own process group: a launcher and what it launched end together, and Ctrl-C
	// reaches them by us alone, after the last answer.
	cmd.SysProcAttr = attributes()
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = grace
	if err := onParent(cmd.Start); err != nil {
		cancel()
		return nil, fmt.Errorf("cannot start Envoy: %w", err)
	}
	e := &Process{stop: cancel, done: make(chan struct{}), log: log.Name()}
	go func() {
		e.err = cmd.Wait()
		endGroup(cmd.Process.Pid)
		close(e.done)
	}()
	for _, l := range p.Listeners {
		if err := e.wait(ctx, l.Addr); err != nil {
			e.Stop()
			return nil, fmt.Errorf("the Envoy of %s: %w", p.Service, err)
		}
	}
	return e, nil
}

// grace is how long an Envoy may take to end, and to write the rest of its logs.
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

// Stop ends the Envoy and returns when it is gone.
func (e *Process) Stop() {
	e.stop()
	<-e.done
}

const patience = 30 * time.Second

// wait returns when something listens.
func (e *Process) wait(ctx context.Context, addr string) error {
	late := time.After(patience)
	for {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-e.done:
			return fmt.Errorf("%s\n%s", e.ended(), e.lastLines())
		case <-late:
			return fmt.Errorf("does not listen after %v: %w\n%s", patience, err, e.lastLines())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (e *Process) ended() string {
	if e.err == nil {
		return "ended without an error, as no Envoy does"
	}
	return fmt.Sprintf("ended: %v", e.err)
}

// lastLines is the end of the log.
func (e *Process) lastLines() []byte {
	text, _ := os.ReadFile(e.log) // without it the error says less
	lines := bytes.SplitAfter(bytes.TrimSpace(text), []byte("\n"))
	return bytes.Join(lines[max(0, len(lines)-10):], nil)
}
