package plan

import (
	"testing"

	"github.com/traceferry/traceferry/internal/wire"
)

// TestNoneKnowsTheFormats: the Engine of the nil Propagator knows all formats of the table.
func TestNoneKnowsTheFormats(t *testing.T) {
	inside := none.rules.Defaults.Inside
	for _, f := range wire.AllFormats() {
		if !inside.Formats.Has(f) || inside.Fields&wire.FieldsOf[f] != wire.FieldsOf[f] {
			t.Errorf("the rules of the nil Propagator's Engine do not have %v", f)
		}
	}
	if !inside.Open {
		t.Error("the nil Propagator's Engine restricts an internal host, want no restriction")
	}
}
