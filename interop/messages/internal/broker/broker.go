// Package broker runs the servers that the tests need.
package broker

import (
	"bytes"
	"cmp"
	"context"
	"net"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Program returns the path of a program: the value of the environment variable, or the one on PATH. If there is none,
// it skips the test and says how to install the program.
func Program(t testing.TB, variable, name, install string) string {
	t.Helper()
	path, err := exec.LookPath(cmp.Or(os.Getenv(variable), name))
	if err != nil {
		t.Skipf("%s is not installed, so this test does not run. Install it with %q, or set %s to its path", name, install, variable)
	}
	return path
}

// Port returns a free TCP port of the loopback address.
func Port(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// Start runs a program until the test ends. It returns when ready returns nil. If the program does not become ready, the
// test fails and prints what the program wrote.
func Start(t testing.TB, ready func(context.Context) error, path string, env []string, args ...string) {
	t.Helper()
	var output bytes.Buffer
	cmd := exec.Command(path, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Dir = t.TempDir()
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.WaitDelay = time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { cmd.Wait(); close(ended) }()
	stop := sync.OnceFunc(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(20 * time.Second):
		}
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // also its children
		<-ended
	})
	t.Cleanup(stop)
	if err := until(t.Context(), ended, ready); err != nil {
		stop()
		t.Fatalf("%s did not start: %v\n%s", path, err, &output)
	}
}

// until calls ready until it returns nil. It returns the last error after two minutes, or if the program has ended.
func until(ctx context.Context, ended <-chan struct{}, ready func(context.Context) error) error {
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		attempt, cancel := context.WithTimeout(ctx, 5*time.Second)
		err := ready(attempt)
		cancel()
		if err == nil || time.Now().After(deadline) {
			return err
		}
		select {
		case <-ended:
			return err
		default:
		}
	}
}
