package traceferry_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
)

func readme(t *testing.T) string {
	t.Helper()
	return read(t, "README.md")
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestReadmeLength: README is read in one sitting, and its first two commands are the demo and the tests.
func TestReadmeLength(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(readme(t)), "\n")
	if len(lines) > 200 {
		t.Errorf("README has %d lines, want at most 200", len(lines))
	}
	var commands []string
	for _, line := range lines {
		if command, ok := strings.CutPrefix(line, "    go "); ok {
			commands = append(commands, "go "+command)
		}
	}
	if want := []string{"go run ./examples/bookinfo", "go test ./..."}; len(commands) < 2 || !slices.Equal(commands[:2], want) {
		t.Errorf("README's commands are %q, want %q first", commands, want)
	}
}

// TestReadmeFrameworks: each line of README's table is on docs/frameworks.md, whose lines are tested in interop/frameworks.
func TestReadmeFrameworks(t *testing.T) {
	_, table, _ := strings.Cut(readme(t), "| Library | The line |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	page := read(t, "docs/frameworks.md")
	rows := regexp.MustCompile("(?m)^\\| [^|]+ \\| `([^`]+)` \\|$").FindAllStringSubmatch(table, -1)
	if len(rows) < 10 {
		t.Fatalf("the table has %d rows", len(rows))
	}
	for _, row := range rows {
		if !strings.Contains(page, row[1]) {
			t.Errorf("docs/frameworks.md does not have %s", row[1])
		}
	}
}

// TestReadmeCost: README's three rows are rows of the tables on docs/performance.md.
func TestReadmeCost(t *testing.T) {
	page := read(t, "docs/performance.md")
	for name, row := range map[string]string{
		"HTTP server: `Middleware`":      "middleware, the 17 headers of an Istio sidecar, 6 to carry; `preset.Istio()`",
		"HTTP client: `Transport`":       "transport, a call with 2 headers of its own and 6 carried ones; `preset.Istio()`",
		"gRPC server: unary interceptor": "unary server interceptor, the 17 headers of an Istio sidecar, 6 to carry; `preset.Istio()`",
	} {
		_, cells, _ := strings.Cut(page, "\n| "+row+" |")
		cells, _, ok := strings.Cut(cells, "\n")
		if !ok {
			t.Fatalf("docs/performance.md has no row %s", row)
		}
		allocations := regexp.MustCompile(` · (\d+) `).FindAllStringSubmatch(cells, -1)
		ferry, hand, otel := allocations[0][1], allocations[1][1], allocations[len(allocations)-1][1]
		if want := "| " + name + " | " + ferry + " | " + hand + " | " + otel + " |"; !strings.Contains(readme(t), want) {
			t.Errorf("README does not have the row %s", want)
		}
	}
}

// TestFormatsPage holds the tables of docs/formats.md to the code.
func TestFormatsPage(t *testing.T) {
	text := read(t, "docs/formats.md")
	if n := len(propagation.AllFormats()); n != 17 || !strings.Contains(readme(t), "in seventeen formats") {
		t.Errorf("there are %d formats, and README has another number", n)
	}
	row := func(cells ...string) string { return "\n| " + strings.Join(cells, " | ") + " |" }
	for _, f := range propagation.AllFormats() {
		headers := f.Fields()
		for _, prefix := range f.Prefixes() {
			headers = append(headers, prefix+"*")
		}
		if want := f.String() + " | " + strings.Join(headers, ", ") + " |"; !strings.Contains(text, want) {
			t.Errorf("the table of formats has no row with %q", want)
		}
	}
	for name, config := range map[string]func() propagation.Config{
		"Istio": preset.Istio, "Linkerd": preset.Linkerd, "Consul": preset.Consul, "Ambassador": preset.Ambassador, "Envoy": preset.Envoy,
		"GoogleCloud": preset.GoogleCloud, "AWS": preset.AWS, "Datadog": preset.Datadog, "SkyWalking": preset.SkyWalking, "OpenTelemetry": preset.OpenTelemetry,
	} {
		c := config()
		if _, err := propagation.New(c); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var formats []string
		for _, f := range c.Formats {
			formats = append(formats, f.String())
		}
		if want := row(name, strings.Join(formats, ", ")); !strings.Contains(text, want) {
			t.Errorf("the table of presets has no row %q", want)
		}
	}
}

// TestReadmeBookinfo holds what README shows of the example to what the example prints.
func TestReadmeBookinfo(t *testing.T) {
	out, err := exec.Command("go", "run", "./examples/bookinfo").Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	printed := strings.Split(string(out), "\n")
	shown := regexp.MustCompile("(?s)<!-- bookinfo:begin -->\n```\n(.*)\n```\n<!-- bookinfo:end -->").FindStringSubmatch(readme(t))
	if shown == nil {
		t.Fatal("README shows nothing of the example")
	}
	took := regexp.MustCompile(` in [0-9.]+m?s$`)
	for line := range strings.SplitSeq(shown[1], "\n") {
		same := func(p string) bool { return took.ReplaceAllString(p, "") == took.ReplaceAllString(line, "") }
		if line != "..." && !slices.ContainsFunc(printed, same) {
			t.Errorf("README shows %q, which is not printed", line)
		}
	}
}

// TestReadmeQuickStart builds README's program in a module of its own, as a user
// would, runs it, and sends a request through it.
func TestReadmeQuickStart(t *testing.T) {
	program := regexp.MustCompile("(?s)```go\n(package main\n.*?)```").FindStringSubmatch(readme(t))
	if program == nil {
		t.Fatal("README has no program")
	}
	got := make(chan http.Header, 1)
	details := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { got <- r.Header }))
	defer details.Close()
	addr := freeAddress(t)
	source := strings.ReplaceAll(strings.ReplaceAll(program[1], "http://details:9080", details.URL), ":8080", addr)
	if !strings.Contains(source, details.URL) || !strings.Contains(source, addr) {
		t.Fatal("README's program calls and listens elsewhere than the test thinks")
	}

	cmd := exec.Command(buildElsewhere(t, source))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { cmd.Process.Kill(); cmd.Wait() }()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	req, _ := http.NewRequestWithContext(ctx, "GET", "http://"+addr+"/", nil)
	req.Header.Set("X-Request-Id", "from-the-readme")
	resp, err := http.DefaultClient.Do(req)
	for err != nil && ctx.Err() == nil { // it is still starting
		time.Sleep(20 * time.Millisecond)
		resp, err = http.DefaultClient.Do(req)
	}
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if h := <-got; h.Get("X-Request-Id") != "from-the-readme" {
		t.Errorf("the program sent on %q", h)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// buildElsewhere builds a program in a new module that requires this one by a replace.
func buildElsewhere(t *testing.T, source string) (program string) {
	t.Helper()
	dir, here := t.TempDir(), mustAbs(t, ".")
	gomod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile("go.sum")
	if err != nil {
		t.Fatal(err)
	}
	// The requirements of this module are those of its user's; so nothing is downloaded.
	mod := strings.Replace(string(gomod), "module "+module, "module quickstart", 1) +
		"\nrequire " + module + " v0.0.0\nreplace " + module + " => " + here + "\n"
	for name, text := range map[string]string{"main.go": source, "go.mod": mod, "go.sum": string(sums)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("go", "build", "-mod=mod", "-o", "program", ".")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("README's program does not build: %v\n%s", err, out)
	}
	return filepath.Join(dir, "program")
}

func mustAbs(t *testing.T, path string) string {
	t.Helper()
	abs, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}
