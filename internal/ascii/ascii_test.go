package ascii

import (
	"strings"
	"testing"

	"golang.org/x/net/http/httpguts"
)

// FuzzValues compares the function that reads words with one that reads bytes, and FieldValue with the function that
// net/http calls.
func FuzzValues(f *testing.F) {
	for _, s := range []string{"", "abcdefgh", "abcdefg\x7f", "\x1fbcdefgh", "abc\tdef", "\x80bcdefgh~", "~~~~~~~~ "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want := !strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r > 0x7E })
		if Printable(s) != want {
			t.Errorf("Printable(%q) = %v", s, !want)
		}
		if got := FieldValue(s); got != httpguts.ValidHeaderFieldValue(s) {
			t.Errorf("FieldValue(%q) = %v, want net/http's opposite result", s, got)
		}
	})
}

// TestPrintableEveryByte puts every byte at every position of a word, between bytes that could hide it.
func TestPrintableEveryByte(t *testing.T) {
	for _, fill := range []string{" ", "a", "~"} {
		for at := range 11 {
			for c := range 256 {
				s := []byte(strings.Repeat(fill, 11))
				s[at] = byte(c)
				if want := c >= 0x20 && c <= 0x7E; Printable(string(s)) != want {
					t.Fatalf("Printable(%q) = %v", s, !want)
				}
			}
		}
	}
}

func TestMetadataKey(t *testing.T) {
	for key, want := range map[string]bool{
		"": false, "b3": true, "x-b3-traceid": true, "a.b_c-9": true, "B3": false, "a b": false, "ø": false,
		"user-agent": false, "te": false, "grpc-trace-bin": true, ":path": false,
	} {
		if MetadataKey(key) != want {
			t.Errorf("MetadataKey(%q) = %v", key, !want)
		}
	}
}
