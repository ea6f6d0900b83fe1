package app

import (
	"context"
	"fmt"
	"net/http"
)

// Ask acts as the user. It asks the edge for a book, with headers of its own. It returns an error unless the right
// answer comes back.
func Ask(ctx context.Context, c *http.Client, edge string, book int, h http.Header) error {
	want := fmt.Sprintf("book %d: a fine comedy, 5 stars from 2 readers of %[1]d: Ann-%[1]d, Bob-%[1]d", book)
	switch got, err := getWith(ctx, c, "http://"+edge+"/productpage/", fmt.Sprint(book), h.Clone()); {
	case err != nil:
		return fmt.Errorf("book %d: %w", book, err)
	case got != want:
		return fmt.Errorf("the answer is %q instead of %q", got, want)
	}
	return nil
}
