package istio

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func startEmpty(t *testing.T) *kubernetes {
	t.Helper()
	k, err := startKubernetes()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.close() })
	return k
}

func TestEmptyCluster(t *testing.T) {
	k := startEmpty(t)
	for _, c := range []struct {
		method, path, accept, body string
		code                       int
		says                       string
	}{
		{"GET", "/version", "", "", 200, `"gitVersion":"v1.34.0"`},
		{"GET", "/api", "", "", 200, `"versions":["v1"]`},
		{"GET", "/apis", "", "", 200, `"groups":[]`},
		{"GET", "/api/v1/pods?limit=500", "", "", 200, `"items":[]`},
		{"GET", "/api/v1/namespaces", "", "", 200, `"items":[]`},
		{"GET", "/api/v1/namespaces/istio-system/configmaps", "", "", 200, `"items":[]`},
		{"GET", "/apis/discovery.k8s.io/v1/endpointslices", "", "", 200, `"resourceVersion":"1"`},
		{"GET", "/api/v1/secrets", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", "", 200, `"kind":"PartialObjectMetadataList"`},
		{"GET", "/api/v1/namespaces/istio-system", "", "", 404, `"reason":"NotFound"`},
		{"GET", "/api/v1/namespaces/istio-system/configmaps/istio", "", "", 404, `"reason":"NotFound"`},
		{"GET", "/apis/coordination.k8s.io/v1/namespaces/istio-system/leases/leader", "", "", 404, `"kind":"Status"`},
		{"GET", "/api/v1/pods?watch=true&sendInitialEvents=true", "", "", 422, `"reason":"Invalid"`},
		{"POST", "/api/v1/namespaces/x/configmaps", "", `{"kind":"ConfigMap","metadata":{"name":"a"},"data":{"k":"v"}}`, 201, `"data":{"k":"v"}`},
		{"PUT", "/api/v1/namespaces/x/configmaps/a", "", `{"metadata":{"name":"a"}}`, 201, `"resourceVersion":"2"`},
		{"POST", "/api/v1/namespaces/x/configmaps", "", "k8s\x00", 415, `"Failure"`},
		{"DELETE", "/api/v1/namespaces/x/configmaps/a", "", "", 404, `"NotFound"`},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, k.url()+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept", c.accept)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != c.code || !strings.Contains(string(text), c.says) || !json.Valid(text) {
			t.Errorf("%s %s: %s %s (%v), want %d and %s", c.method, c.path, resp.Status, text, err, c.code, c.says)
		}
	}
}

// TestWatch: a watch stays open and sends nothing.
func TestWatch(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, startEmpty(t).url()+"/api/v1/pods?watch=true", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if ctx.Err() == nil || len(text) > 0 {
		t.Errorf("the watch ended with %q and %v", text, err)
	}
}
