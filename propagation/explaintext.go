package propagation

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/traceferry/traceferry/internal/ascii"
	"github.com/traceferry/traceferry/internal/plan"
)

// String returns the explanation as several lines of text, for people. Do not parse it: the text may change. It has
// only printable ASCII and line ends. Other characters are escaped. It cuts values after 512 bytes and lists after
// 100 headers, so that a hostile request cannot fill a log.
func (x Explanation) String() string {
	var b strings.Builder
	host, where, rule := cut(plain(x.Host)), "not internal", "no rule of Config.Destinations applies"
	if host == "" {
		host = "an unknown host"
	}
	if x.Internal {
		where = "internal"
	}
	switch {
	case x.Rule != "":
		rule = "the rule for " + x.Rule + " applies"
	case x.unruled:
		rule = "the rules are unknown, because no Propagator has extracted this context"
	}
	fmt.Fprintf(&b, "to %s: %s; %s\ncaller: %s\n", host, where, rule, trusted(x.Trust))
	describe := func(what string, sc SpanContext) {
		if sc != (SpanContext{}) {
			fmt.Fprintf(&b, "%s: trace %s, span %s, %v\n", what, idOrNone(sc.TraceID), idOrNone(sc.SpanID), sc.Sampling)
		}
	}
	describe("remote span, from "+x.Winner.String(), x.Remote)
	describe("local span", x.Local)
	if len(x.Received) > 0 {
		b.WriteString("received trace formats:\n")
		w := newTable(&b)
		for _, f := range x.Received {
			fmt.Fprintf(w, "  %s\t%s\n", f.title(), f.Why)
		}
		w.Flush()
	}
	if len(x.Headers) == 0 {
		b.WriteString("nothing was captured, and nothing would be sent\n")
	}
	list := func(title string, headers []ExplainedHeader) {
		if len(headers) == 0 {
			return
		}
		b.WriteString(title)
		w := newTable(&b)
		for _, h := range headers[:min(len(headers), maxRows)] {
			fmt.Fprintf(w, "  %s\t%s\t%s\n", cut(plain(h.Name)), cut(h.Received), h.Why)
		}
		w.Flush()
		if more := len(headers) - maxRows; more > 0 {
			fmt.Fprintf(&b, "  and %d more\n", more)
		}
	}
	list("headers:\n", x.Headers)
	list("received, but not carried:\n", x.NotCarried)
	return b.String()
}

func newTable(w io.Writer) *tabwriter.Writer { return tabwriter.NewWriter(w, 0, 0, 2, ' ', 0) }

// trusted returns in words how far a caller is trusted.
func trusted(t Trust) string {
	switch t {
	case Continue:
		return "trusted"
	case Restart, Ignore:
		return "not trusted (" + t.String() + ")"
	}
	return "trusted in part (" + t.String() + ")"
}

// because returns the fate of a header in words, with its reason.
func (x *Explanation) because(h *plan.Header) string {
	fate := Fate(h.Fate)
	rule := "the rule for " + x.Rule + " does not allow "
	if x.Rule == "" {
		rule = "the host is not internal, and no rule allows "
	}
	switch fate {
	case FateTranslated:
		return "sent with the span context of " + x.Source.String()
	case FateReconciled:
		return "sent with the span of " + x.Source.String() + ", because of Config.Reconcile"
	case FateRenamed:
		return "sent as received, under the name " + h.SentAs
	case FateUntrusted:
		return "not sent: the caller is " + trusted(x.Trust)
	case FateReported:
		return fate.String() + ": " + rule + "it"
	case FateDisallowed, FatePartlyDisallowed:
		if x.Rule == "" && x.Internal {
			return fate.String()
		}
		if fate == FatePartlyDisallowed {
			return "sent in part: " + rule + "the rest"
		}
		return "not sent: " + rule + "it"
	case FateUnlistedFormat:
		return "not carried: Config.Formats does not list " + Format(h.Field.Format).String()
	case FateUnlistedHeader:
		return "not carried: Config.Headers does not list it"
	case FateUnlistedUnsafe, FateNeverCarried:
		return "not carried: it " + h.Reason
	}
	return fate.String()
}

// title returns the name of the format, with its alias.
func (f ExplainedFormat) title() string {
	if f.Name == "" {
		return f.Format.String()
	}
	return f.Format.String() + " (" + f.Name + ")"
}

func quoted(lines []string) string {
	var all []string
	for _, v := range lines {
		all = append(all, strconv.QuoteToASCII(v))
	}
	return strings.Join(all, ", ")
}

func sized(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	size := 0
	for _, v := range lines {
		size += len(v)
	}
	return fmt.Sprintf("(size %d)", size)
}

// Bounds of String.
const (
	maxCell = 512 // bytes of a name or a value
	maxRows = 100 // headers of a list
)

func cut(s string) string {
	if len(s) > maxCell {
		return s[:maxCell] + "..."
	}
	return s
}

// plain returns text from outside the program, quoted if it is not printable ASCII.
func plain(s string) string {
	if !ascii.Printable(s) {
		return strconv.QuoteToASCII(s)
	}
	return s
}

func idOrNone(id interface {
	IsValid() bool
	String() string
}) string {
	if !id.IsValid() {
		return "none"
	}
	return id.String()
}
