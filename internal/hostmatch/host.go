// Package hostmatch reads the hosts that calls go to, and finds the most specific of the patterns that
// match one.
package hostmatch

import (
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// Host is where a call goes, in one spelling: a name or an address, and a port.
type Host struct {
	Name string     // in lower-case ASCII, without the dot at its end; "" for an address
	Addr netip.Addr // without a zone, IPv4 never as IPv6
	Port uint16     // 0: not known

	// Topic is a topic or a queue as "system:name", with the system in lower case; then the rest is empty.
	Topic string

	// TopLevel: the name is one label with a dot at its end, "ai.". It is absolute: a top-level domain of the
	// public DNS, and no search list completes it (RFC 1034, section 3.1).
	TopLevel bool
}

// Parse reads a host as URLs have it: a name in any case and script, with or without a dot at its end, an IPv4
// address, an IPv6 address in brackets, and perhaps ":" and a port; port is what it means without.
//
// It is strict where resolvers are not: what ends in a number and is no address in
// its usual form ("127.1", "0x7f.1", "2130706433") is an address to some and a name to others, and is neither here.
// Of what is no host only the port is known, if that.
func Parse(s string, port uint16) (h Host, ok bool) {
	name, digits, ok := split(s)
	if !ok {
		return Host{}, false
	}
	if digits != "" {
		n, err := strconv.ParseUint(digits, 10, 16)
		if err != nil {
			return Host{}, false
		}
		port = uint16(n)
	}
	if h, ok = parseName(name); !ok {
		h = Host{}
	}
	h.Port = port
	return h, ok
}

// parseName reads what stands before the port.
func parseName(s string) (h Host, ok bool) {
	if len(s) > maxSpelled {
		return h, false
	}
	if strings.HasPrefix(s, "[") {
		addr, err := netip.ParseAddr(s[1 : len(s)-1])
		h.Addr = addr.WithZone("").Unmap()
		return h, err == nil && addr.Is6() && !strings.ContainsFunc(addr.Zone(), notOfZone)
	}
	name, ok := ascii(s)
	if !ok {
		return h, false
	}
	name, absolute := strings.CutSuffix(name, ".")
	if addr, err := netip.ParseAddr(name); err == nil {
		h.Addr = addr
		return h, addr.Is4()
	}
	h.Name = name
	h.TopLevel = absolute && h.oneLabel()
	return h, validName(name)
}

// notOfZone reports whether a character may not stand in the zone of an address in a URL (RFC 6874, section 2).
func notOfZone(c rune) bool {
	return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("-._~", c))
}

// maxSpelled is more than any name has bytes, in any script: 253 letters of four. Package idna takes time
// that is quadratic in the length.
const maxSpelled = 4 * maxName

// maxName is how many bytes a name of DNS has at most, without the dot at its end (RFC 1035, section 2.3.4).
const maxName = 253

// split parts a host from its port. An IPv6 address is in brackets.
func split(s string) (name, port string, ok bool) {
	if strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return "", "", false
		}
		name, port = s[:end+1], s[end+1:]
		return name, strings.TrimPrefix(port, ":"), port == "" || port[0] == ':'
	}
	name, port, _ = strings.Cut(s, ":")
	return name, port, name != ""
}

// ascii returns a name as net/http looks it up: in lower-case ASCII (IDNA 2008, UTS 46).
func ascii(name string) (string, bool) {
	for i := range len(name) {
		if name[i] >= 0x80 {
			a, err := idna.Lookup.ToASCII(name)
			return strings.ToLower(a), err == nil
		}
	}
	return strings.ToLower(name), true
}

// validName reports whether a lower-case name is one of DNS (RFC 1123, section 2.1, and the underscore),
// whose last label is no number, as no top-level domain is.
func validName(name string) bool {
	if len(name) > maxName {
		return false
	}
	last := ""
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 {
			return false
		}
		for i := range len(label) {
			if c := label[i]; !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_') {
				return false
			}
		}
		last = label
	}
	return !isNumber(last)
}

// isNumber reports whether a resolver may take a label for a number: digits, or hexadecimal ones behind 0x.
func isNumber(label string) bool {
	digits, hex := strings.CutPrefix(label, "0x")
	for i := range len(digits) {
		c := digits[i]
		if !('0' <= c && c <= '9') && !(hex && 'a' <= c && c <= 'f') {
			return false
		}
	}
	return true
}

// internalSuffixes end names that no public resolver knows: of Kubernetes, of private clouds
// (ICANN keeps .internal for them), of mDNS (RFC 6762), of Consul, and of this machine (RFC 6761).
var internalSuffixes = []string{".svc", ".cluster.local", ".internal", ".local", ".consul", ".localhost"}

func (h Host) oneLabel() bool { return h.Name != "" && !strings.Contains(h.Name, ".") }

// Internal reports whether the host belongs to the service's own network, judged by its form: a name of one label
// that is not a top-level domain, a name that ends in one of the suffixes above, a loopback address or a private one.
func (h Host) Internal() bool {
	if h.Name == "" {
		return h.Addr.IsLoopback() || h.Addr.IsPrivate()
	}
	if h.oneLabel() {
		return !h.TopLevel || h.Name == "localhost"
	}
	for _, suffix := range internalSuffixes {
		if strings.HasSuffix(h.Name, suffix) {
			return true
		}
	}
	return false
}
