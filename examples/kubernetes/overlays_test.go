// Package kubernetes_test validates the manifests of this folder without a cluster.
package kubernetes_test

import (
	"os"
	"path/filepath"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// folders are all folders that kustomize builds, with the number of objects in each.
var folders = map[string]int{
	"base": 17, "tracing": 4,
	"overlays/istio": 21, "overlays/istio-zipkin": 21, "overlays/linkerd": 21, "overlays/consul": 29,
}

// build returns the objects that kustomize builds from a folder.
func build(t *testing.T, folder string) (objects []*unstructured.Unstructured) {
	t.Helper()
	all, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all.Resources() {
		text, err := r.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		objects = append(objects, parse(t, string(text)))
	}
	return objects
}

func parse(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	u := &unstructured.Unstructured{}
	asJSON, err := yaml.YAMLToJSONStrict([]byte(text))
	if err == nil {
		err = u.UnmarshalJSON(asJSON) // it keeps integers apart from floats, as the rules need it
	}
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// TestFolders: each object of each folder is valid by the API of its kind.
func TestFolders(t *testing.T) {
	found, err := filepath.Glob("overlays/*")
	if err != nil || len(found) != len(folders)-2 {
		t.Fatalf("%v, %v", found, err)
	}
	crds := readCRDs(t)
	for folder, want := range folders {
		t.Run(folder, func(t *testing.T) {
			objects := build(t, folder)
			if len(objects) != want {
				t.Errorf("%d objects instead of %d", len(objects), want)
			}
			for _, o := range objects {
				name := o.GetKind() + "/" + o.GetName()
				t.Run(name, func(t *testing.T) {
					err := validateCore(o)
					if err == errNotCore {
						err = crds.validate(t, o)
					}
					if err != nil {
						t.Error(err)
					}
				})
			}
		})
	}
}

// TestFindsFaults: the validation fails for a field that does not exist, for a wrong type and for a missing field.
func TestFindsFaults(t *testing.T) {
	crds := readCRDs(t)
	for name, text := range map[string]string{
		"core, unknown field":  "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {portz: []}}",
		"core, wrong type":     "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: 80}}",
		"core, bad name":       "{apiVersion: v1, kind: Service, metadata: {name: a_b}, spec: {ports: [{port: 80}]}}",
		"core, no such kind":   "{apiVersion: v1, kind: Servize, metadata: {name: a}}",
		"istio, unknown field": "{apiVersion: telemetry.istio.io/v1, kind: Telemetry, metadata: {name: a}, spec: {tracin: []}}",
		"istio, wrong type":    "{apiVersion: telemetry.istio.io/v1, kind: Telemetry, metadata: {name: a}, spec: {tracing: [{randomSamplingPercentage: all}]}}",
		"istio, wrong value":   "{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: a}, spec: {mtls: {mode: SOMETIMES}}}",
		"istio, missing":       "{apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: a}, spec: {servers: [{hosts: ['*']}]}}",
		"gateway, its rules":   "{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: a}, spec: {gatewayClassName: a, listeners: [{name: a, port: 80, protocol: TCP, hostname: a.b}]}}",
		"no such version":      "{apiVersion: telemetry.istio.io/v9, kind: Telemetry, metadata: {name: a}}",
	} {
		o := parse(t, text)
		err := validateCore(o)
		if err == errNotCore {
			err = crds.validate(t, o)
		}
		if err == nil {
			t.Errorf("%s: the object is valid, want an error", name)
		} else {
			t.Logf("%s: %v", name, err)
		}
	}
}

// read returns a file's text.
func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
