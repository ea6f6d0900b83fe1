package kubernetes_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	_ "istio.io/api/annotation" // go.mod keeps the module for its CRDs
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structural "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	_ "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/yaml"
)

// crds are the schemas of custom resources, by group, version and kind.
type crds map[string]*apiextensions.JSONSchemaProps

// readCRDs reads the CRDs of Istio and of the Gateway API from their Go modules. Those of Linkerd and Consul are in
// no module: $CRDS names a folder with them, such as one with what "kubectl get crds -o yaml" prints.
func readCRDs(t *testing.T) crds {
	t.Helper()
	files := []string{filepath.Join(moduleDir(t, "istio.io/api"), "kubernetes", "customresourcedefinitions.gen.yaml")}
	patterns := []string{filepath.Join(moduleDir(t, "sigs.k8s.io/gateway-api"), "config", "crd", "standard", "*.yaml")}
	if folder := os.Getenv("CRDS"); folder != "" {
		patterns = append(patterns, filepath.Join(folder, "*.yaml"))
	}
	for _, pattern := range patterns {
		more, err := filepath.Glob(pattern)
		if err != nil || len(more) == 0 {
			t.Fatalf("no CRDs at %s: %v", pattern, err)
		}
		files = append(files, more...)
	}
	all := crds{}
	for _, file := range files {
		if err := all.read(file); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
	}
	return all
}

func moduleDir(t *testing.T, module string) string {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(dir))
}

// read adds the CRDs of a file. Other objects in it are skipped.
func (c crds) read(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	for docs := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text))); ; {
		doc, err := docs.Read()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		var v1 apiextensionsv1.CustomResourceDefinition
		if err := yaml.Unmarshal(doc, &v1); err != nil {
			return err
		}
		if v1.Kind != "CustomResourceDefinition" {
			continue
		}
		for _, version := range v1.Spec.Versions {
			props := &apiextensions.JSONSchemaProps{}
			err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(version.Schema.OpenAPIV3Schema, props, nil)
			if err != nil {
				return err
			}
			c[v1.Spec.Group+"/"+version.Name+"/"+v1.Spec.Names.Kind] = props
		}
	}
}

// validate does what the API server does with a custom resource under strict field validation. It allows no unknown
// fields, and checks the schema and its rules. It skips the test if the CRD is missing.
func (c crds) validate(t *testing.T, o *unstructured.Unstructured) error {
	kind := o.GroupVersionKind()
	props := c[kind.Group+"/"+kind.Version+"/"+kind.Kind]
	if props == nil {
		for _, absent := range []string{"policy.linkerd.io", "consul.hashicorp.com"} {
			if kind.Group == absent && os.Getenv("CRDS") == "" {
				t.Skipf("no CRD of %v: name a folder with it in $CRDS", kind)
			}
		}
		return fmt.Errorf("no CRD of %v", kind)
	}
	s, err := structural.NewStructural(props)
	if err != nil {
		return err
	}
	content := o.DeepCopy().Object
	unknown := pruning.PruneWithOptions(content, s, true, structural.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
	var errs []error
	for _, path := range unknown {
		errs = append(errs, fmt.Errorf("unknown field %s", path))
	}
	defaulting.Default(content, s)
	validator, _, err := validation.NewSchemaValidator(props)
	if err != nil {
		return err
	}
	for _, err := range validation.ValidateCustomResource(nil, content, validator) {
		errs = append(errs, err)
	}
	broken, _ := cel.NewValidator(s, true, celconfig.PerCallLimit).Validate(t.Context(), nil, s, content, nil, celconfig.RuntimeCELCostBudget)
	for _, err := range broken {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
