package propagation_test

import (
	"context"
	"maps"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/baggage"
	"golang.org/x/net/idna"
)

// partnerHost may get one key of baggage, and no other user data.
const partnerHost = "api.partner.example"

var fuzzRuling = func() (all [4]*propagation.Propagator) {
	for way := range all {
		c := propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"x-user"}}
		if way&1 != 0 {
			c.LocalSpan = func(context.Context) (propagation.SpanContext, bool) { return localOfFuzz, true }
		}
		if way&2 != 0 {
			c.Destinations = []propagation.Destination{
				{Hosts: []string{partnerHost}, Baggage: []string{"tenant"}},
				{Hosts: []string{"*.bank.example"}, Formats: []propagation.Format{}},
			}
		}
		all[way] = propagation.MustNew(c)
	}
	return all
}()

// FuzzDestinations: an external host gets no user data and no baggage of the application, for any headers and any spelling
// of the host. A partner with a rule gets only the members of its key.
func FuzzDestinations(f *testing.F) {
	hosts := []string{
		"api.example.com", "API.example.com.", "reviews", "reviews.default.svc", "reviews.default", "10.1.2.3:8080", "8.8.8.8", "127.0.0.1",
		"127.1", "0x7f.1", "2130706433", "[::1]", "[::ffff:8.8.8.8]:80", "[fe80::1%25eth0]", "[64:ff9b::a00:1]", "ｅｘａｍｐｌｅ。com", "example。svc",
		"evil.com#.svc", "evil.com\x00.svc", "evil.com:80.svc", "svc", ".svc", "a..svc", "evil.com%2f.local", "user@evil.com", "localhost:http",
		"", ":80", "[", "[]", "[::1", "::1", partnerHost, "API.PARTNER.EXAMPLE:443", "www.bank.example", "bank.example", "xn--e1afmkfd.local", "-", "*", "<single-label>",
		"ai.", "ai。", "localhost.", "10.0.0.1:1,10.0.0.2:1", "10.0.0.1:1,8.8.8.8:1", "reviews,", ",",
	}
	f.Add("correlation-context: TENANT=notthatkey\njaeger-baggage: TENANT=thatkey, other=otherword\nbaggage: Tenant=notthatkeyeither", partnerHost, byte(2))
	seedPolicies(f, func(text string, i int) {
		f.Add(text, hosts[i%len(hosts)], byte(i))
		f.Add(text, partnerHost, byte(2|i&1))
	})
	f.Fuzz(func(t *testing.T, text, host string, way byte) { fuzzDestinations(t, linesOf(text), host, way%4) })
}

func fuzzDestinations(t *testing.T, came [][2]string, host string, way byte) {
	p := fuzzRuling[way]
	rule := ""
	if way&2 != 0 && strings.Contains(host, ",") {
		return // TestSeveralHosts tests rules for several hosts
	}
	if way&2 != 0 {
		rule = ruleOf(host)
	}
	if rule == "" && looksInternal(host) {
		return
	}
	var pieces []piece
	for _, line := range came {
		pieces = append(pieces, membersOf(line[0], line[1])...)
	}
	private := secrets(pieces, func(p piece) bool { return p.private && (rule != partnerHost || !strings.HasPrefix(p.text, "tenant=")) })
	for transport, ctx := range map[string]context.Context{
		"HTTP": p.ExtractHTTP(context.Background(), asHeader(came)), "gRPC": p.ExtractMetadata(context.Background(), asMetadata(came)),
	} {
		own, _ := baggage.NewMemberRaw("own", appSecret)
		bag, err := baggage.FromContext(ctx).SetMember(own)
		if err != nil {
			bag, _ = baggage.New(own)
		}
		for what, ctx := range map[string]context.Context{"as received": ctx, "with baggage of the application": baggage.ContextWithBaggage(ctx, bag)} {
			for call, sent := range everyCall(p, ctx, hostCallee(host)) {
				all := decodedText(sent)
				for _, word := range append(slices.Clone(private), appSecret) {
					if strings.Contains(all, word) {
						t.Fatalf("over %s, %s: the user data %q is sent to %q by %s: %q", transport, what, word, host, call, sent)
					}
				}
				for name := range sent {
					if m, _ := meaningOf(strings.ToLower(name)); m.private && rule != partnerHost || name != "" && rule == "*.bank.example" {
						t.Fatalf("over %s, %s: the header %s is sent to %q by %s, want none: %q", transport, what, name, host, call, sent)
					}
				}
			}
		}
	}
}

