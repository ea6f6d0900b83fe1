package hostmatch

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func pattern(t testing.TB, s string) Pattern {
	t.Helper()
	p, err := ParsePattern(s)
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return p
}

// TestParsePattern: patterns for the same hosts have one canonical spelling. Config uses it to find duplicates.
func TestParsePattern(t *testing.T) {
	for spelled, want := range map[string]string{
		"api.example.com":        "api.example.com",
		"API.Example.com.":       "api.example.com",
		"api.example.com:443":    "api.example.com:443",
		"api.example.com.:0443":  "api.example.com:443",
		"bücher.example":         "xn--bcher-kva.example",
		"*.BÜCHER.example.":      "*.xn--bcher-kva.example",
		"api。example":            "api.example",
		"*.example.com":          "*.example.com",
		"*.example.com:80":       "*.example.com:80",
		"*.com":                  "*.com",
		"*.svc":                  "*.svc",
		"reviews":                "reviews",
		"localhost:8080":         "localhost:8080",
		"*":                      "*",
		"*:443":                  "*:443",
		"<single-label>":         "<single-label>",
		"<single-label>:80":      "<single-label>:80",
		"<internal>":             "<internal>",
		"<internal>:80":          "<internal>:80",
		"10.0.0.0/8":             "10.0.0.0/8",
		"10.0.0.0/8:80":          "10.0.0.0/8:80",
		"[10.0.0.0/8]:80":        "10.0.0.0/8:80",
		"0.0.0.0/0":              "0.0.0.0/0",
		"10.1.2.3":               "10.1.2.3",
		"10.1.2.3/32":            "10.1.2.3",
		"10.1.2.3:80":            "10.1.2.3:80",
		"fd00::/8":               "fd00::/8",
		"[fd00::/8]":             "fd00::/8",
		"[fd00::/8]:443":         "[fd00::/8]:443",
		"fd00::1":                "fd00::1",
		"[FD00::0001]":           "fd00::1",
		"fd00::1/128":            "fd00::1",
		"[fd00::1]:443":          "[fd00::1]:443",
		"fd00::":                 "fd00::",
		"::/0":                   "::/0",
		"::ffff:10.0.0.0/104":    "10.0.0.0/8",
		"::ffff:0.0.0.0/96":      "0.0.0.0/0",
		"::ffff:10.1.2.3":        "10.1.2.3",
		"[::ffff:10.1.2.3]:80":   "10.1.2.3:80",
		"[::ffff:a00:0/104]:443": "10.0.0.0/8:443",
	} {
		p, err := ParsePattern(spelled)
		if err != nil || p.String() != want {
			t.Errorf("%q is %v, %v; want %s", spelled, p, err, want)
			continue
		}
		if again := pattern(t, want); again != p {
			t.Errorf("%q is %#v, and %q %#v", spelled, p, want, again)
		}
	}
}

