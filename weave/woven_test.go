//go:build orchestrion

package weave_test

import (
	"bytes"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// These tests build services with and without orchestrion, and run both. Run them with
//
//	go -C weave test -tags orchestrion -run Woven -timeout 60m .
//
// ORCHESTRION names the program. Without it, the tests look on PATH, and then install it.

const orchestrionVersion = "v1.15.0" // as in testdata/service/go.mod

// orchestrion returns the path of the program, or skips the test.
func orchestrion(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("ORCHESTRION"); path != "" {
		return path
	}
	if path, err := exec.LookPath("orchestrion"); err == nil {
		return path
	}
	bin := t.TempDir()
	cmd := exec.Command("go", "install", "github.com/DataDog/orchestrion@"+orchestrionVersion)
	cmd.Dir, cmd.Env = bin, append(os.Environ(), "GOBIN="+bin)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("SKIPPED: no orchestrion on PATH, ORCHESTRION is not set, and it cannot be installed: %v\n%s", err, out)
	}
	return filepath.Join(bin, "orchestrion")
}

// unwired has the replacement for each line with which examples/bookinfo uses traceferry.
var unwired = []struct{ from, to string }{
	{"\t\"github.com/traceferry/traceferry/httptrace\"\n", ""},
	{"\t\"github.com/traceferry/traceferry/grpctrace\"\n", ""},
	{"\t\"github.com/traceferry/traceferry/propagation\"\n", ""},
	{"github.com/traceferry/traceferry/examples/bookinfo/ratingspb", "example.com/bookinfo/ratingspb"},
	{"p *propagation.Propagator, ", ""},
	{"p *propagation.Propagator", ""},
	{"httptrace.Middleware(p)(mux)", "mux"},
	{"\tr.Use(httptrace.Middleware(p))\n", ""},
	{"{Transport: httptrace.NewTransport(p, nil)}", "{}"},
	{"grpctrace.ServerOptions(p)...", ""},
	{"append(grpctrace.DialOptions(p), plain)...", "plain"},
}

