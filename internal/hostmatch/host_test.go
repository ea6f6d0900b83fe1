package hostmatch

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

// TestParse: a host has one canonical spelling, however the URL spells it.
func TestParse(t *testing.T) {
	longest := strings.Repeat("a.", 126) + "a" // 253 bytes
	for spelled, want := range map[string]Host{
		"example.com":            {Name: "example.com", Port: 80},
		"EXAMPLE.Com":            {Name: "example.com", Port: 80},
		"example.com.":           {Name: "example.com", Port: 80},
		"example.com:443":        {Name: "example.com", Port: 443},
		"example.com:0443":       {Name: "example.com", Port: 443},
		"example.com:":           {Name: "example.com", Port: 80},
		"example.com.:443":       {Name: "example.com", Port: 443},
		"example.com:0":          {Name: "example.com"},
		"reviews":                {Name: "reviews", Port: 80},
		"reviews.":               {Name: "reviews", Port: 80, TopLevel: true},
		"AI。:443":                {Name: "ai", Port: 443, TopLevel: true},
		"a.svc.":                 {Name: "a.svc", Port: 80},
		"a_b.svc":                {Name: "a_b.svc", Port: 80},
		"3com.com":               {Name: "3com.com", Port: 80},
		"1.2.3.4.example.com":    {Name: "1.2.3.4.example.com", Port: 80},
		"bücher.example":         {Name: "xn--bcher-kva.example", Port: 80},
		"BÜCHER.example":         {Name: "xn--bcher-kva.example", Port: 80},
		"XN--bcher-KVA.example":  {Name: "xn--bcher-kva.example", Port: 80},
		"example。com":            {Name: "example.com", Port: 80}, // UTS 46 maps U+3002 to a dot
		"evil．example":           {Name: "evil.example", Port: 80},
		"ｅｘａｍｐｌｅ.com":            {Name: "example.com", Port: 80}, // full width
		"Kelvin.example":         {Name: "kelvin.example", Port: 80},
		"a\u00adb.example":       {Name: "ab.example", Port: 80}, // a soft hyphen
		longest:                  {Name: longest, Port: 80},
		longest + ".:8080":       {Name: longest, Port: 8080},
		"127.0.0.1":              {Addr: addr("127.0.0.1"), Port: 80},
		"127.0.0.1.":             {Addr: addr("127.0.0.1"), Port: 80},
		"127.0.0.1:9":            {Addr: addr("127.0.0.1"), Port: 9},
		"１２７.０.０.１":              {Addr: addr("127.0.0.1"), Port: 80},
		"①.①.①.①":                {Addr: addr("1.1.1.1"), Port: 80},
		"[::1]":                  {Addr: addr("::1"), Port: 80},
		"[::1]:":                 {Addr: addr("::1"), Port: 80},
		"[FD00:0::0001]:443":     {Addr: addr("fd00::1"), Port: 443},
		"[fe80::1%eth0]":         {Addr: addr("fe80::1"), Port: 80},
		"[::ffff:10.0.0.1]":      {Addr: addr("10.0.0.1"), Port: 80},
		"[::ffff:a00:1]:80":      {Addr: addr("10.0.0.1"), Port: 80},
		"[::ffff:10.0.0.1%eth0]": {Addr: addr("10.0.0.1"), Port: 80},
	} {
		if got, ok := Parse(spelled, 80); !ok || got != want {
			t.Errorf("%q is %+v, %v; want %+v", spelled, got, ok, want)
		}
	}
}

// notHosts are neither names nor addresses in their usual form.
var notHosts = []string{
	"", ".", "..", ":", ":80", ".com", "a..b", "a...", "example.com..", " ", " example.com", "example.com ", "exa mple.com",
	"user@example.com", "example.com/path", "example.com?q", "example.com#f", `example.com\.svc`, "example.com%2esvc", "exam\x00ple.svc",
	"http://example.com", "example.com:80:80", "example.com:https", "example.com:-1", "example.com:+80", "example.com:65536", "example.com: 80",
	"*.example.com", "*", "<single-label>", "a,b", "unix:/tmp/socket",
	strings.Repeat("a", 64), strings.Repeat("a.", 127) + "a", strings.Repeat("ä.", 127) + "a",
	"evil.example／.svc", "evil.example＠x.svc", "℀.svc", "evil.example：80", "xn--.ä", "ä.xn--a",
	"::1", "fd00::1", "[::1", "::1]", "[]", "[::1]80", "[::1]x:80", "[[::1]]", "[::1]:80:80", "[example.com]", "[127.0.0.1]", "[::1%]", "[::1%2 0]", "[::1%a%b]", "[::1%eth0/24]", "[fd00::g]", "x[::1]",
	// inet_aton (POSIX) reads these as addresses, other resolvers as names.
	"127.1", "127.0.1", "0x7f.1", "0x7f.0.0.1", "0177.0.0.1", "127.0.0.01", "0x7f000001", "0X7F000001", "017700000001", "2130706433", "127.0.0.0x1", "1", "0",
	"0x", "8.8.8", "8.8", "134744072", "0x8080808", "1.2.3.4.5", "256.256.256.256", "999.1", "1.1.1.1.1.", "１２７.１", "①", "example.com.1", "x.0x1f", "127.0.0.1..",
	"١٢٧.0.0.1", "x.٨",
}

