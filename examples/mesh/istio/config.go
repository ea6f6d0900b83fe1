package istio

import (
	"bytes"
	"embed"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/traceferry/traceferry/examples/mesh/app"
)

//go:embed *.yaml
var templates embed.FS

// values are the data for the templates.
type values struct {
	Services  []service
	Proxies   []string
	Entry     int // the port of the gateway
	Collector struct{ Host, Port, Protocol string }
	Provider  string
	Discovery string // istiod's host:port
}

type service struct {
	Name, Protocol          string
	Port, Inbound, Outbound int    // Port is the port in the mesh; Outbound is 0 for a service without calls
	App                     string // host:port
}

// write writes istiod's configuration: meshconfig.yaml, kubeconfig and config/resources.yaml.
func (m *Mesh) write() error {
	v, err := m.values()
	if err != nil {
		return err
	}
	dir := filepath.Join(m.ground.Dir, "config")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(m.ground.Dir, "kubeconfig"), m.kubernetes.kubeconfig(), 0o600),
		m.fill("meshconfig.yaml", m.ground.Dir, v),
		m.fill("resources.yaml", dir, v),
	)
}

func (m *Mesh) values() (values, error) {
	v := values{Proxies: proxies, Entry: m.ports.Number(out(app.Edge)), Provider: m.Provider, Discovery: m.ports.Addr(discovery)}
	var err error
	if v.Collector.Host, v.Collector.Port, err = net.SplitHostPort(m.ground.Collector); err != nil {
		return v, err
	}
	v.Collector.Protocol = protocol(m.GRPC)
	called := map[string]bool{}
	for _, c := range app.Calls {
		if called[c.To] {
			continue
		}
		called[c.To] = true
		v.Services = append(v.Services, service{
			Name:     c.To,
			Protocol: protocol(c.GRPC),
			Port:     m.ports.Number(out(c.From)),
			Inbound:  m.ports.Number(in(c.To)),
			Outbound: m.ports.Number(out(c.To)),
			App:      m.ground.Services[c.To],
		})
	}
	return v, nil
}

func protocol(grpc bool) string {
	if grpc {
		return "GRPC"
	}
	return "HTTP"
}

// fill executes a template and writes the result to a file with the template's name.
func (m *Mesh) fill(name, dir string, v values) error {
	t, err := template.New(name).Funcs(template.FuncMap{"accessLog": m.accessLog, "lower": strings.ToLower}).ParseFS(templates, name)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := t.Execute(&text, v); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, name), text.Bytes(), 0o600)
}
