package lint_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestFiveMistakes: the command reports the lines of the five mistakes in testdata/service, and no other line. The
// program uses the real grpc-go, otelhttp and traceferry. The command runs by itself and with go vet.
func TestFiveMistakes(t *testing.T) {
	source, err := os.ReadFile("testdata/service/main.go")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	seen := map[string]bool{}
	marked := regexp.MustCompile(`// mistake ([1-5]): (\w+)`)
	line := 0
	for text := range strings.Lines(string(source)) {
		line++
		if match := marked.FindStringSubmatch(text); match != nil {
			want = append(want, fmt.Sprintf("main.go:%d %s", line, match[2]))
			seen[match[1]] = true
		}
	}
	if len(seen) != 5 {
		t.Fatalf("the service has comments for the mistakes %v, want five", seen)
	}

	command := build(t)
	for name, args := range map[string][]string{"alone": {command, "-baregrpc.on", "./..."}, "go vet": {"go", "vet", "-vettool=" + command, "-baregrpc.on", "./..."}} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(args[0], args[1:]...)
			cmd.Dir = "testdata/service"
			out, err := cmd.CombinedOutput()
			if err == nil {
				t.Error("the command exits with 0, want an error because of its findings")
			}
			if got := reported(out); !slices.Equal(got, want) {
				t.Errorf("it reports\n%s\nwant\n%s\nin\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"), out)
			}
		})
	}
}

// TestFixesBuild: after the command has applied its fixes, the service still builds, and the fixed findings are no
// longer reported.
func TestFixesBuild(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"main.go", "go.mod", "go.sum"} {
		text, err := os.ReadFile("testdata/service/" + name)
		if err != nil {
			t.Fatal(err)
		}
		root, err := filepath.Abs("..")
		if err != nil {
			t.Fatal(err)
		}
		text = bytes.ReplaceAll(text, []byte("../../.."), []byte(root))
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command := build(t)
	in := func(name string, args ...string) (string, error) {
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := in(command, "-fix", "-background", "-goroutine", "-newrequest", "./..."); err != nil {
		t.Logf("%v: %s", err, out) // findings without a fix remain
	}
	if out, err := in("go", "build", "-o", os.DevNull, "."); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, _ := in(command, "-background", "-goroutine", "-newrequest", "./...")
	var left []string
	for _, finding := range reported([]byte(out)) {
		_, name, _ := strings.Cut(finding, " ")
		left = append(left, name)
	}
	// The goroutine with a function literal, and Client.Get, have no safe fix.
	if want := []string{"newrequest", "goroutine"}; !slices.Equal(left, want) {
		t.Errorf("after the fixes, the findings are %v, want %v\n%s", left, want, out)
	}
}

// build builds the command.
func build(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "traceferrylint")
	if out, err := exec.Command("go", "build", "-o", path, "./cmd/traceferrylint").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// reported returns the file, line and analyzer of each finding in the output of the command, sorted by line.
func reported(out []byte) (findings []string) {
	for _, match := range regexp.MustCompile(`(?m)(main\.go):(\d+):\d+: .*#(\w+)\)$`).FindAllSubmatch(out, -1) {
		findings = append(findings, fmt.Sprintf("%s:%s %s", match[1], match[2], match[3]))
	}
	slices.SortFunc(findings, func(a, b string) int {
		var x, y int
		fmt.Sscanf(a, "main.go:%d", &x)
		fmt.Sscanf(b, "main.go:%d", &y)
		return x - y
	})
	return findings
}
