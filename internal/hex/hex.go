// Package hex decodes and encodes the lower-case hexadecimal numbers of trace headers.
//
// encoding/hex accepts both cases and allocates its errors. The formats need lower case only, and wrong digits are
// common.
package hex

import "slices"

const digits = "0123456789abcdef"

const bad = 0xFF

// values maps a lower-case digit to its value, and every other byte to bad.
var values = func() (t [256]byte) {
	for i := range t {
		t[i] = bad
	}
	for i, d := range []byte(digits) {
		t[d] = byte(i)
	}
	return
}()

// Decode fills dst from lower-case digits. It reports whether s has exactly two of them for each byte of dst, and
// nothing else.
func Decode(dst []byte, s string) bool {
	if len(s) != 2*len(dst) {
		return false
	}
	seen := byte(0)
	for i := range dst {
		hi, lo := values[s[2*i]], values[s[2*i+1]]
		dst[i] = hi<<4 | lo
		seen |= hi | lo
	}
	return seen <= 0x0F
}

// DecodePadded is Decode for a number with fewer digits, as if s had zeros on its left. s has at least one digit.
func DecodePadded(dst []byte, s string) bool {
	if s == "" || len(s) > 2*len(dst) {
		return false
	}
	seen := byte(0)
	clear(dst)
	for i := range s {
		v := values[s[len(s)-1-i]]
		seen |= v
		dst[len(dst)-1-i/2] |= v << (4 * (i & 1))
	}
	return seen <= 0x0F
}

// Digit returns the value of a lower-case digit, and false for any other byte.
func Digit(c byte) (byte, bool) { return values[c], values[c] != bad }

// Append appends two lower-case digits for each byte of src.
func Append(dst, src []byte) []byte {
	from := len(dst)
	dst = slices.Grow(dst, 2*len(src))[:from+2*len(src)]
	Encode(dst[from:], src)
	return dst
}

// Encode writes two lower-case digits for each byte of src to dst, which must be long enough.
func Encode(dst, src []byte) {
	dst = dst[:2*len(src)]
	for i, b := range src {
		pair := &pairs[b]
		dst[2*i], dst[2*i+1] = pair[0], pair[1]
	}
}

// pairs are the two digits of every byte. They save one of two look-ups.
var pairs = func() (t [256][2]byte) {
	for i := range t {
		t[i] = [2]byte{digits[i>>4], digits[i&0xF]}
	}
	return
}()
