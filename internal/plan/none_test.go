package plan

import (
	"testing"

	"github.com/traceferry/traceferry/internal/wire"
)

// TestNoneKnowsTheFormats: the Engine of the nil Propagator is compiled from the whole table of formats.
func TestNoneKnowsTheFormats(t *testing.T) {
	inside := none.rules.Defaults.Inside
	for _, f := range wire.AllFormats() {
		if !inside.Formats.Has(f) || inside.Fields&wire.FieldsOf[f] != wire.FieldsOf[f] {
			t.Errorf("its rules do not know %v", f)
		}
	}
	if !inside.Open {
		t.Error("an internal host may not receive everything")
	}
}
