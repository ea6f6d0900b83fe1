package dapr

import (
	"testing"

	"github.com/traceferry/traceferry/examples/bookinfo/ratingspb"
	"github.com/traceferry/traceferry/examples/mesh/sink"
)

func TestLabel(t *testing.T) {
	for _, c := range []struct{ name, tag, call, book string }{
		{"CallLocal/productpage/productpage/7", "", "productpage", "7"},
		{"CallLocal/users/users/count/12", "", "users.count", "12"},
		{ratingspb.Ratings_Average_FullMethodName, "3", "ratings.Average", "3"},
		{ratingspb.Ratings_Each_FullMethodName, "", "ratings.Each", ""},
		{"/v1.0/metadata", "", "", ""},
	} {
		spans := new(Mesh).Label([]sink.Span{{Name: c.name, Tags: map[string]string{bookHeader: c.tag}}}, nil)
		if tags := spans[0].Tags; tags[sink.CallTag] != c.call || tags[sink.BookTag] != c.book {
			t.Errorf("the span %s has the call %q and the book %q, want %q and %q", c.name, tags[sink.CallTag], tags[sink.BookTag], c.call, c.book)
		}
	}
}
