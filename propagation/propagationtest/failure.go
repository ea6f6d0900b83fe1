package propagationtest

import (
	"fmt"
	"strings"
)

// Kind is what is wrong with a call.
type Kind string

// The kinds of failures.
const (
	Lost         Kind = "lost"                            // a header, or a line of it, did not arrive
	LostAll      Kind = "lost all"                        // none of the headers arrived
	Changed      Kind = "changed"                         // another value arrived
	Duplicated   Kind = "duplicated"                      // more lines arrived than the service got
	Invented     Kind = "invented"                        // a header arrived that the service did not get
	Empty        Kind = "sent empty"                      // a header arrived without a value
	MixedUp      Kind = "mixed up with another request"   // a value of another request arrived
	ToStranger   Kind = "sent to an external host"        // a header arrived at an External callee that must not
	Inconsistent Kind = "inconsistent with other headers" // trace headers of one call name different spans
	NotContinued Kind = "not continued"                   // the proxy before the callee found no span
	NoCall       Kind = "no call"                         // the service did not call the callee
	CallCount    Kind = "wrong number of calls"           // see Calls
	Failed       Kind = "failed"                          // the request had no answer
)

// Failure is one finding. Equal findings of several requests are one Failure.
type Failure struct {
	Kind   Kind
	Callee string   // empty: it concerns the request
	Header string   // lower case; empty: it concerns the call
	Call   string   // of the first: "GET /details", or the full method
	Want   []string // the lines that the service got, of the first
	Got    []string // the lines that the callee got
	Detail string   // what else is known
	Rule   string   // what the specification says; empty: it says nothing
	Hint   string   // how to change the test, if the service is right; empty: no advice
	Losses []Loss   // where it was lost, if known
	Cases  []string // the names of the cases with this failure
	Times  int      // the number of calls with it
}

// Error returns the failure as sentences, in some lines.
func (f Failure) Error() string {
	var b strings.Builder
	if f.Callee != "" {
		b.WriteString(f.Callee + ": ")
	}
	b.WriteString(f.sentence())
	if len(f.Cases) > 0 {
		fmt.Fprintf(&b, " (%s; cases: %s)", times(f.Times), strings.Join(f.Cases, ", "))
	}
	if f.Call != "" {
		b.WriteString("\n    call: " + f.Call)
	}
	if f.Want != nil {
		fmt.Fprintf(&b, "\n    the service got %.200q", f.Want)
	}
	if f.Got != nil {
		fmt.Fprintf(&b, "\n    the callee got  %.200q", f.Got)
	}
	for _, text := range []string{f.Detail, f.Rule, f.Hint} {
		if text != "" && text != f.sentence() {
			b.WriteString("\n    " + text)
		}
	}
	for _, l := range f.Losses {
		b.WriteString("\n    lost: " + l.String())
	}
	return b.String()
}

func (f Failure) sentence() string {
	switch f.Kind {
	case LostAll:
		return "the call carried none of the headers that the service got"
	case NotContinued:
		return "the proxy before the callee found no span to continue"
	case NoCall, CallCount, Failed:
		return f.Detail
	case Lost, Changed, Duplicated, Invented, MixedUp:
		if f.Header == "" {
			return "the calls were " + string(f.Kind)
		}
	}
	if f.Kind == Inconsistent {
		return f.Header + " is " + string(f.Kind)
	}
	return f.Header + " was " + string(f.Kind)
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// Failures is the error of [Mesh.Check] and [Test].
type Failures []Failure

// Error returns all failures.
func (fs Failures) Error() string {
	var lines []string
	for _, f := range fs {
		lines = append(lines, f.Error())
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the failures as errors, each a [Failure].
func (fs Failures) Unwrap() (errs []error) {
	for _, f := range fs {
		errs = append(errs, f)
	}
	return errs
}

// Has reports whether there is a failure of a kind with a header. An empty name stands for any header.
func (fs Failures) Has(k Kind, header string) bool {
	for _, f := range fs {
		if f.Kind == k && (header == "" || f.Header == header) {
			return true
		}
	}
	return false
}