// TestParsePatternRefuses: invalid patterns, and patterns that match nothing, are refused. The error contains a word of
// the reason.
func TestParsePatternRefuses(t *testing.T) {
	for s, reason := range map[string]string{
		"": "empty", "http://example.com": "scheme", "https://*.example.com/": "scheme", "user@example.com": "user", "user:pass@10.0.0.1": "user",
		"example.com/": "path", "example.com/path": "path", "10.0.0.0/33": "path", "10.0.0.0/x": "path", "fd00::/129": "port",
		"example.com:": "no port", "*:": "no port", "[fd00::1]:": "no port", "10.0.0.0/8:": "no port",
		"example.com:0": "port", "example.com:65536": "port", "example.com:https": "port", "example.com:-1": "port", "example.com:80:80": "port", "*:x": "port",
		"10.0.0.1:0": "port", "[fd00::1]:0": "port", "fd00::/8:443": "port",
		"10.1.0.0/8": "write 10.0.0.0/8", "fd00::1/8": "write fd00::/8", "::ffff:10.1.0.0/104": "write 10.0.0.0/8",
		"::ffff:10.0.0.0/64": "matches nothing", "::ffff:0:0/95": "matches nothing",
		"fe80::1%eth0": "zone", "[fe80::1%eth0]": "zone", "[fe80::1%25eth0]:80": "zone", "fe80::%eth0/64": "zone",
		"**": "*", "*example.com": "*", "*.*.example.com": "*", "api.*.com": "*", "api.*": "*", "*.": "matches nothing", "*.*": "*",
		".": "matches nothing", ".example.com": "matches nothing", "a..b": "matches nothing", "exa mple.com": "matches nothing", " example.com": "matches nothing",
		"127.1": "matches nothing", "0x7f.1": "matches nothing", "2130706433": "matches nothing", "*.1": "matches nothing", "*.10.0.0.1": "matches nothing",
		"*.0x1": "matches nothing", "10.0.0.01": "matches nothing", "<single>": "matches nothing", "<Single-Label>": "matches nothing",
		"evil.example／x": "matches nothing", strings.Repeat("a", 64): "matches nothing", strings.Repeat("a.", 127) + "a": "matches nothing",
		"*." + strings.Repeat("a.", 125) + "aa": "matches nothing", // 252 bytes: there is no space for a label before it
		"[example.com]":                         "brackets", "[]": "brackets", "[fd00::1": "brackets", "[fd00::1]80": "brackets", "[[fd00::1]": "brackets", "[[fd00::1]]": "brackets", "[*]": "brackets", "[fd00::]/8": "brackets",
		"::1]": "port", "fd00::g": "port",
	} {
		p, err := ParsePattern(s)
		if err == nil {
			t.Errorf("%q is parsed as %v, want it refused", s, p)
		} else if !strings.Contains(err.Error(), reason) {
			t.Errorf("%q: %v; want a word of %q", s, err, reason)
		}
	}
	if _, err := ParsePattern("*." + strings.Repeat("a.", 125) + "a"); err != nil { // 251 bytes: one letter and a dot fit
		t.Error(err)
	}
}

// TestMatch has hosts that a pattern matches. After ! it has hosts that the pattern does not match.
func TestMatch(t *testing.T) {
	for of, hosts := range map[string]string{
		"api.example.com":      "api.example.com API.example.com. api.example.com:1 ! example.com x.api.example.com xapi.example.com api.example.co api.example.comx 1.2.3.4",
		"api.example.com:443":  "api.example.com:443 api.example.com.:443 ! api.example.com api.example.com:80 api.example.com:0",
		"*.example.com":        "a.example.com a.b.example.com A.EXAMPLE.com.:1 ! example.com xexample.com a.example.com.evil.org example.com.evil.org",
		"*.example.com:80":     "a.example.com a.example.com:80 ! a.example.com:443",
		"*.1e100.net":          "a.1e100.net ! 1.1.1.1",
		"<single-label>":       "reviews Reviews localhost:1 ! Reviews. ai. localhost. a.b 127.0.0.1 [::1] 127.1",
		"<single-label>:9080":  "reviews:9080 ! reviews a.b:9080",
		"<internal>":           "reviews a.svc 10.1.2.3 [::1] [fd00::1] localhost a.b.consul ! a.b 8.8.8.8 [2001:db8::1] 127.1",
		"<internal>:9080":      "a.svc:9080 10.1.2.3:9080 ! a.svc a.b:9080",
		"*":                    "a a.b 1.2.3.4 [::1]:9 127.1",
		"*:443":                "a:443 1.2.3.4:443 ! a 1.2.3.4 [::1]",
		"10.0.0.0/8":           "10.0.0.0 10.255.255.255:1 [::ffff:10.1.2.3] ! 11.0.0.0 9.255.255.255 [::10.0.0.1] ten 10.1",
		"10.0.0.0/8:80":        "10.1.2.3 10.1.2.3:80 ! 10.1.2.3:81",
		"10.1.2.3":             "10.1.2.3 [::ffff:10.1.2.3] 10.1.2.3. ! 10.1.2.4 [::10.1.2.3] 010.1.2.3",
		"0.0.0.0/0":            "1.2.3.4 [::ffff:1.2.3.4] ! [::1] a 1.2",
		"::/0":                 "[::1] [fd00::1] ! 1.2.3.4 [::ffff:1.2.3.4] a",
		"[fd00::1]":            "[fd00::1] [FD00:0:0::1]:9 [fd00::1%eth0] ! [fd00::2] fd00",
		"[fd00::/8]:443":       "[fd12::1]:443 ! [fd12::1] [fc00::1]:443",
		"fe80::/10":            "[fe80::1%eth0] ! [fec0::1]",
		"::ffff:10.0.0.0/104":  "10.1.2.3 [::ffff:10.1.2.3] ! 11.1.2.3",
		"*.bücher.example":     "a.bücher.example A.xn--bcher-kva.example a。bücher．example ! bücher.example",
		"xn--bcher-kva.com:80": "BÜCHER.com ! bucher.com",
	} {
		p, want := pattern(t, of), true
		for _, host := range strings.Fields(hosts) {
			if host == "!" {
				want = false
				continue
			}
			h, ok := Parse(host, 80)
			if !ok { // as callers do for an invalid host
				h = Host{Port: 80}
			}
			if p.Match(h, h.Internal()) != want {
				t.Errorf("%s matches %s: %v", of, host, !want)
			}
		}
	}
}

