package kubernetes_test

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	mesh "istio.io/api/mesh/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

// TestIstioInstall: the mesh configuration is Istio's own type, and the overlays use providers that it has.
func TestIstioInstall(t *testing.T) {
	var operator struct {
		APIVersion, Kind string
		Spec             struct{ MeshConfig map[string]any }
	}
	if err := yaml.UnmarshalStrict([]byte(read(t, "install/istio.yaml")), &operator); err != nil {
		t.Fatal(err)
	}
	text, err := yaml.Marshal(operator.Spec.MeshConfig)
	if err != nil {
		t.Fatal(err)
	}
	if text, err = yaml.YAMLToJSON(text); err != nil {
		t.Fatal(err)
	}
	var config mesh.MeshConfig
	if err := protojson.Unmarshal(text, &config); err != nil {
		t.Fatal(err)
	}
	providers := map[string]bool{}
	for _, p := range config.GetExtensionProviders() {
		providers[p.GetName()] = true
	}
	for overlay, provider := range map[string]string{"istio": "opentelemetry", "istio-zipkin": "zipkin"} {
		for _, o := range build(t, "overlays/"+overlay) {
			if o.GetKind() != "Telemetry" {
				continue
			}
			if text, err := yaml.Marshal(o.Object); err != nil || !strings.Contains(string(text), "- name: "+provider+"\n") || !providers[provider] {
				t.Errorf("%s does not use a provider %s: %v\n%s", overlay, provider, err, text)
			}
		}
	}
}

// TestServicesHavePods: each Service selects one Deployment's pods, and the ports that it names exist there.
func TestServicesHavePods(t *testing.T) {
	for _, folder := range []string{"base", "tracing"} {
		var services []corev1.Service
		var deployments []appsv1.Deployment
		for _, o := range build(t, folder) {
			var err error
			switch o.GetKind() {
			case "Service":
				services = append(services, corev1.Service{})
				err = runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &services[len(services)-1])
			case "Deployment":
				deployments = append(deployments, appsv1.Deployment{})
				err = runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &deployments[len(deployments)-1])
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, s := range services {
			ports, pods := map[string]bool{}, 0
			for _, d := range deployments {
				if labels.SelectorFromSet(s.Spec.Selector).Matches(labels.Set(d.Spec.Template.Labels)) {
					pods++
					for _, p := range d.Spec.Template.Spec.Containers[0].Ports {
						ports[p.Name] = true
					}
				}
			}
			for _, p := range s.Spec.Ports {
				if pods != 1 || !ports[p.TargetPort.StrVal] {
					t.Errorf("%s: port %s: %d Deployments, ports %v", s.Name, p.TargetPort.StrVal, pods, ports)
				}
			}
		}
	}
}

// TestDockerfile: the command that builds the program in the image builds it.
func TestDockerfile(t *testing.T) {
	run := regexp.MustCompile(`(?m)^RUN (CGO_ENABLED=0 go build .*) -o /bookinfo (.*)$`).FindStringSubmatch(read(t, "Dockerfile"))
	if run == nil {
		t.Fatal("the Dockerfile has no such command")
	}
	out := filepath.Join(t.TempDir(), "bookinfo")
	build := exec.Command("sh", "-c", run[1]+" -o "+out+" "+run[2])
	build.Dir = "../.."
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if text, err := exec.Command(out).CombinedOutput(); err == nil || !strings.Contains(string(text), `no SERVICE ""`) {
		t.Errorf("the program printed %s, %v", text, err)
	}
}