func TestParseRefuses(t *testing.T) {
	for _, s := range notHosts {
		if h, ok := Parse(s, 80); ok {
			t.Errorf("%q is parsed as %+v, want it refused", s, h)
		}
	}
}

// TestParseLong: a redirect may contain any host. Package idna would take seconds for this one.
func TestParseLong(t *testing.T) {
	var long strings.Builder
	for i := range 1 << 16 {
		long.WriteRune(rune(0x4e00 + i%20000))
	}
	host, best := long.String(), time.Hour
	for range 5 { // other work of the machine may slow down a run
		start := time.Now()
		if _, ok := Parse(host, 80); ok {
			t.Error("the long text is parsed as a host, want it refused")
		}
		best = min(best, time.Since(start))
	}
	if best > 100*time.Millisecond {
		t.Errorf("Parse took %v, want at most 100ms", best)
	}
}

func TestInternal(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "LOCALHOST": true, "localhost.": true, "reviews": true, "reviews:9080": true, "bücher": true, "xn--bcher-kva": true,
		"svc": true, "local": true, "a_b": true, "deadbeef": true,
		"reviews.default.svc": true, "reviews.default.svc.": true, "Reviews.Default.SVC:80": true, "a.svc": true,
		"reviews.default.svc.cluster.local": true, "metadata.google.internal": true, "printer.local": true, "web.service.consul": true, "api.localhost": true,
		"ä.svc": true, "reviews．svc": true,
		"127.0.0.1": true, "127.255.0.9": true, "[::1]": true, "[::ffff:127.0.0.1]": true, "１２７.０.０.１": true,
		"10.0.0.1": true, "172.16.0.1": true, "172.31.255.255": true, "192.168.1.1": true, "[fd00::1]": true, "[fc00::1]": true, "[::ffff:10.0.0.1]:80": true,

		"ai.": false, "com.": false, "AI.:443": false, "reviews.": false, "ai。": false, "ａｉ．": false, "svc.": false, "internal.": false, "xn--bcher-kva.": false,
		"example.com": false, "reviews.default": false, "evil.svc.example.com": false, "evilsvc.com": false, "evil.notlocal": false, "xsvc.y": false,
		"svc.example": false, "cluster.local.example": false, "internal.example": false, "consul.io": false, "evil.svcx": false, "evil.xsvc": false,
		"evil。example": false, "evil.local.com": false,
		"8.8.8.8": false, "8.8.8.8.": false, "172.15.0.1": false, "172.32.0.1": false, "11.0.0.1": false, "192.169.0.1": false, "126.0.0.1": false, "128.0.0.1": false,
		"0.0.0.0": false, "169.254.169.254": false, "100.64.0.1": false, "255.255.255.255": false, "224.0.0.1": false, "①.①.①.①": false,
		"[::]": false, "[::2]": false, "[fe80::1]": false, "[fe80::1%eth0]": false, "[2001:db8::1]": false, "[::ffff:8.8.8.8]": false, "[::127.0.0.1]": false,
		"[::10.0.0.1]": false, "[64:ff9b::10.0.0.1]": false, "[2002:a00:1::]": false, "[fec0::1]": false, "[ff02::1]": false,
	} {
		h, ok := Parse(host, 80)
		if !ok || h.Internal() != want {
			t.Errorf("%q: internal %v, want %v (a host: %v)", host, h.Internal(), want, ok)
		}
	}
	if (Host{}).Internal() {
		t.Error("the zero Host is internal, want external")
	}
}

// FuzzParse compares Parse with a slow parser. It also checks that an internal host is not an address elsewhere to
// net/http or to a resolver.
func FuzzParse(f *testing.F) {
	for _, s := range notHosts {
		f.Add(s, uint16(80))
	}
	for _, s := range []string{"example.com", "EXAMPLE.com.:443", "bücher.example", "reviews", "8.8.8.8", "10.0.0.1:80", "[::ffff:8.8.8.8]:1", "[fe80::1%eth0]",
		"①.①.①.①", "a.svc", "evil。example", "0x.svc", "1e3", "010.8.8.8", "0x08.8.8.8", "134744072", "8.526344"} {
		f.Add(s, uint16(0))
	}
	f.Fuzz(func(t *testing.T, s string, port uint16) {
		h, ok := Parse(s, port)
		if slow, slowOK := slowParse(s, port); ok != slowOK || h != slow && ok {
			t.Fatalf("%q is %+v, %v; the slow parser gives %+v, %v", s, h, ok, slow, slowOK)
		}
		if !ok {
			return
		}
		if again, ok := Parse(spell(h), 0); !ok || again != h {
			t.Errorf("%q is %+v; its spelling %q is %+v, %v, want the same host", s, h, spell(h), again, ok)
		}
		if dialed, is := takenForAddress(s); is && h.Internal() && !dialed.IsLoopback() && !dialed.IsPrivate() {
			t.Errorf("%q is internal, but may be dialed as %v", s, dialed)
		}
		if (h.Name == "") != h.Addr.IsValid() {
			t.Errorf("%q is %+v, want either a name or an address", s, h)
		}
	})
}
