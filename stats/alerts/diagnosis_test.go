package alerts

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/stats/promstats"
)

// section is the part of docs/diagnosis.md about counters.
func section(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/diagnosis.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, found := strings.Cut(string(page), "\n## Watch the counters\n")
	if !found {
		t.Fatal("docs/diagnosis.md has no section on counters")
	}
	text, _, _ = strings.Cut(text, "\n## ")
	return text
}

// TestDiagnosisQueries runs each query of the table on three servers: one for a service that makes every mistake, one
// for a service that makes none, and one without metrics. A query must not have the same answer on all of them.
func TestDiagnosisQueries(t *testing.T) {
	queries := regexp.MustCompile("(?m)^\\|[^|]+\\| `(.+?)`").FindAllStringSubmatch(section(t), -1)
	queries = slices.DeleteFunc(queries, func(q []string) bool { return !strings.Contains(q[1], "(") || strings.HasPrefix(q[1], "/") })
	if len(queries) < 15 {
		t.Fatalf("the section has %d queries, want at least 15", len(queries))
	}
	services := map[string]*server{"none": newServer(t)}
	for name, change := range map[string]func(minute int, line string) string{
		"good": func(_ int, line string) string { return line },
		"bad": func(minute int, line string) string {
			if series, ok := strings.CutSuffix(line, " 0\n"); ok && !strings.Contains(series, "carried_calls") {
				return fmt.Sprintf("%s %d\n", series, minute)
			}
			return line
		},
	} {
		minute := 0
		url := rewritten(t, everything(t), func(line string) string { return change(minute, line) })
		services[name] = newServer(t)
		for minute = range 30 {
			services[name].minute(url)
		}
	}
	for _, q := range queries {
		query := strings.ReplaceAll(q[1], `\|`, "|")
		answers := map[string]string{}
		for name, service := range services {
			answers[name] = service.query(query).String()
		}
		if answers["good"] == answers["bad"] && answers["good"] == answers["none"] {
			t.Errorf("%s\nhas the answer %q on all servers, want different ones", query, answers["good"])
		}
	}
}

// everything is an endpoint with all series, and with the counters of the section.
func everything(t *testing.T) string {
	p := propagation.MustNew(propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"x-tenant"}, Reconcile: true})
	received := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "shop_received_formats_total"}, []string{"format"})
	received.WithLabelValues("b3")
	onlyB3 := prometheus.NewCounter(prometheus.CounterOpts{Name: "shop_requests_only_b3_total"})
	return endpoint(t, promstats.New(p, nil), received, onlyB3)
}

// rewritten is an endpoint whose lines are changed.
func rewritten(t *testing.T, url string, change func(line string) string) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		resp, err := http.Get(url)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		w.Header().Set("Content-Type", resp.Header.Get("Content-Type"))
		for line := range strings.Lines(string(body)) {
			io.WriteString(w, change(line))
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// TestDiagnosisAlerts: the section names exactly the existing alerts.
func TestDiagnosisAlerts(t *testing.T) {
	named := regexp.MustCompile(`\bTrace[A-Z]\w+`).FindAllString(section(t), -1)
	slices.Sort(named)
	var have []string
	for _, rule := range newServer(t).rules.Rules() {
		have = append(have, rule.Name())
	}
	slices.Sort(have)
	if named = slices.Compact(named); !slices.Equal(named, have) {
		t.Errorf("the section names the alerts %q, want the rules %q", named, have)
	}
}

// TestDiagnosisGo compiles each block of Go in the section.
func TestDiagnosisGo(t *testing.T) {
	var program strings.Builder
	program.WriteString(`package main

import (
	"context"
	"expvar"
	"log/slog"
	"net/http"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/stats/expvarstats"
	"github.com/traceferry/traceferry/stats/otelstats"
	"github.com/traceferry/traceferry/stats/promstats"
)

type callerKey struct{}

func use(...any) {}

func main() {
	var config propagation.Config
	p := propagation.MustNew(config)
	use(expvar.Publish, expvarstats.New, slog.Info, http.Handle, slices.Sort[[]int], otelstats.Register, promstats.New, promhttp.Handler, context.Background, prometheus.Register)
`)
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(section(t), -1)
	if len(blocks) < 5 {
		t.Fatalf("the section has %d blocks of Go, want at least 5", len(blocks))
	}
	for _, block := range blocks {
		fmt.Fprintf(&program, "\t{\n%s", block[1])
		if strings.Contains(block[1], "registration, err :=") {
			program.WriteString("\tuse(registration, err)\n")
		}
		program.WriteString("\t}\n")
	}
	program.WriteString("\tuse(p)\n}\n")

	// The program is compiled as a package of this module, but its file is only in the overlay.
	source, overlay := filepath.Join(t.TempDir(), "main.go"), filepath.Join(t.TempDir(), "overlay.json")
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	replace, _ := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(here, "diagnosis", "main.go"): source}})
	if err := errors.Join(os.WriteFile(source, []byte(program.String()), 0o600), os.WriteFile(overlay, replace, 0o600)); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "build", "-overlay", overlay, "-o", filepath.Join(t.TempDir(), "program"), "./diagnosis").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s\n%s", err, out, program.String())
	}
}
