package main

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/traceferry/traceferry/examples/mesh/process"
)

// listeners prints the addresses on which the example, and every program that it started, can be reached.
func listeners() string {
	all, err := process.Listeners()
	if err != nil {
		return fmt.Sprint("listeners: ", err)
	}
	return describe(all)
}

func describe(all []netip.AddrPort) string {
	var open []string
	for _, a := range all {
		if !a.Addr().IsLoopback() {
			open = append(open, a.String())
		}
	}
	if open == nil {
		return fmt.Sprintf("%d listeners, all on loopback", len(all))
	}
	return fmt.Sprintf("%d listeners on loopback; OPEN TO OTHER MACHINES: %s", len(all)-len(open), strings.Join(open, ", "))
}
