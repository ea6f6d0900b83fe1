package capture

import (
	"iter"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/wire"
	"go.opentelemetry.io/otel/propagation"
)

// getterOf returns a function that reads the lines of a name. oneLine says whether it returns only the first line.
func getterOf(carrier propagation.TextMapCarrier) (get func(key string) []string, oneLine bool) {
	if getter, repeats := carrier.(propagation.ValuesGetter); repeats {
		return getter.Values, false
	}
	return func(key string) []string {
		if v := carrier.Get(key); v != "" {
			return []string{v}
		}
		return nil
	}, true
}

// Spellings returns the carrier's keys that are not in lower case, by their lower-case names.
func Spellings(carrier propagation.TextMapCarrier) map[string][]string {
	var there map[string][]string
	for key := range keysOf(carrier) {
		if lower := strings.ToLower(key); lower != key {
			if there == nil {
				there = map[string][]string{}
			}
			there[lower] = append(there[lower], key)
		}
	}
	return there
}

// Set sets a name and replaces its other spellings. A map then has the name once. A carrier that cannot delete gets
// the same value for each spelling.
func Set(carrier propagation.TextMapCarrier, name, value string, there map[string][]string) {
	m, deletes := carrier.(propagation.MapCarrier)
	lower := strings.ToLower(name)
	if deletes && lower != name {
		delete(m, lower)
	}
	for _, key := range there[lower] {
		if deletes {
			delete(m, key)
		} else if key != name {
			carrier.Set(key, value)
		}
	}
	carrier.Set(name, value)
}

// keysOf ranges over the keys of a carrier. It does not allocate a slice for a MapCarrier.
func keysOf(carrier propagation.TextMapCarrier) iter.Seq[string] {
	if m, ok := carrier.(propagation.MapCarrier); ok {
		return maps.Keys(m)
	}
	return slices.Values(carrier.Keys())
}

// IsNil reports whether a carrier is nil or a nil pointer, so that its methods must not be called.
func IsNil(carrier propagation.TextMapCarrier) bool {
	if carrier == nil {
		return true
	}
	v := reflect.ValueOf(carrier)
	return v.Kind() == reflect.Pointer && v.IsNil()
}

// IsNilMap reports whether a carrier is a nil map, which can be read but not written.
func IsNilMap(carrier propagation.TextMapCarrier) bool {
	v := reflect.ValueOf(carrier)
	return v.Kind() == reflect.Map && v.IsNil()
}

// nameSet is a set of field numbers.
type nameSet [4]uint64

func (s *nameSet) add(id wire.FieldID)      { s[id/64] |= 1 << (id % 64) }
func (s *nameSet) has(id wire.FieldID) bool { return s[id/64]>>(id%64)&1 != 0 }

// copyingCarrier returns copies of a carrier's strings, for propagators that keep what they read.
type copyingCarrier struct{ propagation.TextMapCarrier }

func (c copyingCarrier) Get(key string) string { return strings.Clone(c.TextMapCarrier.Get(key)) }
func (c copyingCarrier) Keys() []string        { return cloned(c.TextMapCarrier.Keys()) }

// copyingValues is a copyingCarrier that returns all lines of a name.
type copyingValues struct {
	copyingCarrier
	getter propagation.ValuesGetter
}

var _ propagation.ValuesGetter = copyingValues{}

func (c copyingValues) Values(key string) []string { return cloned(c.getter.Values(key)) }

// Copying returns a carrier that copies its strings, so that they do not change later.
func Copying(carrier propagation.TextMapCarrier) propagation.TextMapCarrier {
	if getter, repeats := carrier.(propagation.ValuesGetter); repeats {
		return copyingValues{copyingCarrier{carrier}, getter}
	}
	return copyingCarrier{carrier}
}

func cloned(list []string) []string {
	copied := make([]string, len(list))
	for i, s := range list {
		copied[i] = strings.Clone(s)
	}
	return copied
}
