package peer_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/internal/peer"
)

const (
	good   = "spiffe://example.org/good"
	evil   = "spiffe://evil.example/x"
	nearby = "By=spiffe://example.org/me;Hash=468ed33be74eee65"
)

// TestForwardedID has elements from Envoy's documentation, and others in the form in which its proxies write them.
func TestForwardedID(t *testing.T) {
	for name, row := range map[string]struct {
		lines []string
		want  string
	}{
		"none":             {nil, ""},
		"empty":            {[]string{""}, ""},
		"URI alone":        {[]string{"URI=" + good}, good},
		"Istio":            {[]string{nearby + `;Subject="";URI=` + good}, good},
		"a subject":        {[]string{nearby + `;Subject="/C=US/ST=CA/L=San Francisco/OU=Lyft/CN=Test Client";URI=` + good}, good},
		"and names":        {[]string{nearby + `;Subject="CN=a,O=b";URI=` + good + `;DNS=a.example;DNS=b.example`}, good},
		"a certificate":    {[]string{nearby + `;Cert="-----BEGIN%20CERTIFICATE-----%0A=,;";URI=` + good}, good},
		"quoted":           {[]string{nearby + `;URI="` + good + `"`}, good},
		"escapes":          {[]string{nearby + `;Subject="CN=\"a\\";URI=` + good}, good},
		"white space":      {[]string{nearby + ` ; URI = ` + good + ` `}, good},
		"any case":         {[]string{nearby + `;uri=` + good}, good},
		"two proxies":      {[]string{nearby + `;URI=` + evil + `,` + nearby + `;URI=` + good}, good},
		"two lines":        {[]string{nearby + `;URI=` + evil, nearby + `;URI=` + good}, good},
		"no URI":           {[]string{nearby + `;Subject="CN=a";DNS=a.example`}, ""},
		"an empty URI":     {[]string{nearby + `;URI=`}, ""},
		"an empty quoted":  {[]string{nearby + `;URI=""`}, ""},
		"two URIs":         {[]string{nearby + `;URI=` + good + `;URI=` + good}, ""},
		"one empty":        {[]string{nearby + `;URI=;URI=` + good}, ""},
		"only the first":   {[]string{nearby + `;URI=` + good + `,` + nearby}, ""},
		"ends in a comma":  {[]string{nearby + `;URI=` + good + `,`}, ""},
		"ends in ;":        {[]string{nearby + `;URI=` + good + `;`}, ""},
		"no pair":          {[]string{nearby + `;URI`}, ""},
		"no key":           {[]string{nearby + `;=x;URI=` + good}, ""},
		"last line empty":  {[]string{nearby + `;URI=` + good, ""}, ""},
		"not quoted whole": {[]string{nearby + `;Subject="a"b;URI=` + good}, ""},
		"text after it":    {[]string{nearby + `;Subject="a"bURI=` + good}, ""},
		"a quote within":   {[]string{nearby + `;Subject=a"b";URI=` + good}, ""},
		"= not quoted":     {[]string{nearby + `;Subject=CN=a;URI=` + good}, ""},

		"a key in quotes":           {[]string{nearby + `;"URI"=` + good}, ""},
		"another key in quotes":     {[]string{nearby + `;"X"=a;URI=` + good}, ""},
		"a quote in a key":          {[]string{nearby + `;X"=a;URI=` + good}, ""},
		"a key that ends in URI":    {[]string{nearby + `;XURI=` + good}, ""},
		"a key that begins so":      {[]string{nearby + `;URIs=` + good}, ""},
		"keys in two cases":         {[]string{nearby + `;URI=` + good + `;uri=` + good}, ""},
		"a URI in a quoted text":    {[]string{nearby + `;Subject="CN=a;URI=` + good + `"`}, ""},
		"an escape in the URI":      {[]string{`URI="spiffe://example.org\/good"`}, good},
		"two escapes":               {[]string{`URI="a\\\"b"`}, `a\"b`},
		"a backslash, not quoted":   {[]string{`URI=a\b`}, `a\b`},
		"an escaped quote, alone":   {[]string{`URI="\"`}, ""},
		"a quote after the URI":     {[]string{nearby + `;URI=` + good + `"`}, ""},
		"text after a quoted URI":   {[]string{`URI="` + good + `"x`}, ""},
		"quoted texts side by side": {[]string{`URI="` + good + `""x"`}, ""},
		"white space in quotes":     {[]string{`URI=" ` + good + ` "`}, " " + good + " "},
		"a tab before the quotes":   {[]string{"URI=\t\"" + good + "\"\t;DNS=a"}, good},
		"an empty element":          {[]string{`URI=` + evil + `,,URI=` + good}, ""},
		"an empty pair":             {[]string{`DNS=a;;URI=` + good}, ""},
		"begins with a comma":       {[]string{`,URI=` + good}, ""},
		"begins with ;":             {[]string{`;URI=` + good}, ""},
		"white space alone":         {[]string{" \t"}, ""},
		"a blank key":               {[]string{` =x;URI=` + good}, ""},
		"three proxies":             {[]string{`URI=` + evil + `,URI=` + evil + `,URI=` + good}, good},
		"a proxy without a URI":     {[]string{`URI=` + evil + `,DNS=a,URI=` + good}, good},
		"two URIs before the last":  {[]string{`URI=` + evil + `;URI=` + evil + `,URI=` + good}, good},
		"the last has two":          {[]string{`URI=` + evil + `,URI=` + good + `;URI=` + evil}, ""},
		"the first is not read":     {[]string{`URI="` + evil + `,URI=` + good}, ""},
		"a bad line before":         {[]string{`URI="`, `URI=` + good}, good},
		"a bad line after":          {[]string{`URI=` + good, `URI="`}, ""},
	} {
		if got := peer.ForwardedID(row.lines); got != row.want {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
}

// TestForwardedIDAttacks: a client writes any text before the element that the proxy appends. It has a certificate with
// a subject of its choice. The proxy writes quotes in the subject with backslashes.
func TestForwardedIDAttacks(t *testing.T) {
	for name, own := range map[string]string{
		"a URI":         nearby + `;Subject="CN=x";URI=` + evil,
		"no URI":        nearby + `;Subject="CN=x"`,
		"quotes":        nearby + `;Subject="CN=x\""`,
		"more quotes":   nearby + `;Subject="CN=\"x\""`,
		"quotes, a URI": nearby + `;Subject="CN=x\"";URI=` + evil,
		"separators":    nearby + `;Subject="CN=\"\,URI=` + good + `\,\"x=\""`,
	} {
		for _, before := range []string{
			"", "URI=" + good, "URI=" + good + `;X="`, `URI="` + good, `X="`, `X="\`, `X="\"`, `X=\`, `X=\"`, `"`, `X`, `X=`, `URI=`,
			`URI=` + good + `;X=""`, `X=",URI=` + good + `,Y="`, `X='`, "X=\"\x00",
		} {
			if got := peer.ForwardedID([]string{before + "," + own}); got == good {
				t.Errorf("%s, after %q: the client gets the id %q, want another one", name, before, got)
			}
			if got := peer.ForwardedID([]string{before, own}); got == good {
				t.Errorf("%s, after a line %q: the client gets the id %q, want another one", name, before, got)
			}
		}
	}
}

// TestForwardedIDUnclosed: a quoted text that does not end hides the element that the proxy has appended. The client's
// own element has no quotes here that would end it.
func TestForwardedIDUnclosed(t *testing.T) {
	for _, before := range []string{
		`URI=` + good + `;X="`, `X="`, `URI="` + good, `URI="` + good + `\"`, `URI=` + good + `;X="\"`, `URI=` + good + `;X="a\\\"`,
		`URI=` + good + `;X="a" ;Y="`, `By="a",URI=` + good + `;X= "`, `uri=` + good + `;X="\`, `URI=` + good + `;X="",Y="`,
	} {
		for _, own := range []string{nearby + `;URI=` + evil, nearby, `URI=` + evil, ``} {
			for _, header := range []string{before + "," + own, before + own, before + ";" + own} {
				if got := peer.ForwardedID([]string{header}); got != "" {
					t.Errorf("%q: the client gets the id %q, want none", header, got)
				}
			}
		}
	}
}

// The grammar as regular expressions, and their use.
var (
	slowPair   = `[ \t]*[^,;="]*[^,;=" \t][^,;="]*=[ \t]*(?:"(?s:[^"\\]|\\.)*"|[^,;="]*)[ \t]*`
	slowHeader = regexp.MustCompile(`^` + slowPair + `(?:[,;]` + slowPair + `)*$`)
	slowPairs  = regexp.MustCompile(`([,;]?)[ \t]*([^,;="]+)=[ \t]*("(?s:[^"\\]|\\.)*"|[^,;="]*)[ \t]*`)
	slowEscape = regexp.MustCompile(`(?s)\\(.)`)
)

func slowForwardedID(header string) string {
	if !slowHeader.MatchString(header) {
		return ""
	}
	var uris []string
	for _, m := range slowPairs.FindAllStringSubmatch(header, -1) {
		if m[1] == "," {
			uris = nil
		}
		if value := m[3]; strings.EqualFold(strings.Trim(m[2], " \t"), "uri") {
			if strings.HasPrefix(value, `"`) {
				value = slowEscape.ReplaceAllString(value[1:len(value)-1], "$1")
			} else {
				value = strings.Trim(value, " \t")
			}
			uris = append(uris, value)
		}
	}
	if len(uris) != 1 {
		return ""
	}
	return uris[0]
}

func FuzzForwardedID(f *testing.F) {
	for _, header := range []string{
		"", nearby + `;Subject="/C=US,O=\"x\"";URI=` + good, nearby + `,URI="a\\\"b" ; DNS=x`, `URI=x`, `URI="`, `URI=` + good + `;X=",` + nearby + `;URI=` + evil, `URI="\"`, `a=b;;URI=c`, "a=\"\\\n\",URI=\t\"x\"\t",
	} {
		f.Add(header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if !isASCII(header) { // net/http accepts more, but the expressions work on runes
			t.Skip()
		}
		if got, want := peer.ForwardedID([]string{header}), slowForwardedID(header); got != want {
			t.Errorf("%q: %q, the slow reader says %q", header, got, want)
		}
	})
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > 0x7F }) < 0
}
