package policy

import (
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

// Signed reports whether an outgoing request bears such a signature.
func Signed(r *http.Request) bool {
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