// service returns a directory with the module of testdata/service and the services of examples/bookinfo, without
// traceferry. Only the tool file and go.mod name traceferry.
func service(t *testing.T) (dir string) {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	bookinfo := filepath.Join(root, "examples", "bookinfo")
	for from, to := range map[string]string{
		filepath.Join("testdata", "service"): dir,
		filepath.Join(bookinfo, "ratingspb"): filepath.Join(dir, "ratingspb"),
	} {
		if err := os.CopyFS(to, os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
	}
	used := map[string]bool{}
	for _, name := range []string{"details.go", "get.go", "productpage.go", "ratings.go", "reviews.go", "users.go"} {
		source, err := os.ReadFile(filepath.Join(bookinfo, name))
		if err != nil {
			t.Fatal(err)
		}
		text := string(source)
		for _, u := range unwired {
			used[u.from] = used[u.from] || strings.Contains(text, u.from)
			text = strings.ReplaceAll(text, u.from, u.to)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, u := range unwired {
		if !used[u.from] {
			t.Errorf("examples/bookinfo no longer contains %q", u.from)
		}
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" || d.Name() == "orchestrion.tool.go" {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, i := range file.Imports {
			if strings.HasPrefix(i.Path.Value, `"github.com/traceferry/`) {
				err = errors.Join(err, fmt.Errorf("%s imports %s", d.Name(), i.Path.Value))
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	run(t, dir, nil, "go", "mod", "edit", "-replace=github.com/traceferry/traceferry="+root, "-replace=github.com/traceferry/traceferry/weave="+filepath.Join(root, "weave"))
	return dir
}

// run runs a command and returns its standard output and standard error. The test fails if the command fails.
func run(t *testing.T, dir string, env []string, name string, args ...string) (stdout, stderr string) {
	t.Helper()
	stdout, stderr, err := try(t, dir, env, name, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", filepath.Base(name), strings.Join(args, " "), err, stdout, stderr)
	}
	return stdout, stderr
}

func try(t *testing.T, dir string, env []string, name string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

func TestWoven(t *testing.T) {
	tool, dir, bin := orchestrion(t), service(t), t.TempDir()
	path := func(build, program string) string { return filepath.Join(bin, build, program) }
	for build, command := range map[string][]string{"plain": {"go"}, "woven": {tool, "go"}} {
		if err := os.Mkdir(filepath.Join(bin, build), 0o755); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		run(t, dir, []string{"GOFLAGS=-buildvcs=false"}, command[0], append(command[1:], "build", "-o", filepath.Join(bin, build), "./...")...)
		info, err := os.Stat(path(build, "bookinfo"))
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: built in %v, %d bytes", build, time.Since(began).Round(time.Second/10), info.Size())
	}
	run(t, "..", nil, "go", "build", "-o", bin, "./examples/bookinfo")
	judge := filepath.Join(bin, "bookinfo")

	t.Run("bookinfo", func(t *testing.T) {
		for _, args := range [][]string{nil, {"-load", "1000"}} {
			args = append(args, "-services", path("woven", "bookinfo"))
			out, errs := run(t, bin, []string{"TRACEFERRY_TRUST=all"}, judge, args...)
			if !strings.Contains(out, "\n0 lost, 0 changed, 0 duplicated, 0 invented, 0 mixed up, 0 not continued, 0 failed\n") || errs != "" {
				t.Errorf("%v: the judge found faults, want none\n%s%s", args, out, errs)
			}
			t.Log(args, lastLines(out, 2))
		}
	})
	t.Run("bookinfo, built plainly", func(t *testing.T) {
		out, _, err := try(t, bin, nil, judge, "-services", path("plain", "bookinfo"))
		if exit := new(exec.ExitError); !errors.As(err, &exit) || exit.ExitCode() != 1 || !regexp.MustCompile(`\n[1-9]\d* lost, `).MatchString(out) {
			t.Errorf("the judge found no lost headers, want some: %v\n%s", err, out)
		}
		t.Log(lastLines(out, 2))
	})
	t.Run("bookinfo, switched off", func(t *testing.T) {
		if out, _, err := try(t, bin, []string{"TRACEFERRY_WEAVE=off"}, judge, "-services", path("woven", "bookinfo")); err == nil {
			t.Errorf("the judge accepts services with TRACEFERRY_WEAVE=off, want faults\n%s", out)
		}
	})

	t.Run("cases", func(t *testing.T) {
		out, errs := run(t, bin, []string{"TRACEFERRY_REPORT=lost", "OTEL_PROPAGATORS="}, path("woven", "cases"))
		checkCases(t, out, func(n string) string { return n })
		for _, line := range []string{"this line loses the header", "this line serves two requests"} {
			if place := "cases/main.go:" + lineOf(t, line); !strings.Contains(errs, "lost: no context: GET") || !strings.Contains(errs, place+"\n") {
				t.Errorf("no lost call at %s was reported in\n%s", place, errs)
			}
		}
		if n := strings.Count(errs, "EVERY caller of this process is trusted"); n != 1 {
			t.Errorf("the text about the default trust occurs %d times, want once, in\n%s", n, errs)
		}
	})
	t.Run("cases, by the analyzers", func(t *testing.T) {
		run(t, "../lint", nil, "go", "build", "-o", bin, "./cmd/traceferrylint")
		_, found, _ := try(t, dir, nil, filepath.Join(bin, "traceferrylint"), "-bareclient=false", "./cases")
		want := "cases/main.go:" + lineOf(t, "the analyzer finds this line")
		if strings.Count(found, "\n") != 1 || !strings.Contains(found, want+":") {
			t.Errorf("found\n%s\nwant %s", found, want)
		}
	})
	t.Run("cases that carry nothing", func(t *testing.T) {
		for _, tt := range []struct{ build, env, says string }{
			{"plain", "TRACEFERRY_WEAVE=on", ""},
			{"woven", "TRACEFERRY_WEAVE=off", ""},
			{"woven", "TRACEFERRY_TRUST=nobody", `TRACEFERRY_TRUST="nobody": want all, edge, or networks`},
		} {
			out, errs := run(t, bin, []string{tt.env}, path(tt.build, "cases"))
			checkCases(t, out, func(string) string { return "-" })
			if !strings.Contains(errs, tt.says) || tt.says == "" && errs != "" {
				t.Errorf("%s, %s: the service wrote %q, want %q", tt.build, tt.env, errs, tt.says)
			}
		}
	})
	t.Run("cases at an edge", func(t *testing.T) {
		out, errs := run(t, bin, []string{"TRACEFERRY_TRUST=edge"}, path("woven", "cases"))
		if regexp.MustCompile(`00-0{20}`).MatchString(out) || errs != "" {
			t.Errorf("the trace of an untrusted caller continues in\n%s%s", out, errs)
		}
		run(t, bin, []string{"TRACEFERRY_TRUST=127.0.0.0/8"}, path("woven", "cases"))
	})
}

// checkCases compares the output of testdata/service/cases. carried returns the headers that a callee gets for the
// request headers n.
func checkCases(t *testing.T, out string, carried func(n string) string) {
	t.Helper()
	want := "early early\n"
	for i, name := range []string{"client", "get", "post-form", "first-listener", "second-listener", "tls", "reverse-proxy", "nested-transport", "not-modified", "h2c", "h2c-again"} {
		switch n := fmt.Sprintf("00-%032x-%016x-01", i+1, i+1); name {
		case "not-modified":
			want += "not-modified *http.response true true true\n"
		default:
			want += name + " " + carried(n) + "\n"
		}
	}
	want += "lost -\nbatch - -\n"
	if out != want {
		t.Errorf("cases printed\n%s\nwant\n%s", out, want)
	}
}

// lineOf returns the number of the line in testdata/service/cases that ends with a comment.
func lineOf(t *testing.T, comment string) string {
	t.Helper()
	source, err := os.ReadFile(filepath.Join("testdata", "service", "cases", "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	before, _, ok := strings.Cut(string(source), "// "+comment+"\n")
	if !ok {
		t.Fatalf("no line ends with %q", comment)
	}
	return fmt.Sprint(1 + strings.Count(before, "\n"))
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "; ")
}
