package propagation

import (
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/traceferry/traceferry/internal/ascii"
)

// String returns the explanation as several lines of text, for people.
func (x Explanation) String() string {
	var b strings.Builder
	where := "not internal"
	if x.Internal {
		where = "internal"
	}
	rule := "no rule"
	switch {
	case x.Rule != "":
		rule = "the rule for " + x.Rule
	case x.unruled:
		rule = "its rules unknown: no Propagator has extracted this context"
	}
	fmt.Fprintf(&b, "to %s: %s, %s\ncaller: %v\n", plain(x.Host), where, rule, x.Trust)
	describe := func(what string, sc SpanContext) {
		if sc != (SpanContext{}) {
			fmt.Fprintf(&b, "%s: trace %s, span %s, %v\n", what, idOrNone(sc.TraceID), idOrNone(sc.SpanID), sc.Sampling)
		}
	}
	describe("remote span, by "+x.Winner.String(), x.Remote)
	describe("local span", x.Local)
	if len(x.Headers) == 0 {
		b.WriteString("nothing was received, and nothing would be sent\n")
	}
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, f := range x.Received {
		fmt.Fprintf(w, "  %v\t%s\n", f.Format, f.Says)
	}
	for _, h := range x.Headers {
		fmt.Fprintf(w, "  %s\t%s\t%s\n", plain(h.Name), h.Received, x.because(h.Fate))
	}
	w.Flush()
	return b.String()
}

// because returns a fate in words, with its reason.
func (x *Explanation) because(fate Fate) string {
	switch fate {
	case FateTranslated:
		return fate.String() + " from " + x.Source.String()
	case FateReconciled:
		return fate.String() + ": " + x.Source.String()
	case FateUntrusted:
		return fate.String() + ": " + x.Trust.String()
	case FateDisallowed, FatePartlyDisallowed, FateReported:
		switch {
		case x.Rule != "":
			return fate.String() + ": by the rule for " + x.Rule
		case x.Internal:
			return fate.String() + ": by default for internal hosts"
		}
		return fate.String() + ": by default for hosts that are not internal"
	}
	return fate.String()
}

// plain returns text from outside the program, quoted if it is not printable ASCII.
func plain(s string) string {
	if !ascii.Printable(s) {
		return strconv.Quote(s)
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
