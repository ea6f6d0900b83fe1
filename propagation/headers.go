package propagation

import (
	"slices"
	"strings"
)

// What Config.Headers refuses, and why: a header that is forwarded reaches every
// destination that the client calls.
var (
	// credentials and proxy orders that an application may have reason to forward, knowingly
	unsafeNames    = []string{"authorization", "cookie", "set-cookie", "jwt"}
	unsafePrefixes = []string{"x-envoy-"}

	// what belongs to one connection, one message or the proxy between
	refusedNames = []string{
		"forwarded", "x-amz-security-token", "host", "connection", "te", "accept-encoding",
		"keep-alive", "transfer-encoding", "trailer", "upgrade", "http2-settings", "via", // hop-by-hop too: RFC 9110, section 7.6
		"expect", "range", "max-forwards", "date", // of one message
	}
	refusedPrefixes = []string{"proxy-", "x-forwarded-", "content-", "grpc-", "if-", "sec-websocket-"}
)

// refuseHeader returns why a name may not stand in Config.Headers, or in
// Config.UnsafeHeaders; "" if it may.
func refuseHeader(name string, unsafe bool) string {
	lower := strings.ToLower(name)
	begins := func(prefix string) bool { return strings.HasPrefix(lower, prefix) }
	owner, owned := formatOwning(lower)
	needsUnsafe := slices.Contains(unsafeNames, lower) || slices.ContainsFunc(unsafePrefixes, begins)
	switch {
	case name == "":
		return "is empty"
	case begins(":"):
		return "is a pseudo-header: it belongs to one message"
	case !validToken(name):
		return "is no header name (RFC 9110, section 5.1)"
	case owned:
		return "belongs to the format " + owner.String() + ": put that in Formats"
	case slices.Contains(refusedNames, lower) || slices.ContainsFunc(refusedPrefixes, begins):
		return "belongs to one hop or one message and is never forwarded"
	case needsUnsafe && !unsafe:
		return "is a credential or steers a proxy: if what is called may have it, put it in UnsafeHeaders"
	case unsafe && !needsUnsafe:
		return "is not one of the unsafe names: put it in Headers"
	}
	return ""
}

// validToken reports whether s is a token (RFC 9110, section 5.6.2).
func validToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		alnum := 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9'
		if !alnum && !strings.Contains("!#$%&'*+-.^_`|~", s[i:i+1]) {
			return false
		}
	}
	return s != ""
}
