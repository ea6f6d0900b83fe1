package kubernetes_test

import (
	"errors"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

var errNotCore = errors.New("not of Kubernetes itself")

// core has the types of Kubernetes itself that the manifests use.
var core = func() *runtime.Scheme {
	s := runtime.NewScheme()
	if err := errors.Join(corev1.AddToScheme(s), appsv1.AddToScheme(s)); err != nil {
		panic(err)
	}
	return s
}()

// validateCore reads an object of Kubernetes itself into its Go type, as the API server does with strict field
// validation: each field must exist and have the right type. Names and labels must be valid.
func validateCore(o *unstructured.Unstructured) error {
	kind := o.GroupVersionKind()
	if !core.IsGroupRegistered(kind.Group) {
		return errNotCore
	}
	typed, err := core.New(kind)
	if err != nil {
		return err
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(o.Object, typed, true); err != nil {
		return err
	}
	wrong := validation.IsDNS1123Label(o.GetName())
	for key, value := range o.GetLabels() {
		wrong = slices.Concat(wrong, validation.IsQualifiedName(key), validation.IsValidLabelValue(value))
	}
	for key := range o.GetAnnotations() {
		wrong = append(wrong, validation.IsQualifiedName(key)...)
	}
	var errs []error
	for _, w := range wrong {
		errs = append(errs, errors.New(w))
	}
	return errors.Join(errs...)
}
