package traceferry_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/internal/prose"
)

// TestProse: documents and comments have no long sentences, and no words or orders of words that a reader stumbles over.
func TestProse(t *testing.T) {
	out, err := exec.Command("git", "ls-files", "*.md", "*.go").Output()
	if err != nil {
		t.Skipf("git ls-files: %v", err)
	}
	for name := range strings.FieldsSeq(string(out)) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		paragraphs := prose.Markdown(string(text))
		if strings.HasSuffix(name, ".go") {
			if strings.HasSuffix(name, ".pb.go") {
				continue
			}
			if paragraphs, err = prose.Go(name, text); err != nil {
				t.Fatal(err)
			}
		}
		for _, p := range paragraphs {
			for _, found := range prose.Check(p) {
				t.Errorf("%s:%s", name, found)
			}
		}
	}
}