// membersOf is piecesOf, but splits baggage lists into members. The text of a member begins with its key and "=".
func membersOf(name, value string) (members []piece) {
	switch m, own := meaningOf(name); {
	case slices.Contains([]string{"baggage", "jaeger-baggage", "correlation-context"}, name):
		for member := range strings.SplitSeq(value, ",") {
			key, rest, _ := strings.Cut(member, "=")
			key = strings.Trim(key, " \t")
			if name == "jaeger-baggage" {
				key = strings.ToLower(key)
			}
			m.text = key + "=" + rest
			members = append(members, m)
		}
		return members
	case m.private && own != "":
		m.text = own + "=" + value
		return []piece{m}
	case name == "sw8-correlation":
		for member := range strings.SplitSeq(value, ",") {
			key, _, _ := strings.Cut(strings.Trim(member, " \t"), ":")
			m.text = member
			if key == "dGVuYW50" {
				m.text = "tenant=" + member
			}
			members = append(members, m)
		}
		return members
	}
	return piecesOf(name, value)
}

// ruleOf returns the pattern of the rule for a host. It compares strings, without the code of the library.
func ruleOf(host string) string {
	switch name := nameOf(host); {
	case !dnsName.MatchString(name): // not a name: an external host without a rule
	case name == partnerHost:
		return partnerHost
	case strings.HasSuffix(name, ".bank.example"):
		return "*.bank.example"
	}
	return ""
}

var (
	dnsName   = regexp.MustCompile(`^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$`)
	numeric   = regexp.MustCompile(`(^|\.)([0-9]+|0x[0-9a-f]*)$`)
	inNetwork = regexp.MustCompile(`\.(svc|cluster\.local|internal|local|consul|localhost)$`)
)

// nameOf returns the host without port and in the spelling in which it is dialed. It returns "" for an invalid host.
func nameOf(host string) string { return strings.TrimSuffix(spelledOf(host), ".") }

// spelledOf is nameOf, but keeps a dot at the end.
func spelledOf(host string) string {
	u, err := url.Parse("http://" + strings.ReplaceAll(host, "%", "%25") + "/")
	if err != nil || u.User != nil || u.Path != "/" || u.RawQuery != "" || u.Fragment != "" {
		return ""
	}
	name := u.Hostname()
	if ascii, err := idna.Lookup.ToASCII(name); err == nil && strings.ContainsFunc(name, func(r rune) bool { return r >= 0x80 }) {
		name = ascii
	}
	return strings.ToLower(name)
}

// looksInternal reports whether a host is internal by default. It is slow and shares no code with the library.
func looksInternal(host string) bool {
	if first, rest, several := strings.Cut(host, ","); several {
		return looksInternal(first) && looksInternal(rest)
	}
	name := nameOf(host)
	address, _, _ := strings.Cut(name, "%")
	if ip := net.ParseIP(address); ip != nil {
		return ip.IsLoopback() || ip.IsPrivate()
	}
	return len(name) <= 253 && dnsName.MatchString(name) && !numeric.MatchString(name) &&
		(name == "localhost" || !strings.Contains(spelledOf(host), ".") || inNetwork.MatchString(name))
}

// TestLooksInternal: looksInternal distinguishes internal and external hosts, and the library agrees with it.
func TestLooksInternal(t *testing.T) {
	ctx := fuzzRuling[0].ExtractHTTP(context.Background(), asHeader(linesOf(everyHeader)))
	for host, want := range map[string]bool{
		"reviews": true, "reviews.default.svc:80": true, "10.1.2.3:8080": true, "[::1]:80": true, "a.consul.": true, "[fd00::1]": true,
		"api.example.com": false, "8.8.8.8": false, "127.1": false, "2130706433": false, "[::ffff:8.8.8.8]": false, "evil.com#.svc": false, "": false,
		"reviews.default": false, "ｅｖｉｌ。com": false, "evil.com:80.svc": false, "user@reviews": false,
	} {
		if got := looksInternal(host); got != want {
			t.Errorf("looksInternal(%q) = %v, want %v", host, got, want)
		}
		for call, sent := range everyCall(fuzzRuling[0], ctx, hostCallee(host)) {
			names := slices.Sorted(maps.Keys(sent))
			if got := slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, "x-user") }); got != want {
				t.Errorf("%q gets %q by %s, want x-user among them: %v", host, names, call, want)
			}
		}
	}
}
