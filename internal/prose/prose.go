// Package prose finds sentences that are hard to read: long ones, and ones with words or orders of words that this
// repository does not use. A test of the root package applies it to all documents and comments.
package prose

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strings"
)

// MaxWords is the largest number of words in a sentence.
const MaxWords = 30

// Paragraph is text that belongs together, without markup.
type Paragraph struct {
	Line int // of its first line in the file
	Text string
}

// Finding is a sentence that breaks a rule.
type Finding struct {
	Line     int // of the paragraph
	Rule     string
	Sentence string
}

func (f Finding) String() string { return fmt.Sprintf("%d: %s: %s", f.Line, f.Rule, f.Sentence) }

// rule is a pattern that no sentence may match, and what to write instead.
type rule struct {
	pattern *regexp.Regexp
	advice  string
}

// rules are the words and the orders of words that a reader stumbles over. Each has an example in the test.
var rules = []rule{
	{words(`what came`, `what comes in`, `who came`), `write "received headers"`},
	{words(`strangers?`), `write "untrusted caller" or "external host"`},
	{words(`(?:is|are|was|not) believed`, `believes? (?:the|a|its|his) callers?`), `write "trusted"`},
	{words(`whom`), `use the noun: "the destination", "the caller"`},
	{words(`(?:is|are) (?:none|nobody's)`, `is no (?:host|token|name|span)`), `write "is invalid", "is absent" or "is empty"`},
	{words(`(?:needs?|knows?|has|have|says?|does|tells?|takes?|reads?) (?:it|them) not`), `put "not" before the verb`},
	{words(`anew`, `thereof`, `whereof`, `hence`, `thus`, `heretofore`, `therein`, `nought`, `betwixt`), `use a modern word`},
	{words(`hears? of it`, `learns? of it`), `say what happens: "increments Stats.TooLarge"`},
	{words(`it is to be`, `there is to be`), `write who does it`},
	{words(`(?:are|is|was|were|been) \w+ed by (?:us|the library|traceferry)`), `make traceferry the subject`},
	{regexp.MustCompile(`^(?:Never|Nowhere|Nor|Only then|Seldom|Rarely|Hardly) (?:is|are|does|do|did|has|have|may|can|must)\b`), `start with the subject`},
	{regexp.MustCompile(`^Of (?:what|a|the|an|these|those|such)\b[^,]*? (?:is|are|has|have|nothing|only)\b`), `start with the subject`},
}

// plainNone are plain phrases that a rule would find: "or nil if there is none".
var plainNone = words(`there (?:is|are) (?:none|no \w+)`)

// words returns a pattern of whole words in any case.
func words(alternatives ...string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)\b(?:` + strings.Join(alternatives, "|") + `)\b`)
}

// Check returns the findings in a paragraph.
func Check(p Paragraph) (found []Finding) {
	for _, sentence := range Sentences(p.Text) {
		if n := len(strings.Fields(sentence)); n > MaxWords {
			found = append(found, Finding{p.Line, fmt.Sprintf("%d words, more than %d", n, MaxWords), sentence})
		}
		rest := plainNone.ReplaceAllString(sentence, "")
		for _, r := range rules {
			if match := r.pattern.FindString(rest); match != "" {
				found = append(found, Finding{p.Line, fmt.Sprintf("%q: %s", match, r.advice), sentence})
			}
		}
	}
	return found
}

var (
	ends         = regexp.MustCompile(`[.!?:;]["')\]]*\s+`)
	abbreviation = regexp.MustCompile(`(?:\b(?:e\.g|i\.e|etc|vs|No|Nr|St)|\b[A-Z])\.\s+$`)
)

// Sentences splits a paragraph. A colon or a semicolon ends a sentence, too, because a reader may stop there.
func Sentences(text string) (all []string) {
	start := 0
	for _, end := range ends.FindAllStringIndex(text, -1) {
		if abbreviation.MatchString(text[start:end[1]]) {
			continue
		}
		all = append(all, strings.TrimSpace(text[start:end[1]]))
		start = end[1]
	}
	if rest := strings.TrimSpace(text[start:]); rest != "" {
		all = append(all, rest)
	}
	return all
}

var (
	fence    = regexp.MustCompile("^\\s*(```|~~~)")
	inCode   = regexp.MustCompile("`[^`]*`")
	link     = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
	listItem = regexp.MustCompile(`^\s*(?:[-*]|\d+\.)\s+`)
	quote    = regexp.MustCompile(`"[^"]*"`)
)

// Markdown returns the paragraphs, list items and table cells of a document. Code becomes the word "code".
func Markdown(text string) (all []Paragraph) {
	var p Paragraph
	flush := func() {
		if p.Text != "" {
			all = append(all, p)
		}
		p = Paragraph{}
	}
	add := func(line int, text string) {
		if p.Text == "" {
			p.Line = line
		}
		p.Text += plain(text) + " "
	}
	fenced, n := false, 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimRight(line, "\n")
		switch {
		case fence.MatchString(line):
			flush()
			fenced = !fenced
		case fenced, strings.HasPrefix(line, "    ") && p.Text == "": // code
		case strings.TrimSpace(line) == "", strings.HasPrefix(line, "#"), strings.HasPrefix(line, "<"):
			flush()
		case strings.HasPrefix(line, "|"):
			flush()
			for cell := range strings.SplitSeq(strings.Trim(line, "| "), "|") {
				add(n, cell)
				flush()
			}
		default:
			if listItem.MatchString(line) {
				flush()
			}
			add(n, listItem.ReplaceAllString(line, ""))
		}
	}
	flush()
	return all
}

// plain removes markup and quotations, which are not this repository's own words.
func plain(text string) string {
	text = link.ReplaceAllString(text, "$1")
	text = inCode.ReplaceAllString(text, "code")
	text = quote.ReplaceAllString(text, "quoted")
	return strings.TrimSpace(strings.ReplaceAll(text, "**", ""))
}

// Go returns the paragraphs of the comments of a Go file.
func Go(name string, source []byte) ([]Paragraph, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var all []Paragraph
	for _, group := range file.Comments {
		first := files.Position(group.Pos()).Line
		for _, p := range Markdown(indentCode(group)) {
			p.Line += first - 1
			all = append(all, p)
		}
	}
	return all, nil
}

// indentCode returns the text of a comment. Its code is indented as Markdown's is.
func indentCode(group *ast.CommentGroup) string {
	return strings.ReplaceAll(group.Text(), "\n\t", "\n\n    ")
}