// specific lists patterns that overlap, the most specific first.
var specific = []string{
	"api.internal.example.com:443", "api.internal.example.com", "10.1.2.3:443", "10.1.2.3", "10.1.2.0/24:443", "10.1.2.0/24", "10.0.0.0/8", "0.0.0.0/0",
	"*.internal.example.com:443", "*.internal.example.com", "*.example.com:443", "*.example.com", "*.com", "<single-label>:443", "<single-label>",
	"<internal>:443", "<internal>", "*:443", "*",
}

func TestMostSpecific(t *testing.T) {
	for _, shuffle := range []int{0, 1, 2} {
		var table Table[string]
		order := rand.New(rand.NewPCG(1, uint64(shuffle))).Perm(len(specific))
		for _, i := range order {
			table.Add(pattern(t, specific[i]), specific[i])
		}
		table.Sort()
		for host, want := range map[string]string{
			"api.internal.example.com:443": "api.internal.example.com:443", "api.internal.example.com": "api.internal.example.com",
			"b.internal.example.com:443": "*.internal.example.com:443", "b.internal.example.com": "*.internal.example.com", "internal.example.com": "*.example.com",
			"x.example.com:443": "*.example.com:443", "example.com": "*.com", "example.org": "*", "example.org:443": "*:443",
			"10.1.2.3:443": "10.1.2.3:443", "10.1.2.3": "10.1.2.3", "[::ffff:10.1.2.3]": "10.1.2.3", "10.1.2.4:443": "10.1.2.0/24:443", "10.1.2.4": "10.1.2.0/24",
			"10.9.9.9:443": "10.0.0.0/8", "8.8.8.8": "0.0.0.0/0", "[::1]": "<internal>", "a.svc": "<internal>", "a.svc:443": "<internal>:443", "reviews:443": "<single-label>:443", "reviews": "<single-label>",
		} {
			h, _ := Parse(host, 80)
			if got, ok := table.Find(h, h.Internal()); !ok || got != want {
				t.Errorf("order %d: %s finds %s, want %s", shuffle, host, got, want)
			}
		}
	}
	if _, ok := new(Table[int]).Find(Host{Name: "a"}, true); ok {
		t.Error("an empty table finds a pattern")
	}
}

