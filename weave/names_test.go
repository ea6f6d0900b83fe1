package weave

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/printer"
	"go/token"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestNamesOfNetHTTP: the functions that orchestrion.yml weaves are in the source of this Go release's net/http,
// unchanged since the aspects were written. If a function has moved, a woven build carries nothing there and reports no
// error.
func TestNamesOfNetHTTP(t *testing.T) {
	dir := filepath.Join(build.Default.GOROOT, "src", "net", "http")
	got := map[string]string{}
	fset := token.NewFileSet()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no source of net/http in %s: %v", dir, err)
	}
	text := func(n ast.Node) string {
		var b strings.Builder
		printer.Fprint(&b, token.NewFileSet(), n)
		return b.String()
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, "_js.go") {
			continue
		}
		file, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv != nil && f.Body != nil && len(f.Body.List) > 0 {
				last := f.Body.List[len(f.Body.List)-1]
				got[text(f.Recv.List[0].Type)+"."+f.Name.Name] = text(f.Type) + " ... " + text(last)
			}
		}
	}
	for name, want := range map[string]string{
		"serverHandler.ServeHTTP": "func(rw ResponseWriter, req *Request) ... handler.ServeHTTP(rw, req)",
		"*Transport.RoundTrip":    "func(req *Request) (*Response, error) ... return t.roundTrip(req)",
		"*Transport.roundTrip":    "func(req *Request) (_ *Response, err error) ...",
	} {
		if is := got[name]; !strings.HasPrefix(is, want) {
			t.Errorf("net/http of %s has %s as\n\t%q, want\n\t%q", runtime.Version(), name, is, want)
		}
	}
}
