package traceferry_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/traceferry/traceferry"

// goList runs go list and returns its words.
func goList(t *testing.T, args ...string) []string {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list"}, args...)...).Output()
	if err != nil {
		t.Fatalf("go list %v: %v", args, err)
	}
	return strings.Fields(string(out))
}

func hasPrefix(prefix string) func(string) bool {
	return func(s string) bool { return s == prefix || strings.HasPrefix(s, prefix+"/") }
}

// TestLinksNoMore: who uses one package does not link what another needs.
func TestLinksNoMore(t *testing.T) {
	heavy := map[string][]string{
		"propagation":        {"google.golang.org/grpc", "go.opentelemetry.io/otel/sdk", "github.com/go-chi/chi", module + "/httptrace", module + "/grpctrace"},
		"propagation/preset": {"google.golang.org/grpc", "go.opentelemetry.io/otel/sdk", "github.com/go-chi/chi", module + "/httptrace", module + "/grpctrace"},
		"httptrace":          {"google.golang.org/grpc", "go.opentelemetry.io/otel/sdk", "github.com/go-chi/chi", "go.opentelemetry.io/contrib", module + "/grpctrace"},
		"grpctrace":          {"go.opentelemetry.io/otel/sdk", "github.com/go-chi/chi", "go.opentelemetry.io/contrib", module + "/httptrace", module + "/internal/pickguard"},
		"stats/expvarstats":  {"expvar", "google.golang.org/grpc", "go.opentelemetry.io/otel/sdk"}, // expvar registers a handler
		"stats/otelstats":    {"expvar", "google.golang.org/grpc", "go.opentelemetry.io/otel/sdk", "github.com/prometheus"},
	}
	for pkg, unwanted := range heavy {
		deps := goList(t, "-deps", "./"+pkg)
		if !slices.Contains(deps, module+"/"+pkg) {
			t.Fatalf("go list says nothing of %s", pkg)
		}
		for _, u := range unwanted {
			if i := slices.IndexFunc(deps, hasPrefix(u)); i >= 0 {
				t.Errorf("%s links %s", pkg, deps[i])
			}
		}
	}
}

// TestEngineLayers: each package of the engine imports only packages of the layers below it, and helpers that know no
// header.
func TestEngineLayers(t *testing.T) {
	helpers := []string{"internal/ascii", "internal/callsite", "internal/ctxkey", "internal/hex", "internal/hostmatch"}
	layers := []string{"internal/wire", "internal/outcome", "internal/policy", "internal/capture", "internal/plan", "propagation"}
	for i, layer := range layers {
		imports := goList(t, "-f", `{{join .Imports "\n"}}`, "./"+layer)
		if len(imports) == 0 {
			t.Fatalf("go list says nothing of %s", layer)
		}
		for _, imported := range imports {
			rest, ours := strings.CutPrefix(imported, module+"/")
			if ours && !slices.Contains(layers[:i], rest) && !slices.Contains(helpers, rest) {
				t.Errorf("%s imports %s, which is not below it", layer, rest)
			}
		}
	}
	for _, helper := range helpers {
		for _, imported := range goList(t, "-f", `{{join .Imports "\n"}}`, "./"+helper) {
			if rest, ours := strings.CutPrefix(imported, module+"/"); ours && !slices.Contains(helpers, rest) {
				t.Errorf("%s imports %s, and is no helper then", helper, rest)
			}
		}
	}
}

// TestImportsOneWay: internal <- propagation <- { preset, httptrace, grpctrace, stats } <- examples.
func TestImportsOneWay(t *testing.T) {
	allowed := map[string][]string{
		"propagation":                 {"internal"},
		"propagation/preset":          {"propagation"},
		"httptrace":                   {"propagation", "internal"},
		"propagation/propagationtest": {"propagation", "propagation/testdata", "internal"},
		"grpctrace":                   {"propagation", "internal"},
		"stats/expvarstats":           {"propagation"},
		"stats/otelstats":             {"propagation"},
		"grpctrace/grpcguard":         {"propagation", "internal"},
		"internal":                    {"internal"},
	}
	for pkg, may := range allowed {
		pattern := "./" + pkg
		if pkg == "internal" {
			pattern += "/..."
		}
		for _, imported := range goList(t, "-f", `{{join .Imports "\n"}}`, pattern) {
			rest, ours := strings.CutPrefix(imported, module+"/")
			if ours && !slices.ContainsFunc(may, func(m string) bool { return rest == m || m == "internal" && strings.HasPrefix(rest, "internal/") }) {
				t.Errorf("%s imports %s", pkg, imported)
			}
		}
	}
}

// TestKitIsForTests: no package imports the test kit, only tests do. So no program links it.
func TestKitIsForTests(t *testing.T) {
	const kit = module + "/propagation/propagationtest"
	for _, pkg := range []string{"./...", kit} {
		if !slices.Contains(goList(t, pkg), kit) {
			t.Fatalf("go list %s does not have the kit", pkg)
		}
	}
	for _, importer := range goList(t, "-f", `{{$p := .ImportPath}}{{range .Imports}}{{if eq . "`+kit+`"}}{{$p}} {{end}}{{end}}`, "./...") {
		t.Errorf("%s imports the test kit", importer)
	}
}

// TestRequiresOnlyWhatIsImported: go.mod has no line that the packages and their tests do not need.
func TestRequiresOnlyWhatIsImported(t *testing.T) {
	imports := goList(t, "-test", "-f", `{{join .Imports "\n"}}{{"\n"}}{{join .TestImports "\n"}}{{"\n"}}{{join .XTestImports "\n"}}`, "./...")
	for _, m := range goList(t, "-m", "-f", `{{if not (or .Main .Indirect)}}{{.Path}}{{end}}`, "all") {
		if !slices.ContainsFunc(imports, hasPrefix(m)) {
			t.Errorf("go.mod requires %s, which nothing imports", m)
		}
	}
}