// TestCompare: the order is total for patterns that overlap.
func TestCompare(t *testing.T) {
	for i, a := range specific {
		for j, b := range specific {
			got := Compare(pattern(t, a), pattern(t, b))
			if got != -Compare(pattern(t, b), pattern(t, a)) || (got == 0) != (i == j) || (got < 0) != (i < j) {
				t.Errorf("Compare(%s, %s) is %d, want the order of the list", a, b, got)
			}
		}
	}
}

// FuzzParsePattern: the canonical spelling parses to the same pattern. The pattern matches some host. A table finds the
// same pattern as a slow search.
func FuzzParsePattern(f *testing.F) {
	for _, s := range specific {
		f.Add(s, "api.internal.example.com:443", uint16(80))
	}
	for _, s := range []string{"bücher.example", "*.ä.example:1", "::ffff:10.0.0.0/104", "[fd00::/8]:443", "fe80::1%eth0", "[[::1]", "*.*", "example.com:", "10.1.0.0/8", "0x7f.1"} {
		f.Add(s, "[::ffff:10.1.2.3]:1", uint16(443))
	}
	for _, s := range []string{"kafka:orders.created", "kafka:orders.*", "kafka:*", "f:e"} {
		f.Add(s, "Kafka:orders.created", uint16(0))
	}
	var others []Pattern
	for _, s := range specific {
		others = append(others, pattern(f, s))
	}
	f.Fuzz(func(t *testing.T, s, host string, port uint16) {
		p, err := ParsePattern(s)
		if err != nil {
			return
		}
		again, err := ParsePattern(p.String())
		if err != nil || again != p {
			t.Fatalf("%q is %v; its canonical spelling is parsed as %v, %v, want the same pattern", s, p, again, err)
		}
		if one := member(p); !p.Match(one, true) {
			t.Errorf("%q does not match %+v, want a match", s, one)
		} else if again, ok := ParseAny(spell(one), 0); !ok || !p.Match(again, true) {
			t.Errorf("%q does not match %s, want a match", s, spell(one))
		}
		h, ok := ParseAny(host, port)
		if !ok {
			return
		}
		patterns := append(slices.Clone(others), p)
		var table Table[string]
		for i, q := range patterns {
			if !slices.Contains(patterns[:i], q) {
				table.Add(q, q.String())
			}
		}
		table.Sort()
		value, ok := table.Find(h, h.Internal())
		if want, found := slowFind(patterns, h); ok != found || found && value != want.String() {
			t.Errorf("%s finds %v, %v; the slow search finds %v, %v", spell(h), value, ok, want, found)
		}
	})
}

// member returns a host that a pattern should match.
func member(p Pattern) Host {
	h := Host{Name: "a", Port: max(p.port, 1)}
	switch p.kind {
	case exact:
		h.Name = p.name
	case suffix:
		h.Name = "a" + p.name
	case network:
		h.Name, h.Addr = "", p.prefix.Addr()
	case oneTopic:
		return Host{Topic: p.name}
	case topics:
		return Host{Topic: p.name + "a"}
	}
	return h
}

// TestTableOfMany: Find finds the rows in whatever order Add added them.
func TestTableOfMany(t *testing.T) {
	var table Table[int]
	for _, i := range rand.New(rand.NewPCG(1, 2)).Perm(100) {
		table.Add(pattern(t, fmt.Sprintf("*.n%d.example.com", i)), i)
		table.Add(pattern(t, fmt.Sprintf("10.%d.0.0/16", i)), 100+i)
	}
	table.Sort()
	for i := range 100 {
		for host, want := range map[string]int{fmt.Sprintf("a.n%d.example.com", i): i, fmt.Sprintf("10.%d.7.7", i): 100 + i} {
			h, _ := Parse(host, 80)
			if got, ok := table.Find(h, h.Internal()); !ok || got != want {
				t.Errorf("%s finds %d, %v; want %d", host, got, ok, want)
			}
		}
	}
}
