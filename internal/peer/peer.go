// Package peer tells who is at the other end of a connection: by its address, or by the SPIFFE
// ID of its certificate.
package peer

import (
	"crypto/tls"
	"net"
	"net/netip"
	"strings"
)

// Prefixes are the addresses of some peers.
type Prefixes []netip.Prefix

// Contain reports whether an address is in one of the prefixes. IPv4 addresses written as IPv6 count
// as IPv4, and zones do not count.
func (p Prefixes) Contain(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	for _, prefix := range p {
		if unmapped(prefix).Contains(addr) {
			return true
		}
	}
	return false
}

// ContainHostPort is Contain for an address with a port, as net/http has it; false for anything else.
func (p Prefixes) ContainHostPort(s string) bool {
	addr, err := netip.ParseAddrPort(s)
	return err == nil && p.Contain(addr.Addr())
}

// ContainAddr is Contain for an address as package net has it; false for one that is none of IP: a
// Unix socket can be called anything.
func (p Prefixes) ContainAddr(a net.Addr) bool {
	return a != nil && strings.HasPrefix(a.Network(), "tcp") && p.ContainHostPort(a.String())
}

// unmapped returns a prefix of IPv4 addresses that is written as one of IPv6 in IPv4's form.
func unmapped(p netip.Prefix) netip.Prefix {
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		return netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p
}

// SPIFFEID returns the SPIFFE ID of a connection's peer, from the certificate that crypto/tls has
// verified; "" if it has verified none, or if that has not just one URI
// (SPIFFE, X509-SVID, section 2).
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
