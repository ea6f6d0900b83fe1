package process

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Listeners returns the addresses on which this program, and every program that it has started, accept TCP connections
// or datagrams.
func Listeners() ([]netip.AddrPort, error) {
	inodes := map[string]bool{}
	for _, pid := range family(os.Getpid()) {
		fds, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid)) // the pattern is valid
		for _, fd := range fds {
			target, _ := os.Readlink(fd) // fails if the file was just closed
			if inode, ok := strings.CutPrefix(target, "socket:["); ok {
				inodes[strings.TrimSuffix(inode, "]")] = true
			}
		}
	}
	var all []netip.AddrPort
	for _, table := range []struct{ file, state string }{
		{"tcp", "0A"}, {"tcp6", "0A"}, {"udp", "07"}, {"udp6", "07"}, // TCP_LISTEN, and unconnected
	} {
		f, err := os.Open("/proc/net/" + table.file)
		if err != nil {
			continue // a kernel without IPv6
		}
		for lines := bufio.NewScanner(f); lines.Scan(); {
			fields := strings.Fields(lines.Text())
			if len(fields) < 10 || fields[3] != table.state || !inodes[fields[9]] {
				continue
			}
			addr, err := parseAddr(fields[1])
			if err != nil {
				f.Close()
				return nil, err
			}
			if !slices.Contains(all, addr) {
				all = append(all, addr)
			}
		}
		f.Close()
	}
	return all, nil
}

// parseAddr reads an address as the kernel writes it: words of four bytes, a colon, and the port. The words are in the
// machine's byte order. This function expects little-endian words.
func parseAddr(text string) (addr netip.AddrPort, err error) {
	host, port, _ := strings.Cut(text, ":")
	raw, err := hex.DecodeString(host)
	if err != nil {
		return addr, err
	}
	for word := range slices.Chunk(raw, 4) {
		slices.Reverse(word)
	}
	number, err := strconv.ParseUint(port, 16, 16)
	if err != nil {
		return addr, err
	}
	ip, ok := netip.AddrFromSlice(raw)
	if !ok {
		return addr, fmt.Errorf("no address: %q", text)
	}
	return netip.AddrPortFrom(ip.Unmap(), uint16(number)), nil
}

// family returns a process and all of its descendants.
func family(root int) []int {
	children := map[int][]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is valid
	for _, file := range stats {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // the process has just ended
		}
		// "PID (NAME) STATE PARENT ...". NAME may contain any characters.
		_, rest, _ := strings.Cut(string(text[max(0, strings.LastIndexByte(string(text), ')')):]), " ")
		fields := strings.Fields(rest)
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil || len(fields) < 2 {
			continue
		}
		if parent, err := strconv.Atoi(fields[1]); err == nil {
			children[parent] = append(children[parent], pid)
		}
	}
	all := []int{root}
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i]]...)
	}
	return all
}
