package policy

import (
	"net/http"
	"slices"
	"strings"
)

// An added or removed header can invalidate these signatures: AWS Signature Version 4 (also 4A) and Google's V4, in
// the Authorization header or in the query.
var (
	signingSchemes = []string{"AWS4-", "GOOG4-"}
	signedQueries  = []string{"X-Amz-Signature", "X-Goog-Signature"}
)

// Signed reports whether an outgoing request with this raw query and these headers has such a signature.
func Signed(query string, h http.Header) bool {
	if auth := h["Authorization"]; len(auth) > 0 {
		for _, scheme := range signingSchemes {
			if strings.HasPrefix(auth[0], scheme) {
				return true
			}
		}
	}
	for query != "" {
		var param string
		param, query, _ = strings.Cut(query, "&")
		// Compare the parameter's name only: the value of another parameter may contain the same text.
		if name, _, ok := strings.Cut(param, "="); ok && slices.Contains(signedQueries, name) {
			return true
		}
	}
	return false
}
