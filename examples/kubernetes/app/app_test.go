package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/traceferry/traceferry/examples/mesh/app"
)

// TestMain lets the test binary be the program.
func TestMain(m *testing.M) {
	if os.Getenv("SERVICE") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// start runs a service in a process of its own, and returns its addresses.
func start(t *testing.T, service string, env ...string) (addr, probes string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), append(env, "SERVICE="+service, "LISTEN=127.0.0.1:0", "HEALTH=127.0.0.1:0")...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s did not exit cleanly: %v %s", service, err, &errs)
		}
	})
	line, _ := bufio.NewReader(out).ReadString('\n')
	if n, err := fmt.Sscanf(line, service+" listens on %s for probes on %s", &addr, &probes); n != 2 || err != nil {
		t.Fatalf("%s printed %q instead of its addresses: %s", service, line, &errs)
	}
	return strings.TrimSuffix(addr, ","), probes
}

// TestServices: five processes answer a request. The last service of the chain gets the headers of the first. A
// listener in front of users records them.
func TestServices(t *testing.T) {
	got := make(chan http.Header, 2)
	users, _ := start(t, "users")
	front, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got <- r.Header.Clone()
		resp, err := http.Get("http://" + users + r.URL.Path)
		if err != nil {
			t.Error(err)
			return
		}
		defer resp.Body.Close()
		io.Copy(w, resp.Body)
	})}
	go server.Serve(front)
	t.Cleanup(func() { server.Close() })

	ratings, probes := start(t, "ratings", "PRESET=consul", "ADDRESSES=users="+front.Addr().String())
	reviews, _ := start(t, "reviews", "PRESET=consul", "ADDRESSES=ratings="+ratings)
	details, _ := start(t, "details", "PRESET=consul")
	page, _ := start(t, "productpage", "PRESET=consul", "ADDRESSES=reviews="+reviews+",details="+details)

	h := http.Header{"X-B3-Traceid": {"463ac35c9f6413ad48485a3953bb6124"}, "X-B3-Spanid": {"a2fb4a1d1a96d312"}, "Traceparent": {"00-1-2-3"}}
	if err := app.Ask(t.Context(), http.DefaultClient, page, 7, h); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		at := <-got
		for name, want := range map[string][]string{"X-B3-Traceid": h["X-B3-Traceid"], "X-B3-Spanid": h["X-B3-Spanid"], "Traceparent": nil} {
			if !slices.Equal(at[name], want) {
				t.Errorf("users gets %s as %q instead of %q", name, at[name], want)
			}
		}
	}

	resp, err := http.Get("http://" + probes + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("/healthz answers %s", resp.Status)
	}
}

func TestConfig(t *testing.T) {
	for _, env := range []map[string]string{
		{},
		{"SERVICE": "none"},
		{"SERVICE": "users", "PRESET": "none"},
		{"SERVICE": "users", "ADDRESSES": "details"},
		{"SERVICE": "users", "ADDRESSES": "stranger=127.0.0.1:1"},
	} {
		if c, err := readConfig(func(name string) string { return env[name] }); err == nil {
			t.Errorf("the environment %v gives the config %v, want an error", env, c)
		}
	}
	for name := range presets {
		env := map[string]string{"SERVICE": "users", "PRESET": name, "ADDRESSES": "details=[::1]:80"}
		c, err := readConfig(func(name string) string { return env[name] })
		if got := fmt.Sprint(c.listen, c.addresses); err != nil || got != ":8080map[details:[::1]:80]" {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}
