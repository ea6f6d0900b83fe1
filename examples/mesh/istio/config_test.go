package istio

import (
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/examples/mesh/app"
	"github.com/traceferry/traceferry/examples/mesh/sink"
	"github.com/traceferry/traceferry/examples/mesh/system"
	"go.yaml.in/yaml/v3"
)

// written makes the mesh write its configuration, and returns the documents of a file.
func written(t *testing.T, m *Mesh, file string) []map[string]any {
	t.Helper()
	m.ground = system.Ground{Dir: t.TempDir(), Collector: "127.0.0.1:9411", Services: map[string]string{}}
	m.kubernetes = startEmpty(t)
	t.Cleanup(func() { m.ports.Close() })
	for i, service := range app.Services {
		m.ground.Services[service] = net.JoinHostPort("127.0.0.1", string(rune('1'+i)))
	}
	for _, c := range app.Calls {
		if err := m.ports.Hold(in(c.To), out(c.From), discovery); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.write(); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(m.ground.Dir, file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var documents []map[string]any
	for d := yaml.NewDecoder(f); ; {
		var document map[string]any
		switch err := d.Decode(&document); {
		case errors.Is(err, io.EOF):
			return documents
		case err != nil:
			t.Fatal(err)
		case document != nil:
			documents = append(documents, document)
		}
	}
}

// TestLoopbackOnly: each address and each listener of the resources is on loopback.
func TestLoopbackOnly(t *testing.T) {
	kinds := map[string]int{}
	var visit func(path string, value any)
	visit = func(path string, value any) {
		switch value := value.(type) {
		case map[string]any:
			for key, inner := range value {
				visit(path+"."+key, inner)
			}
		case []any:
			for _, inner := range value {
				visit(path, inner)
			}
		case string:
			address := strings.HasSuffix(path, ".address") || strings.HasSuffix(path, ".bind") || strings.HasSuffix(path, ".defaultEndpoint")
			if address && value != "127.0.0.1" && !strings.HasPrefix(value, "127.0.0.1:") {
				t.Errorf("the address at %s is %s, want a loopback address", path, value)
			}
		}
	}
	for _, document := range written(t, &Mesh{Provider: "zipkin"}, "config/resources.yaml") {
		kind := document["kind"].(string)
		kinds[kind]++
		visit(kind, document)
	}
	services := len(app.Services)
	for kind, want := range map[string]int{"ServiceEntry": services + 1, "Sidecar": services, "Gateway": 1, "VirtualService": 1, "Telemetry": len(proxies) + 1} {
		if kinds[kind] != want {
			t.Errorf("there are %d objects of the kind %s, want %d", kinds[kind], kind, want)
		}
	}
}

// TestProviders: the mesh configuration has each provider, and an access log for each proxy.
func TestProviders(t *testing.T) {
	config := written(t, &Mesh{Provider: "zipkin"}, "meshconfig.yaml")
	names := map[string]bool{}
	for _, provider := range config[0]["extensionProviders"].([]any) {
		names[provider.(map[string]any)["name"].(string)] = true
	}
	for _, name := range []string{"zipkin", "zipkin-w3c", "opentelemetry", "datadog", "skywalking", "access-log-edge", "access-log-users"} {
		if !names[name] {
			t.Errorf("no provider %s", name)
		}
	}
}

func TestLabel(t *testing.T) {
	span := func(service, path string) sink.Span {
		return sink.Span{Service: service, Tags: map[string]string{sink.CallTag: path}}
	}
	got := new(Mesh).Label([]sink.Span{
		span("edge.default", "/productpage/1"),
		span("ratings.default", "/users/count/7"),
		span("users.default", "/other"),
	}, nil)
	for i, want := range []sink.Span{span("edge", "productpage"), span("ratings", "users.count"), span("users", "/other")} {
		if got[i].Service != want.Service || got[i].Tags[sink.CallTag] != want.Tags[sink.CallTag] {
			t.Errorf("%v instead of %v", got[i], want)
		}
	}
}
