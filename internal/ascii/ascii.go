// Package ascii answers which transports may carry a header value.
package ascii

// Printable reports whether every byte is in 0x20-0x7E. Every transport carries such a value.
func Printable(s string) bool {
	const (
		ones = 0x0101010101010101
		high = 0x8080808080808080
	)
	for len(s) >= 8 {
		w := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
			uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
		// A byte sets its high bit if it has it, is less than 0x20, or is 0x7F. A
		// borrow or carry between bytes only comes from a byte that is itself reported.
		if (w|(w-0x20*ones)|(w+ones))&high != 0 {
			return false
		}
		s = s[8:]
	}
	for i := range len(s) {
		if s[i]-0x20 > 0x5E {
			return false
		}
	}
	return true
}

// FieldValue reports whether net/http sends the value (RFC 9110, section 5.5): no
// control character but the tab.
func FieldValue(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < 0x20 && c != '\t' || c == 0x7F {
			return false
		}
	}
	return true
}

// MetadataKey reports whether grpc-go sends the key: letters in lower case, digits,
// "-", "_" and ".", and not a key that the transport reserves.
func MetadataKey(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.') {
			return false
		}
	}
	switch s {
	case "", "content-type", "user-agent", "grpc-message-type", "grpc-encoding", "grpc-message",
		"grpc-status", "grpc-timeout", "te":
		return false
	}
	return true
}
