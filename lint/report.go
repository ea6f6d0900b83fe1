package lint

import (
	"bytes"
	"fmt"
	"go/ast"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
)

const docs = "https://github.com/traceferry/traceferry/blob/main/docs/diagnosis.md#"

// analyzer returns an analyzer that requires contextsAnalyzer. The first line of doc is its summary.
func analyzer(name, doc string, run func(*reporter)) *analysis.Analyzer {
	a := &analysis.Analyzer{
		Name:     name,
		Doc:      doc,
		URL:      docs + name,
		Requires: []*analysis.Analyzer{inspect.Analyzer, contextsAnalyzer},
	}
	a.Run = func(pass *analysis.Pass) (any, error) {
		run(&reporter{pass, pass.ResultOf[contextsAnalyzer].(*contexts)})
		return nil, nil
	}
	return a
}

// reporter is a pass of one analyzer.
type reporter struct {
	*analysis.Pass
	*contexts
}

// report reports a finding at node, with the reason and the page with the details. It reports nothing in a test file or
// a generated file, or if a comment silences the finding.
func (r *reporter) report(node ast.Node, fixes []analysis.SuggestedFix, format string, args ...any) {
	for _, file := range r.Files {
		if file.FileStart <= node.Pos() && node.Pos() < file.FileEnd && (ast.IsGenerated(file) || isTest(r.Fset.Position(node.Pos()).Filename, file)) || forTests(r.Pkg.Path()) {
			return
		}
	}
	at := r.Fset.Position(node.Pos())
	names := r.silenced[at.Filename][at.Line]
	if slices.Contains(names, r.Analyzer.Name) || slices.Contains(names, "traceferry") {
		return
	}
	r.Report(analysis.Diagnostic{
		Pos:            node.Pos(),
		End:            node.End(),
		Message:        fmt.Sprintf(format, args...) + " (" + r.Analyzer.URL + ")",
		SuggestedFixes: fixes,
	})
}

// isTest reports whether a file is a test file, or belongs to a package for tests.
func isTest(name string, file *ast.File) bool {
	return strings.HasSuffix(name, "_test.go") || slices.ContainsFunc(file.Imports, func(i *ast.ImportSpec) bool {
		return i.Path.Value == `"testing"` || i.Path.Value == `"net/http/httptest"`
	})
}

var (
	directive = regexp.MustCompile(`^//(?:lint:ignore\s+([\w,]+)\s+\S|nolint(?::([\w, ]+?))?\s*(?://|$))`)
	// explanation is the text of a comment that explains a root context.
	explanation = regexp.MustCompile(`(?i)context\.Background|background context|cancel|detach|outliv|independent`)
)

// findDirectives finds the comments that silence analyzers. Such a comment applies to its line. If it is alone on its
// line, it also applies to the next line. In the doc comment of a function, it applies to the function.
func (x *contexts) findDirectives() {
	x.silenced = map[string]map[int][]string{}
	for _, file := range x.pass.Files {
		lines := map[int][]string{}
		silence := func(names []string, first, last int) {
			for line := first; line <= last && len(names) > 0; line++ {
				lines[line] = append(lines[line], names...)
			}
		}
		name := x.pass.Fset.Position(file.Package).Filename
		source, _ := x.pass.ReadFile(name)
		x.silenced[name] = lines
		for _, group := range file.Comments {
			for _, comment := range group.List {
				at := x.pass.Fset.Position(comment.Pos())
				last := at.Line
				if aloneOnLine(source, at.Offset) {
					last = x.pass.Fset.Position(group.End()).Line + 1
				}
				silence(silencedBy(comment.Text), at.Line, last)
				if explanation.MatchString(comment.Text) {
					silence([]string{"background"}, at.Line, last)
				}
			}
		}
		for _, decl := range file.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || fn.Doc == nil {
				continue
			}
			for _, comment := range fn.Doc.List {
				silence(silencedBy(comment.Text), x.pass.Fset.Position(fn.Pos()).Line, x.pass.Fset.Position(fn.End()).Line)
			}
		}
	}
}

// aloneOnLine reports whether there is only white space before offset on its line.
func aloneOnLine(source []byte, offset int) bool {
	if offset > len(source) {
		return false
	}
	before := source[:offset]
	return len(bytes.TrimSpace(before[bytes.LastIndexByte(before, '\n')+1:])) == 0
}

// silencedBy returns the analyzers that a comment silences.
func silencedBy(comment string) []string {
	match := directive.FindStringSubmatch(comment)
	if match == nil {
		return nil
	}
	names := match[1] + match[2]
	if names == "" {
		return []string{"traceferry"}
	}
	return strings.FieldsFunc(names, func(r rune) bool { return r == ',' || r == ' ' })
}
