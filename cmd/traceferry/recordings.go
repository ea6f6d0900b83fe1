package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// recordings reads what an echo recorded.
type recordings struct {
	url    string
	client *http.Client
	next   int
}

// open finds the echo and ignores the calls that it recorded before.
func (r *recordings) open(ctx context.Context) error {
	got, err := r.fetch(ctx, 0)
	if err != nil {
		return fmt.Errorf("no echo at %s: %w\nStart one with: traceferry echo -listen :9000", r.url, err)
	}
	r.next = got.Next
	return nil
}

// more returns the calls since the last ones. If there are none, it waits.
func (r *recordings) more(ctx context.Context, wait time.Duration) ([]call, error) {
	got, err := r.fetch(ctx, wait)
	if err != nil {
		return nil, fmt.Errorf("the echo at %s: %w", r.url, err)
	}
	r.next = got.Next
	return got.Calls, nil
}

func (r *recordings) fetch(ctx context.Context, wait time.Duration) (got recorded, err error) {
	ctx, cancel := context.WithTimeout(ctx, wait+10*time.Second)
	defer cancel()
	query := url.Values{"from": {strconv.Itoa(r.next)}, "wait": {wait.String()}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(r.url, "/")+recordPath+"?"+query.Encode(), nil)
	if err != nil {
		return got, err
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return got, err
	}
	defer resp.Body.Close()
	const most = 256 << 20
	if err := json.NewDecoder(io.LimitReader(resp.Body, most)).Decode(&got); err != nil || got.Traceferry != "echo" {
		return got, fmt.Errorf("it answered %q, which is no echo of traceferry", resp.Status)
	}
	return got, nil
}
