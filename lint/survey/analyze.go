package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/packages"

	"github.com/traceferry/traceferry/lint"
)

// analyze prints the findings in the packages of the module in dir.
func analyze(service, dir string) error {
	pkgs, err := packages.Load(&packages.Config{
		Mode: packages.LoadAllSyntax | packages.NeedModule,
		Dir:  dir,
		Env:  append(os.Environ(), "CGO_ENABLED=0"), // go list would compile C otherwise
		ParseFile: func(fset *token.FileSet, name string, src []byte) (*ast.File, error) {
			file, err := parser.ParseFile(fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
			if file != nil && !strings.HasPrefix(name, dir+string(filepath.Separator)) {
				dropBodies(file)
			}
			return file, err
		},
	}, "./...")
	if err != nil {
		return err
	}
	roots := map[*packages.Package]bool{}
	for _, pkg := range pkgs {
		roots[pkg] = true
	}
	// Dependencies without bodies have imports that nothing uses. That is an error, but not one that matters.
	packages.Visit(pkgs, nil, func(pkg *packages.Package) {
		pkg.IllTyped = roots[pkg] && len(pkg.TypeErrors) > 0
		if pkg.IllTyped {
			log.Printf("%s is skipped: %v", pkg.PkgPath, pkg.TypeErrors[0])
		}
	})
	graph, err := checker.Analyze(lint.Analyzers(), pkgs, nil)
	if err != nil {
		return err
	}
	var lines []string
	for _, action := range graph.Roots {
		for _, d := range action.Diagnostics {
			at := action.Package.Fset.Position(d.Pos)
			name, _ := filepath.Rel(dir, at.Filename)
			message, _, _ := strings.Cut(d.Message, " (https://")
			lines = append(lines, fmt.Sprintf("%s\t%s\t%s:%d\t%s", action.Analyzer.Name, service, name, at.Line, message))
		}
	}
	slices.Sort(lines)
	for _, line := range slices.Compact(lines) {
		fmt.Println(line)
	}
	log.Printf("%d packages, %d findings", len(pkgs), len(lines))
	return nil
}

// dropBodies removes the bodies of functions, so that a dependency is checked in less time. Generic functions and init
// must have one.
func dropBodies(file *ast.File) {
	for _, decl := range file.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok && fn.Body != nil && fn.Type.TypeParams == nil && fn.Recv == nil && fn.Name.Name != "init" || ok && fn.Recv != nil && fn.Body != nil && !generic(fn) {
			fn.Body = nil
		}
	}
}

func generic(method *ast.FuncDecl) bool {
	t := method.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	switch t.(type) {
	case *ast.IndexExpr, *ast.IndexListExpr:
		return true
	}
	return false
}
