package benchmarks

import (
	"regexp"
	"strings"
	"testing"
)

func BenchmarkExtract(b *testing.B)     { runTasks(b) }
func BenchmarkInject(b *testing.B)      { runTasks(b) }
func BenchmarkMiddleware(b *testing.B)  { runTasks(b) }
func BenchmarkTransport(b *testing.B)   { runTasks(b) }
func BenchmarkGRPCServer(b *testing.B)  { runTasks(b) }
func BenchmarkGRPCClient(b *testing.B)  { runTasks(b) }
func BenchmarkGRPCForward(b *testing.B) { runTasks(b) }
func BenchmarkLog(b *testing.B)         { runTasks(b) }

// runTasks runs every entry of the tasks that have the name of the benchmark function.
func runTasks(b *testing.B) {
	found := false
	for _, t := range Tasks() {
		if "Benchmark"+t.Name != b.Name() {
			continue
		}
		found = true
		for _, e := range t.Entries {
			b.Run(t.Path(e), e.Run)
		}
	}
	if !found {
		b.Fatalf("no task is named %q", strings.TrimPrefix(b.Name(), "Benchmark"))
	}
}

// TestNames checks that the names follow benchstat's grammar and are unique.
func TestNames(t *testing.T) {
	keyValues := regexp.MustCompile(`^[a-z]+=[a-z0-9-]+(/[a-z]+=[a-z0-9-]+)*$`)
	seen := map[string]bool{}
	for _, task := range Tasks() {
		for _, e := range task.Entries {
			if path := task.Path(e); !keyValues.MatchString(path) {
				t.Errorf("%s/%s is not a path of key=value parts", task.Name, path)
			}
			name := task.Name + "/" + task.Path(e)
			if seen[name] {
				t.Errorf("the name %s occurs twice", name)
			}
			seen[name] = true
		}
	}
}
