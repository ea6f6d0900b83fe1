package propagation_test

import (
	"net/http"
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

// TestSignedByName: a caller may control the value of a query parameter. No such value makes the request look signed, because
// the request would then lose its trace headers.
func TestSignedByName(t *testing.T) {
	p := propagation.MustNew(propagation.Config{})
	for query, signed := range map[string]bool{
		"X-Amz-Signature=0":            true,
		"a=b&X-Goog-Signature=0":       true,
		"&&X-Amz-Signature=0&":         true,
		"q=X-Amz-Signature=0":          false,
		"q=a&NoX-Goog-Signature=0":     false,
		"q=a?X-Amz-Signature=0":        false,
		"X-Amz-Signature":              false,
		"q=%26X-Amz-Signature=0":       false,
		"X-Amz-Signature-Version=4&a=": false,
	} {
		r, err := http.NewRequestWithContext(received(p, "B3", callerB3), "GET", "https://api.example.com/?"+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, changed := engine(p).CloneRequest(r); changed == signed {
			t.Errorf("%q is read as signed: %v, want %v", query, !changed, signed)
		}
	}
}
