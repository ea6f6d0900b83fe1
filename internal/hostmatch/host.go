// Package hostmatch parses the hosts that calls go to, and finds the most specific pattern that matches a host.
package hostmatch

import (
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// Host is the destination of a call in a canonical spelling: a name or an address, and a port.
type Host struct {
	Name string     // in lower-case ASCII, without the dot at its end; "" for an address
	Addr netip.Addr // without a zone; an IPv4 address in IPv6 is converted to IPv4
	Port uint16     // 0: unknown

	// Topic is a topic or a queue as "system:name", with the system in lower case. The other fields are then empty.
	Topic string

	// TopLevel reports that the name is a single label with a dot at its end, such as "ai.". The name is absolute: it is
	// a top-level domain of the public DNS, and no search list completes it (RFC 1034, section 3.1).
	TopLevel bool
}

// Parse parses a host as in a URL: a name, an IPv4 address, or an IPv6 address in brackets. A name may be in any case
// and script, with or without a dot at its end. ":" and a port may follow. port is the default for a host without one.
//
// Parse is stricter than resolvers. Some of them take "127.1", "0x7f.1" or "2130706433" for an address, others for a
// name. Parse takes them for neither: a host that ends in a number must be an address in its usual form.
//
// For an invalid host ok is false, and only the port is set, if it is known.
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

// parseName parses a host without its port.
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

// notOfZone reports whether a character is not allowed in the zone of an address in a URL (RFC 6874, section 2).
func notOfZone(c rune) bool {
	return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("-._~", c))
}

// maxSpelled limits the length of a name in any script: 253 letters of four bytes. Package idna takes time that is
// quadratic in the length.
const maxSpelled = 4 * maxName

// maxName is the maximum length of a DNS name in bytes, without the dot at its end (RFC 1035, section 2.3.4).
const maxName = 253

// split separates a host from its port. An IPv6 address keeps its brackets.
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

// ascii returns a name in lower-case ASCII, as net/http looks it up (IDNA 2008, UTS 46).
func ascii(name string) (string, bool) {
	for i := range len(name) {
		if name[i] >= 0x80 {
			a, err := idna.Lookup.ToASCII(name)
			return strings.ToLower(a), err == nil
		}
	}
	return strings.ToLower(name), true
}

// validName reports whether a lower-case name is a DNS name (RFC 1123, section 2.1, and the underscore). Its last label
// must not be a number, because no top-level domain is a number.
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

// isNumber reports whether a resolver may take a label for a number: digits, or 0x and hexadecimal digits.
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

// internalSuffixes end names that no public resolver knows. They belong to Kubernetes, private clouds (ICANN reserves
// .internal for them), mDNS (RFC 6762), Consul, and this machine (RFC 6761).
var internalSuffixes = []string{".svc", ".cluster.local", ".internal", ".local", ".consul", ".localhost"}

func (h Host) oneLabel() bool { return h.Name != "" && !strings.Contains(h.Name, ".") }

// Internal reports whether the host belongs to the service's own network by its form. These are internal: a name of one
// label that is not a top-level domain, a name with one of the suffixes above, a loopback address, and a private
// address.
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
