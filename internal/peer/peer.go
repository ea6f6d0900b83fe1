// Package peer identifies the peer of a connection by its address, or by the SPIFFE ID of its certificate.
package peer

import (
	"crypto/tls"
	"net"
	"net/netip"
	"strings"
)

// Prefixes are address ranges of peers.
type Prefixes []netip.Prefix

// Contain reports whether an address is in one of the prefixes. It treats an IPv4 address in IPv6 as IPv4, and ignores
// zones.
func (p Prefixes) Contain(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	for _, prefix := range p {
		if unmapped(prefix).Contains(addr) {
			return true
		}
	}
	return false
}

// ContainHostPort is Contain for an address with a port, as in http.Request.RemoteAddr. It returns false for any other
// string.
func (p Prefixes) ContainHostPort(s string) bool {
	addr, err := netip.ParseAddrPort(s)
	return err == nil && p.Contain(addr.Addr())
}

// ContainAddr is Contain for an address of package net. It returns false if the network is not TCP, because a Unix
// socket may have any name.
func (p Prefixes) ContainAddr(a net.Addr) bool {
	return a != nil && strings.HasPrefix(a.Network(), "tcp") && p.ContainHostPort(a.String())
}

// unmapped converts a prefix of IPv4 addresses in IPv6 to IPv4. It returns any other prefix unchanged.
func unmapped(p netip.Prefix) netip.Prefix {
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		return netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p
}

// SPIFFEID returns the SPIFFE ID of a connection's peer, from the certificate that crypto/tls has verified. It returns
// "" if crypto/tls has verified none, or if the certificate does not have exactly one URI, or is that of a CA (SPIFFE,
// X509-SVID, section 2).
func SPIFFEID(state *tls.ConnectionState) string {
	if state == nil || len(state.VerifiedChains) == 0 || len(state.VerifiedChains[0]) == 0 {
		return ""
	}
	leaf := state.VerifiedChains[0][0]
	if len(leaf.URIs) != 1 || leaf.IsCA {
		return ""
	}
	return leaf.URIs[0].String()
}
