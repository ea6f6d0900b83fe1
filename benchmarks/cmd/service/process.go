package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/traceferry/traceferry/benchmarks"
)

// serveAs runs a service until standard input ends. It prints its address.
func serveAs(name, next string) error {
	for _, s := range benchmarks.Services() {
		if s.Library.Name != name {
			continue
		}
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		mux := http.NewServeMux()
		mux.Handle("/", s.Handler(next, &http.Transport{MaxIdleConnsPerHost: 64}))
		mux.HandleFunc("/cputime", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, int64(cputime())) })
		go http.Serve(listener, mux)
		fmt.Println(listener.Addr())
		_, err = io.Copy(io.Discard, os.Stdin)
		return err
	}
	return fmt.Errorf("no service has the name %q", name)
}

// cputime returns the processor time that this process has used.
func cputime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err) // it has no reason to fail
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// process is a running service.
type process struct {
	cmd   *exec.Cmd
	stdin io.Closer
	url   string
}

func start(name, next string) (*process, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(program, "-serve", name, "-next", next)
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1") // the scheduler of an idle second processor would take more time than a library
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	address, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("%s did not start: %w", name, err)
	}
	return &process{cmd, stdin, "http://" + strings.TrimSpace(address)}, nil
}

// stop ends the service.
func (p *process) stop() {
	p.stdin.Close()
	p.cmd.Wait()
}

// used returns the processor time that the service has used.
func (p *process) used() (time.Duration, error) {
	resp, err := http.Get(p.url + "/cputime")
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	var n int64
	_, err = fmt.Fscan(resp.Body, &n)
	return time.Duration(n), err
}
