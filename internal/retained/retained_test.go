package retained

import (
	"runtime"
	"strings"
	"testing"
)

func TestBytes(t *testing.T) {
	var s Strings
	if got := s.Bytes(0); got != 0 {
		t.Errorf("the zero value has %d bytes, want 0", got)
	}
	kept, part := strings.Repeat("k", 100), strings.Repeat("p", 1000)[200:240]
	s.Watch("", kept, strings.Repeat("l", 10_000))
	s.Watch(part, kept)
	if got := s.Bytes(140); got != 140 {
		t.Errorf("%d bytes are left, want the kept 140", got)
	}
	runtime.KeepAlive(kept)
	runtime.KeepAlive(part)
	if got := s.Bytes(0); got != 0 {
		t.Errorf("%d bytes are left after all references were dropped, want 0", got)
	}
}
