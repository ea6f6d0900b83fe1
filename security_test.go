package traceferry_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSecurityIsTested: each test that SECURITY.md names is there.
func TestSecurityIsTested(t *testing.T) {
	text, err := os.ReadFile("SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	err = filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, match := range declared.FindAllSubmatch(source, -1) {
			tests[string(match[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`((?:Test|Fuzz)\\w+)`").FindAllSubmatch(text, -1)
	if len(named) < 20 {
		t.Errorf("it names %d tests", len(named))
	}
	for _, match := range named {
		if name := string(match[1]); !tests[name] {
			t.Errorf("it names %s, and there is none", name)
		}
	}
}

// TestSecurityHasProof: each row of what can be sent, and of what can be got, names a test.
func TestSecurityHasProof(t *testing.T) {
	text, err := os.ReadFile("SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for section := range strings.SplitSeq(string(text), "\n## ") {
		if !strings.Contains(section, "| tested by |") {
			continue
		}
		for line := range strings.SplitSeq(section, "\n") {
			cells := strings.Split(line, "|")
			if len(cells) != 5 || strings.HasPrefix(line, "|---") || strings.HasSuffix(line, "| tested by |") {
				continue
			}
			if rows++; !strings.Contains(cells[3], "`Test") && !strings.Contains(cells[3], "`Fuzz") {
				t.Errorf("no test holds %q", cells[1])
			}
		}
	}
	if rows < 15 {
		t.Errorf("%d rows have been read", rows)
	}
}
