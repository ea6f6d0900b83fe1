package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"strings"

	"github.com/traceferry/traceferry/internal/sidecar"
	"github.com/traceferry/traceferry/propagation"
)

// startProgram returns a starter for the services of another program, each mesh with a process of its own. The program
// gets the formats in OTEL_PROPAGATORS. For each line of its standard input, which names a service and what that calls, it
// starts the service and writes the service's address.
func startProgram(path string, stderr io.Writer) starter {
	return func(config propagation.Config, ledger *sidecar.Ledger, sabotage saboteur) (*mesh, error) {
		if _, err := propagation.New(config); err != nil {
			return nil, err
		}
		var formats []string
		for _, f := range config.Formats {
			formats = append(formats, f.String())
		}
		cmd := exec.Command(path)
		cmd.Env = append(os.Environ(), "OTEL_PROPAGATORS="+strings.Join(formats, ","))
		cmd.Stderr = stderr
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
		m := &mesh{proxies: sidecar.Proxies{Ledger: ledger, Calls: calls, Tamper: sabotage}}
		m.closers = append(m.closers, func() error { return errors.Join(stdin.Close(), cmd.Wait()) })
		answers := bufio.NewScanner(stdout)
		begin := func(service string, callees ...string) (address string) {
			if m.err != nil {
				return ""
			}
			fmt.Fprintln(stdin, service, strings.Join(callees, " "))
			if !answers.Scan() {
				m.err = fmt.Errorf("%s did not start %s: %w", path, service, cmp.Or(answers.Err(), io.ErrUnexpectedEOF))
			}
			return answers.Text()
		}
		over := func(address string) *url.URL { return &url.URL{Scheme: "http", Host: address} }
		toUsers := m.frontHTTP(over(begin("users")))
		toRatings := m.frontGRPC(begin("ratings", toUsers))
		toReviews := m.frontHTTP(over(begin("reviews", toRatings)))
		toDetails := m.frontHTTP(over(begin("details")))
		m.front = m.frontHTTP(over(begin("productpage", toDetails, toReviews)))
		if m.err != nil {
			return nil, errors.Join(m.err, m.close())
		}
		return m, nil
	}
}
