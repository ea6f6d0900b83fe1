package traceferry_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
)

var presets = map[string]func() propagation.Config{
	"Istio": preset.Istio, "Linkerd": preset.Linkerd, "Consul": preset.Consul, "Ambassador": preset.Ambassador, "Envoy": preset.Envoy,
	"GoogleCloud": preset.GoogleCloud, "AWS": preset.AWS, "Datadog": preset.Datadog, "SkyWalking": preset.SkyWalking, "OpenTelemetry": preset.OpenTelemetry,
}

// TestPresetsAreAll holds the list above to the package.
func TestPresetsAreAll(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "propagation/preset/preset.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var exported []string
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Name.IsExported() {
			exported = append(exported, f.Name.Name)
		}
	}
	slices.Sort(exported)
	if listed := slices.Sorted(maps.Keys(presets)); !slices.Equal(exported, listed) {
		t.Errorf("the package has %v, the list %v", exported, listed)
	}
}

func meshes(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("docs/meshes.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestMeshesTables: each preset has a section, with a table of what it carries, in its order.
func TestMeshesTables(t *testing.T) {
	sections := map[string]string{}
	for section := range strings.SplitSeq(meshes(t), "\n## ") {
		title, text, _ := strings.Cut(section, "\n")
		sections[strings.ReplaceAll(title, " ", "")] = text
	}
	row := regexp.MustCompile(`(?m)^\| ([a-z0-9]+ \| [^|]+) \|.*\|$`)
	for name, config := range presets {
		var got, want []string
		for _, match := range row.FindAllStringSubmatch(sections[name], -1) {
			got = append(got, match[1])
		}
		for _, f := range config().Formats {
			want = append(want, f.String()+" | "+strings.Join(headers(f), ", "))
		}
		if !slices.Equal(got, want) {
			t.Errorf("the section on %s has\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if call := "preset." + name + "()"; !strings.Contains(sections[name], "```go\np := propagation.MustNew("+call+")") {
			t.Errorf("the section on %s does not begin its Go with %s", name, call)
		}
	}
}

func headers(f propagation.Format) []string {
	names := f.Fields()
	for _, prefix := range f.Prefixes() {
		names = append(names, prefix+"*")
	}
	return names
}

// TestMeshesGo runs each block of Go, with what it leaves to the reader.
func TestMeshesGo(t *testing.T) {
	var program strings.Builder
	program.WriteString(`package main

import (
	"net/http"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
)

var mux = http.NewServeMux()

func use(...any) {}

func main() {
	use(httptrace.Middleware, propagation.MustNew, preset.Istio)
`)
	for _, block := range regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(meshes(t), -1) {
		fmt.Fprintf(&program, "\t{\n%s\tuse(p", block[1])
		if strings.Contains(block[1], "client") {
			program.WriteString(", handler, client")
		}
		program.WriteString(")\n\t}\n")
	}
	program.WriteString("}\n")
	if out, err := exec.Command(buildElsewhere(t, program.String())).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
