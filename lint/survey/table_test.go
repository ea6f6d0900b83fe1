package main

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"

	"github.com/traceferry/traceferry/lint"
)

func findings(t *testing.T) []finding {
	t.Helper()
	all, err := judged("findings.tsv")
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("findings.tsv has no findings")
	}
	return all
}

// TestFindingsAreOfTheSurvey: each finding is of an analyzer and of a service in the list.
func TestFindingsAreOfTheSurvey(t *testing.T) {
	services, err := read("services.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings(t) {
		if !slices.ContainsFunc(services, func(s service) bool { return s.name == f.service }) {
			t.Errorf("%s is not in services.txt", f.service)
		}
		if !slices.ContainsFunc(lint.Analyzers(), func(a *analysis.Analyzer) bool { return a.Name == strings.Split(f.analyzer, ".")[0] }) {
			t.Errorf("no analyzer has the name %s", f.analyzer)
		}
	}
}

// TestFewAreFalse: for each analyzer, fewer than one in ten findings are false. Findings that need a flag do not count.
func TestFewAreFalse(t *testing.T) {
	for analyzer, c := range counts(findings(t), "") {
		if !strings.Contains(analyzer, ".") && 10*c.wrong >= c.findings {
			t.Errorf("%s: %d of %d findings are false, want fewer than one in ten", analyzer, c.wrong, c.findings)
		}
	}
}

// TestDocument: the page has the table of these findings.
func TestDocument(t *testing.T) {
	page, err := os.ReadFile("../../docs/diagnosis.md")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("there is no docs/diagnosis.md")
	}
	if err != nil {
		t.Fatal(err)
	}
	services, err := read("services.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(tableOf(findings(t), services)) {
		if !strings.Contains(string(page), line) {
			t.Errorf("docs/diagnosis.md has no line %q; go run ./survey -table prints the table", line)
		}
	}
}
