package golangci_test

import (
	"strings"
	"testing"

	"github.com/golangci/plugin-module-register/register"

	_ "github.com/traceferry/traceferry/lint/golangci"
)

func analyzers(t *testing.T, settings any) string {
	t.Helper()
	create, err := register.GetPlugin("traceferry")
	if err != nil {
		t.Fatal(err)
	}
	plugin, err := create(settings)
	if err != nil {
		t.Fatal(err)
	}
	if mode := plugin.GetLoadMode(); mode != register.LoadModeTypesInfo {
		t.Errorf("the load mode is %s, want types info", mode)
	}
	all, err := plugin.BuildAnalyzers()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, a := range all {
		names = append(names, a.Name)
	}
	return strings.Join(names, " ")
}

// TestPlugin: golangci-lint finds the plugin by its name, and its settings choose the analyzers.
func TestPlugin(t *testing.T) {
	for _, test := range []struct {
		settings any // as golangci-lint decodes them from YAML
		want     string
	}{
		{nil, "background bareclient baregrpc gincontext goroutine newrequest otelorder"},
		{map[string]any{"disable": []any{"baregrpc", "otelorder"}}, "background bareclient gincontext goroutine newrequest"},
		{map[string]any{"enable": []any{"newrequest", "background"}}, "background newrequest"},
		{map[string]any{"enable": []any{"newrequest", "background"}, "disable": []any{"background"}}, "newrequest"},
	} {
		if got := analyzers(t, test.settings); got != test.want {
			t.Errorf("%v: %s, want %s", test.settings, got, test.want)
		}
	}
}

// TestPluginMistakes: an error names all mistakes in the settings.
func TestPluginMistakes(t *testing.T) {
	create, err := register.GetPlugin("traceferry")
	if err != nil {
		t.Fatal(err)
	}
	_, err = create(map[string]any{"enable": []any{"background", "backgroud"}, "disable": []any{"grpc"}})
	for _, want := range []string{"backgroud", "grpc"} {
		if err == nil || !strings.Contains(err.Error(), `"`+want+`"`) {
			t.Errorf("the error is %v, and does not name %s", err, want)
		}
	}
	if _, err := create(map[string]any{"disabled": []any{"baregrpc"}}); err == nil || !strings.Contains(err.Error(), "disabled") {
		t.Errorf("an unknown key gives the error %v, want one that names the key", err)
	}
}
