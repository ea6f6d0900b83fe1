package app

import (
	"net/http"
	"slices"
	"testing"
)

// TestNaming: each call, over HTTP and gRPC, reaches its service with the headers that name the service. Hops records
// none of them as sent. This test uses no sidecars.
func TestNaming(t *testing.T) {
	a, err := Start(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	a.SetRoute(func(_, to string) string { return a.Addr[to] })
	a.SetNaming(func(to, book string) map[string]string { return map[string]string{"x-to": to + " " + book} })
	if err := Ask(t.Context(), http.DefaultClient, a.Addr["productpage"], 7, http.Header{}); err != nil {
		t.Fatal(err)
	}
	for _, c := range Calls {
		at := Hop{Call: c.Name, Book: "7"}
		want := []string{c.To + " 7"}
		if c.Cause == "" {
			want = nil // the user's call has no such headers
		}
		if got := a.Hops.Got(at)["x-to"]; !slices.Equal(got, want) {
			t.Errorf("%s received the headers %q, want %q", c.Name, got, want)
		}
		if sent := a.Hops.Sent(at)["x-to"]; sent != nil {
			t.Errorf("Hops records that %s was sent with %q, want none of the naming headers", c.Name, sent)
		}
	}
}
