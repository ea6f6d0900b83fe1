package main

import (
	"net/netip"
	"testing"
)

func TestDescribe(t *testing.T) {
	local, all := netip.MustParseAddrPort("127.0.0.1:80"), netip.MustParseAddrPort("[::]:81")
	mustSay(t, describe([]netip.AddrPort{local, local}), "2 listeners, all on loopback")
	mustSay(t, describe([]netip.AddrPort{local, all}), "1 listeners on loopback", "OPEN TO OTHER MACHINES: [::]:81")
}
