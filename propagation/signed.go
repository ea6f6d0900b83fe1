package propagation

import (
	"context"
	"net/http"
	"slices"
	"strings"
)

// Signatures that a header more or less can spoil: AWS Signature Version 4 (also 4A) in the
// Authorization header or the query, and Google's V4 the same ways.
var (
	signingSchemes = []string{"AWS4-", "GOOG4-"}
	signedQueries  = []string{"X-Amz-Signature", "X-Goog-Signature"}
)

// signed reports whether an outgoing request bears such a signature.
func signed(r *http.Request) bool {
	if auth := r.Header["Authorization"]; len(auth) > 0 {
		for _, scheme := range signingSchemes {
			if strings.HasPrefix(auth[0], scheme) {
				return true
			}
		}
	}
	for query := r.URL.RawQuery; query != ""; {
		var param string
		param, query, _ = strings.Cut(query, "&")
		// a parameter's name, and not what somebody has put into the value of another
		if name, _, ok := strings.Cut(param, "="); ok && slices.Contains(signedQueries, name) {
			return true
		}
	}
	return false
}

// signedMay reports whether a signed request may be added to: where it goes to an internal host, or a rule
// for its host says so. That it is left alone is counted.
func (p *Propagator) signedMay(ctx context.Context, to Callee) bool {
	if c := p.clearanceOf(to); c.internal || c.rule != "" {
		return true
	}
	if src := p.sourceOf(ctx); !src.empty() {
		p.count(ctx, 0, Withheld)
	}
	return p.reportOnly
}
