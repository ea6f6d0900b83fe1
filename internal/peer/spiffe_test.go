package peer_test

import (
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/internal/peer"
)

func TestIDs(t *testing.T) {
	ids := peer.ParseIDs([]string{"spiffe://example.org/ns/a/sa/b", "spiffe://partner.example"})
	for id, want := range map[string]bool{
		"spiffe://example.org/ns/a/sa/b":                        true,
		"spiffe://partner.example/x":                            true,
		"spiffe://partner.example/x/y-_.Z":                      true,
		"spiffe://example.org/ns/a/sa":                          false,
		"spiffe://example.org/ns/a/sa/b/c":                      false,
		"spiffe://example.org/ns/a/sa/B":                        false,
		"spiffe://example.org":                                  false,
		"spiffe://partner.example":                              false, // the id of a trust domain is not a workload's id
		"spiffe://partner.example/":                             false,
		"spiffe://partner.example.evil/x":                       false,
		"spiffe://evil.partner.example/x":                       false,
		"spiffe://partner.example:443/x":                        false,
		"spiffe://user@partner.example/x":                       false,
		"spiffe://Partner.example/x":                            false,
		"SPIFFE://partner.example/x":                            false,
		"spiffe://partner.example/x?q":                          false,
		"spiffe://partner.example/x#f":                          false,
		"spiffe://partner.example//x":                           false,
		"spiffe://partner.example/./x":                          false,
		"spiffe://partner.example/../x":                         false,
		"spiffe://partner.example/x/":                           false,
		"spiffe://partner.example/%78":                          false,
		"spiffe://partner.example/x\n":                          false,
		"spiffe:///x":                                           false,
		"https://partner.example/x":                             false,
		" spiffe://partner.example/x":                           false,
		"":                                                      false,
		"spiffe://partner.example/" + strings.Repeat("x", 2023): true, // 2048 bytes, the longest
		"spiffe://partner.example/" + strings.Repeat("x", 2024): false,
	} {
		if got := ids.Have(id); got != want {
			t.Errorf("%q: %v, want %v", id, got, want)
		}
	}
	if peer.ParseIDs(nil).Have("spiffe://partner.example/x") {
		t.Error("an empty list has an id, want none")
	}
}

func TestParseIDsPanics(t *testing.T) {
	for _, id := range []string{"", "example.org", "spiffe://", "spiffe://example.org/", "spiffe://*.example.org", "spiffe://example.org/*", "https://example.org/a"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q is accepted, want a panic", id)
				}
			}()
			peer.ParseIDs([]string{"spiffe://example.org", id})
		}()
	}
}

// slowID is part of SPIFFE-ID's grammar as a regular expression. slowHave does the rest with net/url and path.
var slowID = regexp.MustCompile(`^spiffe://[a-z0-9._-]+((?:/[a-zA-Z0-9._-]+)*)$`)

func slowHave(id string, exact []string, domains []string) bool {
	u, err := url.Parse(id)
	if err != nil || len(id) > 2048 || !slowID.MatchString(id) || u.Path == "" || path.Clean(u.Path) != u.Path {
		return false
	}
	return slices.Contains(exact, id) || slices.Contains(domains, u.Host)
}

func FuzzIDs(f *testing.F) {
	exact, domains := []string{"spiffe://example.org/a/b"}, []string{"partner.example"}
	for _, id := range []string{"spiffe://example.org/a/b", "spiffe://partner.example/x", "spiffe://partner.example/..", "spiffe://partner.example/x/./y", "spiffe://-/x", "spiffe://partner.example:1/x", ""} {
		f.Add(id)
	}
	ids := peer.ParseIDs([]string{exact[0], "spiffe://" + domains[0]})
	f.Fuzz(func(t *testing.T, id string) {
		if got, want := ids.Have(id), slowHave(id, exact, domains); got != want {
			t.Errorf("%q: %v, the slow reader says %v", id, got, want)
		}
	})
}
