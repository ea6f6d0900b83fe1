package peer

import (
	"fmt"
	"strings"
)

// IDs are SPIFFE IDs and trust domains of peers.
type IDs struct {
	exact   map[string]bool
	domains map[string]bool
}

// ParseIDs parses spiffe://domain/path, which is one workload, and spiffe://domain, which is all of a trust domain
// (SPIFFE-ID, section 2). It panics if one is neither, because the ids are part of the program.
func ParseIDs(ids []string) IDs {
	set := IDs{map[string]bool{}, map[string]bool{}}
	for _, id := range ids {
		domain, path, ok := split(id)
		if !ok {
			panic(fmt.Sprintf("traceferry: %q is not a SPIFFE ID: want spiffe://domain/path, or spiffe://domain for all of it", id))
		}
		if path == "" {
			set.domains[domain] = true
		} else {
			set.exact[id] = true
		}
	}
	return set
}

// Have reports whether a workload is one of them. A trust domain is not a workload.
func (ids IDs) Have(id string) bool {
	domain, path, ok := split(id)
	return ok && path != "" && (ids.exact[id] || ids.domains[domain])
}

// split parses a SPIFFE ID strictly. The scheme and the domain are in lower case. There is no port, user, query,
// fragment, escape, or empty or dotted segment.
func split(id string) (domain, path string, ok bool) {
	rest, ok := strings.CutPrefix(id, "spiffe://")
	if !ok || len(id) > 2048 {
		return "", "", false
	}
	domain, path, slash := strings.Cut(rest, "/")
	if domain == "" || !all(domain, "abcdefghijklmnopqrstuvwxyz0123456789.-_") {
		return "", "", false
	}
	if !slash {
		return domain, "", true
	}
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "" || segment == "." || segment == ".." ||
			!all(segment, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") {
			return "", "", false
		}
	}
	return domain, path, true
}

func all(s, chars string) bool {
	for i := range len(s) {
		if strings.IndexByte(chars, s[i]) < 0 {
			return false
		}
	}
	return true
}
