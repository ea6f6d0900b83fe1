package policy

import (
	"cmp"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/wire"
)

// RefuseHeader returns why Config.Headers or Config.UnsafeHeaders must not contain an entry. It returns "" if the
// entry is valid.
func RefuseHeader(entry string, unsafe bool) string {
	name, pattern := strings.CutSuffix(entry, wire.Every)
	switch {
	case entry == "":
		return "is empty"
	case strings.HasPrefix(entry, ":"):
		return "is a pseudo-header: it belongs to one message"
	case !pattern && !ValidToken(name):
		return "is not a header name (RFC 9110, section 5.1)"
	case strings.Contains(name, wire.Every):
		return `has a "*" before its end: a pattern is the beginning of a name and one "*", as in "x-company-*"`
	case !pattern:
		return refuseName(name, unsafe)
	case unsafe:
		return `is a pattern: list each name of UnsafeHeaders by itself`
	case len(name) < minPattern:
		return `has fewer than three characters before the "*": name the headers that you mean`
	case !ValidToken(name):
		return "is not the beginning of a header name (RFC 9110, section 5.1)"
	}
	return refusePattern(name)
}

// minPattern is the minimum number of characters before the "*" of a pattern. "x-*" would match nearly all headers.
const minPattern = 3

// refuseName returns why one of the lists must not contain a name, or "".
func refuseName(name string, unsafe bool) string {
	lower := strings.ToLower(name)
	owner, owned := wire.FormatOwning(lower)
	k := kindOf(lower)
	switch {
	case owned:
		return "belongs to the format " + owner.String() + ": put that in Formats"
	case k == harmless && unsafe:
		return "is not one of the unsafe names: put it in Headers"
	case k == harmless || k.knowingly() && unsafe:
		return ""
	}
	return k.reason()
}

// refusePattern returns why no name that begins with prefix can be carried. It returns "" if some can. A pattern
// never carries a refused name: see CarriesUnder.
func refusePattern(prefix string) string {
	lower := strings.ToLower(prefix)
	if k := kindOfAll(lower); k != harmless {
		return "has only refused names under it: such a header " + k.reason()
	}
	for _, f := range wire.AllFormats() {
		if begins := namespace(f); begins != "" && strings.HasPrefix(lower, begins) || slices.ContainsFunc(wire.Table[f].Prefixes, func(p string) bool { return strings.HasPrefix(lower, p) }) {
			return "is within the names of the format " + f.String() + ": put that in Formats"
		}
	}
	return ""
}

// namespace returns the common beginning of a format's names, up to a "-": "x-b3-", "x-datadog-". It is empty if the
// format has one name, or if the beginning is empty or only "x-".
func namespace(f wire.Format) string {
	names := wire.Table[f].Fields
	common := names[0]
	for _, name := range names[1:] {
		for !strings.HasPrefix(name, common) {
			common = common[:len(common)-1]
		}
	}
	common = common[:strings.LastIndexByte(common, '-')+1]
	if len(names) < 2 || len(common) <= len("x-") {
		return ""
	}
	return common
}

// ComparePatterns orders names before patterns, and longer patterns before shorter ones, because the longest match
// decides.
func ComparePatterns(a, b wire.Field) int {
	switch {
	case a.Prefix && b.Prefix:
		return cmp.Compare(len(b.Lower), len(a.Lower))
	case a.Prefix:
		return 1
	case b.Prefix:
		return -1
	}
	return 0
}

// CarriesUnder reports whether a pattern may carry a header. It may not if the name is refused, belongs to a format,
// or is invalid. Such a header is treated as not configured.
func CarriesUnder(name string) bool {
	lower := strings.ToLower(name)
	if _, owned := wire.AllNames().Owner(lower); owned || strings.Contains(lower, wire.Every) {
		return false
	}
	return ValidToken(lower) && kindOf(lower) == harmless
}

// Harmless reports whether a lower-case name is on none of the lists of refused headers. Names that a format owns are
// harmless.
func Harmless(lower string) bool { return kindOf(lower) == harmless }

// ValidToken reports whether s is a token (RFC 9110, section 5.6.2).
func ValidToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		alnum := 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9'
		if !alnum && !strings.Contains("!#$%&'*+-.^_`|~", s[i:i+1]) {
			return false
		}
	}
	return s != ""
}
