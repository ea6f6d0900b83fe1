package policy

import (
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/wire"
)

// headerSet is a set of header names and patterns, as Config.Headers and Destination.Headers list them.
type headerSet struct {
	names    map[string]bool // in lower case
	prefixes []string        // of the patterns, in lower case
}

// NewHeaderSet returns the set of a list. It skips "*", which is not a pattern of names.
func NewHeaderSet(list []string) (s headerSet) {
	if len(list) == 0 {
		return s
	}
	s = headerSet{names: make(map[string]bool, len(list))}
	for _, name := range list {
		if name == wire.Every || s.names[strings.ToLower(name)] {
			continue
		}
		lower := strings.ToLower(name)
		s.names[lower] = true
		if prefix, pattern := strings.CutSuffix(lower, wire.Every); pattern {
			s.prefixes = append(s.prefixes, prefix)
		}
	}
	return s
}

// has reports whether the set lists a lower-case name or has a pattern that matches it.
func (s *headerSet) has(lower string) bool { return s.names[lower] || s.begins(lower) }

func (s *headerSet) begins(lower string) bool {
	return slices.ContainsFunc(s.prefixes, func(prefix string) bool { return strings.HasPrefix(lower, prefix) })
}

// covers reports whether the set contains every name that an entry of Config.Headers or UnsafeHeaders stands for. A
// pattern covers no name of UnsafeHeaders.
func (s *headerSet) covers(h *wire.Field) bool {
	switch {
	case h.Unsafe:
		return s.names[h.Lower]
	case h.Prefix:
		return s.begins(h.Lower)
	}
	return s.has(h.Lower)
}

// Touches reports whether the set contains a name that an entry of another list stands for.
func (s *headerSet) Touches(entry string) bool {
	lower := strings.ToLower(entry)
	prefix, pattern := strings.CutSuffix(lower, wire.Every)
	if !pattern {
		return s.has(lower)
	}
	if s.begins(prefix) { // a pattern of the set covers this one
		return true
	}
	for name := range s.names {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
