package propagationtest

import (
	"fmt"
	"strings"
)

// Kind says what is wrong with a call or a request.
type Kind string

// The kinds of failures. The text of each is that in messages.
const (
	Lost         Kind = "lost"                            // a header, or a line of it, did not arrive
	LostAll      Kind = "lost all"                        // none of the headers of the request arrived; Failure.Detail names them
	Changed      Kind = "changed"                         // another value arrived
	Duplicated   Kind = "duplicated"                      // more lines arrived than the service got
	Invented     Kind = "invented"                        // a header arrived that the service did not get
	Empty        Kind = "sent empty"                      // a header arrived without a value
	MixedUp      Kind = "mixed up with another request"   // a value of another request arrived
	ToExternal   Kind = "sent to an external host"        // a header arrived at an External callee that must not get it
	Inconsistent Kind = "inconsistent with other headers" // trace headers of one call name different spans
	NotContinued Kind = "not continued"                   // the proxy before the callee found no span to continue
	NoCall       Kind = "no call"                         // the service did not call the callee
	CallCount    Kind = "wrong number of calls"           // the request made more or fewer calls than the option Calls says
	Failed       Kind = "failed"                          // the service did not answer the request
)

// Failure is one finding of a test. Equal findings of several requests are one Failure. Each Failure of [Failures] is
// also an error.
type Failure struct {
	Kind   Kind     // what is wrong
	Callee string   // the name of the callee; empty: the failure is about the request or its response
	Header string   // the name of the header in lower case; empty: the failure is about the call
	Call   string   // the first call with it: "GET /details", or the full gRPC method
	Want   []string // the lines that the service got with the first request
	Got    []string // the lines that the callee got
	Detail string   // more about it, as a sentence
	Rule   string   // the rule of the specification; empty: there is none
	Hint   string   // how to change the test, if the service is right; empty: no advice
	Losses []Loss   // where the header was lost, if the service uses Mesh.Observer
	Cases  []string // the names of the cases with this failure
	Times  int      // how often it occurred
}

// Error returns the failure as sentences, in several lines.
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

// Failures is the error of [Mesh.Check] and [Test]: all findings of one test. Get it with errors.As:
//
//	var failures propagationtest.Failures
//	if errors.As(err, &failures) && failures.Has(propagationtest.Lost, "traceparent") { ... }
type Failures []Failure

// Error returns the sentences of all failures, one after the other.
func (fs Failures) Error() string {
	var lines []string
	for _, f := range fs {
		lines = append(lines, f.Error())
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the failures as errors, each a [Failure], for errors.As.
func (fs Failures) Unwrap() (errs []error) {
	for _, f := range fs {
		errs = append(errs, f)
	}
	return errs
}

// Has reports whether there is a failure of the kind k about a header. The name of the header is in lower case. An
// empty name stands for any header.
func (fs Failures) Has(k Kind, header string) bool {
	for _, f := range fs {
		if f.Kind == k && (header == "" || f.Header == header) {
			return true
		}
	}
	return false
}
