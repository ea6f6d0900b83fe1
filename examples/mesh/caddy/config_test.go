package caddy

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/examples/mesh/binary"
)

// TestCaddyfile: Caddy accepts the written configuration, also for a folder with a space in its name.
func TestCaddyfile(t *testing.T) {
	path, err := binary.Find("caddy")
	if err != nil {
		t.Skip(err)
	}
	dir := filepath.Join(t.TempDir(), "a folder")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	text, err := caddyfile(filepath.Join(dir, "log"), []site{
		{Port: 8001, Edge: true, Routes: []route{{Call: "details", Path: "/details/", Upstream: "127.0.0.1:8002"}}},
		{Port: 8003, Routes: []route{{Call: "ratings.Each", Host: "ratings", Path: "/bookinfo.Ratings/Each", Upstream: "h2c://127.0.0.1:8004"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "Caddyfile")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(path, "adapt", "--validate", "--config", file, "--adapter", "caddyfile").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, text)
	}
	for _, part := range []string{"127.0.0.1:8001", "127.0.0.1:8003", `"handler":"tracing"`, `"ratings.Each"`} {
		if !strings.Contains(string(out), part) {
			t.Errorf("the adapted configuration does not contain %s:\n%s", part, out)
		}
	}
}
