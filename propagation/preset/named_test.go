package preset_test

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation/preset"
)

// TestNamed: each preset has its name, in any case.
func TestNamed(t *testing.T) {
	want := slices.Sorted(maps.Keys(presets))
	for i, name := range want {
		for _, spelled := range []string{name, strings.ToLower(name), strings.ToUpper(name)} {
			if c, ok := preset.Named(spelled); !ok || !reflect.DeepEqual(c, presets[name].config()) {
				t.Errorf("%s: %v, %v", spelled, c, ok)
			}
		}
		want[i] = strings.ToLower(name)
	}
	slices.Sort(want)
	if got := preset.Names(); !slices.Equal(got, want) {
		t.Errorf("Names has %v, want %v", got, want)
	}
	if c, ok := preset.Named("nomad"); ok || c.Formats != nil {
		t.Errorf("nomad is a preset: %v", c)
	}
}
