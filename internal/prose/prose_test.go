package prose_test

import (
	"strings"
	"testing"

	"github.com/traceferry/traceferry/internal/prose"
)

// TestCheck: each rule finds its kind of sentence, and leaves a plain sentence alone.
func TestCheck(t *testing.T) {
	for sentence, rule := range map[string]string{
		"It sends what came on.":                                         "received headers",
		"A stranger gets no baggage.":                                    "untrusted caller",
		"The caller is believed.":                                        "trusted",
		"It records whom the call goes to.":                              "use the noun",
		"The id is none.":                                                "is invalid",
		"DialOptions needs it not.":                                      `put "not" before the verb`,
		"It writes the header anew.":                                     "modern word",
		"The observer hears of it.":                                      "say what happens",
		"The line was removed by the library.":                           "make traceferry the subject",
		"Never is a header lost.":                                        "start with the subject",
		"Of a repeated traceparent nothing is read.":                     "start with the subject",
		"It has " + strings.Repeat("many ", 30) + "words.":               "33 words, more than 30",
		"Inject writes the received headers. It counts them.":            "",
		"It returns nil if there is none. There is no span yet.":         "",
		"It has `what came` in code, and \"a stranger\" in a quotation.": "",
	} {
		var got []string
		for _, p := range prose.Markdown(sentence) {
			for _, f := range prose.Check(p) {
				got = append(got, f.Rule)
			}
		}
		if all := strings.Join(got, "; "); rule == "" && all != "" || !strings.Contains(all, rule) {
			t.Errorf("%q: %q, want %q", sentence, all, rule)
		}
	}
}

// TestParagraphs: code is not prose, a table cell stands alone, and a paragraph has the line where it begins.
func TestParagraphs(t *testing.T) {
	text := "# Title\n\nOne line\nand [a link](x.md).\n\n```go\nwhat came\n```\n\n    what came\n\n| a cell | another |\n|---|---|\n\n- an item\n"
	want := []prose.Paragraph{{3, "One line and a link. "}, {12, "a cell "}, {12, "another "}, {13, "--- "}, {13, "--- "}, {15, "an item "}}
	got := prose.Markdown(text)
	if len(got) != len(want) {
		t.Fatalf("paragraphs are %+v, want %+v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("paragraph %d is %+v, want %+v", i, got[i], want[i])
		}
	}
	comments, err := prose.Go("a.go", []byte("package a\n\n// F calls.\n//\n//\twhat came\nfunc F() {}\n"))
	if err != nil || len(comments) != 1 || comments[0] != (prose.Paragraph{3, "F calls. "}) {
		t.Errorf("the comments are %+v, %v", comments, err)
	}
}
