package hostmatch

import (
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// The slow oracles compute the results of Parse and Table.Find in another way.

var (
	slowName   = regexp.MustCompile(`^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$`)
	slowNumber = regexp.MustCompile(`(^|\.)([0-9]*|0x[0-9a-f]*)$`)
	slowZone   = regexp.MustCompile(`^[^%]*(%[A-Za-z0-9._~-]+)?\]$`)
	slowPort   = regexp.MustCompile(`^(.*):([0-9]*)$`)
)

func slowParse(s string, port uint16) (Host, bool) {
	host, h := s, Host{Port: port}
	if m := slowPort.FindStringSubmatch(strings.ReplaceAll(s, "\n", " ")); m != nil {
		if m[2] != "" {
			n, err := strconv.Atoi(m[2])
			if err != nil || n > 65535 {
				return h, false
			}
			h.Port = uint16(n)
		}
		host = s[:len(m[1])]
	}
	if len(host) > 4*253 {
		return h, false
	}
	if strings.HasPrefix(host, "[") {
		u, err := url.Parse("http://" + strings.ReplaceAll(host, "%", "%25"))
		if err != nil || !strings.HasSuffix(host, "]") {
			return h, false
		}
		addr, err := netip.ParseAddr(u.Hostname())
		h.Addr = addr.Unmap().WithZone("")
		return h, err == nil && strings.Contains(host, ":") && slowZone.MatchString(host)
	}
	if strings.ContainsFunc(host, func(r rune) bool { return r >= 0x80 }) {
		var err error
		if host, err = idna.Lookup.ToASCII(host); err != nil {
			return h, false
		}
	}
	host = strings.ToLower(host)
	h.TopLevel = strings.Index(host, ".") == len(host)-1 && host != ""
	host = strings.TrimSuffix(host, ".")
	if ip := net.ParseIP(host); ip != nil && !strings.Contains(host, ":") {
		h.Addr, _ = netip.AddrFromSlice(ip.To4())
		return h, true
	}
	h.Name = host
	return h, len(host) <= 253 && slowName.MatchString(host) && !slowNumber.MatchString(host)
}

// spell writes a host in the form for a URL, and a topic in the form for Lines.
func spell(h Host) string {
	if h.Topic != "" {
		return h.Topic
	}
	s := h.Name
	if h.TopLevel {
		s += "."
	}
	if h.Addr.IsValid() {
		if s = h.Addr.String(); h.Addr.Is6() {
			s = "[" + s + "]"
		}
	}
	return s + ":" + strconv.Itoa(int(h.Port))
}

// takenForAddress returns the address that net/http or a resolver of the C library would dial without a look-up. ok is
// false if there is none. Each part may be octal, decimal or hexadecimal. The last part stands for all missing parts.
func takenForAddress(host string) (addr netip.Addr, ok bool) {
	u := url.URL{Host: host}
	name := u.Hostname()
	if ascii, err := idna.Lookup.ToASCII(name); err == nil {
		name = ascii
	}
	if addr, err := netip.ParseAddr(name); err == nil {
		return addr.Unmap(), true
	}
	parts := strings.Split(strings.TrimSuffix(name, "."), ".")
	var bits uint64
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 0, 32)
		last := i == len(parts)-1
		if err != nil || len(parts) > 4 || !last && n > 255 || strings.ContainsAny(part, "_oO") || strings.HasPrefix(strings.ToLower(part), "0b") {
			return addr, false
		}
		if last {
			bits |= n
		} else {
			bits |= n << (24 - 8*i)
		}
	}
	return netip.AddrFrom4([4]byte{byte(bits >> 24), byte(bits >> 16), byte(bits >> 8), byte(bits)}), true
}

// slowFind finds the most specific pattern by the rules in the documentation of Destination.
func slowFind(patterns []Pattern, h Host) (best Pattern, ok bool) {
	better := func(a, b Pattern) bool {
		if a.kind != b.kind {
			return a.kind < b.kind
		}
		if long := len(a.name) - len(b.name) + a.prefix.Bits() - b.prefix.Bits(); long != 0 {
			return long > 0
		}
		return a.port != 0 && b.port == 0
	}
	for _, p := range patterns {
		if p.Match(h, h.Internal()) && (!ok || better(p, best)) {
			best, ok = p, true
		}
	}
	return best, ok
}
