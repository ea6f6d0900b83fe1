package compare

import (
	"encoding/base64"
	"slices"
	"strings"
)

// Refine returns the fault with a more exact kind, and with a detail if the cause is well known.
func (f Fault) Refine() Fault {
	blank := func(line string) bool { return strings.TrimSpace(line) == "" }
	altered := func(line string) bool { return !slices.Contains(f.Want, line) }
	switch {
	case f.Kind == MixedUp:
	case slices.ContainsFunc(f.Got, blank) && !slices.ContainsFunc(f.Want, blank):
		f.Kind = Empty
	case (f.Kind == Lost || f.Kind == Duplicated) && slices.ContainsFunc(f.Got, altered):
		f.Kind = Changed
	case f.Kind == Lost && len(f.Got) > 0:
		f.Detail = "Only some of its lines or members arrived."
	}
	if f.Kind == Changed {
		f.Detail = change(f.Header, f.Want, f.Got)
	}
	return f
}

// change explains well-known changes.
func change(name string, want, got []string) string {
	w, g := strings.Join(want, ","), strings.Join(got, ",")
	switch {
	case strings.EqualFold(w, g):
		return "Only the case differs. Values are case-sensitive."
	case strings.HasSuffix(name, "-Bin") && decode(g) == w:
		return "The base64 text of HTTP was sent as the bytes of gRPC. Decode it first: gRPC encodes -bin values by itself."
	case len(got) == 1 && strings.Contains(g, ",") && !list(name):
		return "Lines were joined by a comma, which only list headers allow."
	case sameItems(want, got):
		return "The members arrived in another order."
	}
	return ""
}

func sameItems(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// decode returns the bytes of a base64 text. It is for a text that was sent although the receiver wants the bytes.
func decode(sent string) string {
	text, err := base64.RawStdEncoding.DecodeString(sent)
	if err != nil {
		return ""
	}
	return strings.TrimRight(string(text), "=")
}
