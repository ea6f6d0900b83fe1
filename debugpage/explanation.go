package debugpage

import (
	"context"
	"net/http"
	"strconv"

	"github.com/traceferry/traceferry/internal/ascii"
	"github.com/traceferry/traceferry/propagation"
)

// explanation is a propagation.Explanation for the page. All its text is printable ASCII.
type explanation struct {
	Host       string
	Internal   bool
	Rule       string
	Trust      string
	Remote     *span    // of the format that is used; nil if there is none
	Received   []format // the received trace formats
	Carried    []header // the headers that were captured, or would be sent
	NotCarried []header
	Unread     int    // pasted lines that are no headers, or too many
	Text       string // all of it, as propagation.Explanation prints it
}

type span struct{ Format, TraceID, SpanID, Sampling string }

type format struct {
	Format    string
	Verdict   string
	Disagrees bool
	Why       string
}

type header struct {
	Name, Format, Received, Sent string
	IsSent                       bool
	Why                          string
}

// explain explains pasted headers of a caller who is trusted or not.
func explain(p *propagation.Propagator, pasted, host string, trusted bool) *explanation {
	h, unread := readHeaders(pasted)
	ctx := context.Background()
	if !trusted {
		var decide *propagation.Propagator // the nil Propagator keeps a decision and counts nothing
		ctx = decide.ExtractHTTPTrust(ctx, nil, propagation.Restart)
	}
	x := p.ExplainRequest((&http.Request{Header: h}).WithContext(ctx), host)
	made := &explanation{
		Host: safe(x.Host), Internal: x.Internal, Rule: safe(x.Rule), Trust: x.Trust.String(),
		Carried: headers(x.Headers), NotCarried: headers(x.NotCarried), Unread: unread, Text: x.String(),
	}
	if x.Winner != 0 {
		made.Remote = &span{x.Winner.String(), x.Remote.TraceID.String(), x.Remote.SpanID.String(), x.Remote.Sampling.String()}
	}
	for _, f := range x.Received {
		made.Received = append(made.Received, format{f.Format.String(), f.Verdict.String(), f.Verdict.Disagrees(), safe(f.Why)})
	}
	return made
}

func headers(all []propagation.ExplainedHeader) (made []header) {
	for _, h := range all {
		f := ""
		if h.Format != 0 {
			f = h.Format.String()
		}
		made = append(made, header{safe(h.Name), f, short(h.Received), short(h.Sent), h.Fate.Sent(), safe(h.Why)})
	}
	return made
}

// safe returns text that anyone may have written: quoted if it is not printable ASCII, and cut if it is long. So it has
// no control characters and none that change the direction of text.
func safe(s string) string {
	if !ascii.Printable(s) {
		s = strconv.QuoteToASCII(s)
	}
	return short(s)
}

// maxShown is the length of the longest text that the page shows of a name or a value.
const maxShown = 1000

func short(s string) string {
	if len(s) <= maxShown {
		return s
	}
	return s[:maxShown] + "... (size " + strconv.Itoa(len(s)) + ")"
}
