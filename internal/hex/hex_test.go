package hex

import (
	"encoding/hex"
	"strings"
	"testing"
)

// FuzzDecode compares both decoders with encoding/hex.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{"", "0", "00f067aa0ba902b7", "00F067aa0ba902b7", "1", "g0", "00f067aa0ba902b70"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var got [8]byte
		want, err := hex.DecodeString(s)
		ok := err == nil && len(s) == 16 && s == strings.ToLower(s)
		if Decode(got[:], s) != ok || ok && string(got[:]) != string(want) {
			t.Errorf("Decode(%q) = %x, want %x %v", s, got, want, ok)
		}
		if ok && string(Append(nil, got[:])) != s {
			t.Errorf("Append(%x) is not %q", got, s)
		}
		padded := strings.Repeat("0", max(0, 16-len(s))) + s
		want, err = hex.DecodeString(padded)
		ok = s != "" && err == nil && len(padded) == 16 && s == strings.ToLower(s)
		if DecodePadded(got[:], s) != ok || ok && string(got[:]) != string(want) {
			t.Errorf("DecodePadded(%q) = %x, want %x %v", s, got, want, ok)
		}
	})
}

func TestDigit(t *testing.T) {
	for c := range 256 {
		v, ok := Digit(byte(c))
		i := strings.IndexByte(digits, byte(c))
		if ok != (i >= 0) || ok && int(v) != i {
			t.Errorf("Digit(%q) = %d, %v", byte(c), v, ok)
		}
	}
}
