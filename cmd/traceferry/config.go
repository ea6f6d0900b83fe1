package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
)

// mistake is a mistake in the JSON of a Config.
type mistake struct {
	path, reason string
	unknown      bool // a member that is no field: the value at path is set
}

func (m mistake) Error() string { return m.path + m.reason }

func wrong(path, reason string) []mistake { return []mistake{{path: path, reason: reason}} }

// newConfig returns the Config of a preset with the changes of a file. Both may be empty. The error has all mistakes of
// the file, and what propagation.New says of the fields without one.
func newConfig(name, file string) (c propagation.Config, err error) {
	if name != "" {
		var ok bool
		if c, ok = preset.Named(name); !ok {
			return c, usagef("there is no preset %q: %s", name, strings.Join(preset.Names(), ", "))
		}
	}
	if file == "" {
		return c, nil
	}
	text := []byte(file)
	if !strings.HasPrefix(strings.TrimSpace(file), "{") {
		if text, err = os.ReadFile(file); err != nil {
			return c, err
		}
	}
	if !json.Valid(text) {
		return c, fmt.Errorf("the Config is not valid JSON: %w", json.Unmarshal(text, new(any)))
	}
	mistakes := setJSON(reflect.ValueOf(&c).Elem(), "Config", text)
	_, err = propagation.New(c)
	var errs []error
	for _, m := range mistakes {
		errs = append(errs, m)
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, wrong := range joined.Unwrap() {
			text := strings.TrimPrefix(wrong.Error(), "propagation: ")
			unset := func(m mistake) bool { return !m.unknown && strings.HasPrefix(text, m.path) }
			if !slices.ContainsFunc(mistakes, unset) {
				errs = append(errs, errors.New(text))
			}
		}
	}
	if len(errs) > 0 {
		return c, fmt.Errorf("the Config has mistakes:\n%w", errors.Join(errs...))
	}
	return c, nil
}

// setJSON sets v to a value of JSON and returns all mistakes in it. path is the place of v, for messages. Members of an
// object have the names of the fields, in any case.
func setJSON(v reflect.Value, path string, text json.RawMessage) []mistake {
	switch t := v.Type(); {
	case t == reflect.TypeFor[propagation.Format]():
		if err := json.Unmarshal(text, v.Addr().Interface()); err != nil {
			return wrong(path, ": want the name of a format: "+formatNames())
		}
		return nil
	case t == reflect.TypeFor[propagation.Sampling]():
		return setSampling(v, path, text)
	case t.Kind() == reflect.Struct:
		return setStruct(v, path, text)
	case t.Kind() == reflect.Slice && wants[t.Elem().Kind()] != "":
		return setSlice(v, path, text)
	case t.Kind() == reflect.Slice || wants[t.Kind()] == "":
		return wrong(path, " is code and cannot be given as JSON")
	}
	if json.Unmarshal(text, v.Addr().Interface()) != nil {
		return wrong(path, ": want "+wants[v.Kind()])
	}
	return nil
}

// wants says what JSON sets a kind of field to.
var wants = map[reflect.Kind]string{
	reflect.Bool: "true or false", reflect.Int: "a whole number", reflect.String: "a string", reflect.Struct: "an object", reflect.Uint8: "a name",
}

func setStruct(v reflect.Value, path string, text json.RawMessage) (all []mistake) {
	if string(text) == "null" {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(text))
	if start, _ := d.Token(); start != json.Delim('{') {
		return wrong(path, ": want an object")
	}
	set := map[string]bool{}
	for d.More() {
		name, _ := d.Token() // the text is valid
		var member json.RawMessage
		d.Decode(&member)
		field, ok := v.Type().FieldByNameFunc(func(n string) bool { return strings.EqualFold(n, name.(string)) })
		switch {
		case !ok:
			reason := fmt.Sprintf(" has no field %q: its fields are %s", name, fieldNames(v.Type()))
			all = append(all, mistake{path, reason, true})
		case set[field.Name]:
			all = append(all, mistake{path: path + "." + field.Name, reason: " is set twice"})
		default:
			all = append(all, setJSON(v.FieldByIndex(field.Index), path+"."+field.Name, member)...)
		}
		set[field.Name] = true
	}
	return all
}

// fieldNames returns the names of the fields that JSON can set.
func fieldNames(t reflect.Type) string {
	var names []string
	for i := range t.NumField() {
		f := t.Field(i)
		if wants[f.Type.Kind()] != "" || f.Type.Kind() == reflect.Slice && wants[f.Type.Elem().Kind()] != "" {
			names = append(names, f.Name)
		}
	}
	return strings.Join(names, ", ")
}

func setSlice(v reflect.Value, path string, text json.RawMessage) (all []mistake) {
	var elements []json.RawMessage
	if json.Unmarshal(text, &elements) != nil {
		return wrong(path, ": want an array")
	}
	v.SetZero()
	if elements != nil { // not null
		v.Set(reflect.MakeSlice(v.Type(), len(elements), len(elements)))
	}
	for i, element := range elements {
		all = append(all, setJSON(v.Index(i), fmt.Sprintf("%s[%d]", path, i), element)...)
	}
	return all
}

// setSampling takes the names of propagation.Sampling.
func setSampling(v reflect.Value, path string, text json.RawMessage) []mistake {
	for s := propagation.Deferred; s <= propagation.Debug; s++ {
		if string(text) == `"`+s.String()+`"` {
			v.Set(reflect.ValueOf(s))
			return nil
		}
	}
	return wrong(path, `: want "denied" or "accepted"`)
}

func formatNames() string {
	var names []string
	for _, f := range propagation.AllFormats() {
		names = append(names, f.String())
	}
	return strings.Join(names, ", ")
}
