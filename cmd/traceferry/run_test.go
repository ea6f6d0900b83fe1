package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

// result is what one run of the program did.
type result struct {
	status      int
	out, errors string
}

// runWith runs the program with an input.
func runWith(t testing.TB, stdin string, args ...string) result {
	t.Helper()
	var out, errors bytes.Buffer
	status := runContext(context.Background(), args, strings.NewReader(stdin), &out, &errors)
	return result{status, out.String(), errors.String()}
}
