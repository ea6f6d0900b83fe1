package main

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// TestBareValues: a value is enough if only one header can have it.
func TestBareValues(t *testing.T) {
	const trace, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	for value, format := range map[string]string{
		"00-" + trace + "-" + span + "-01":                        "tracecontext",
		trace + "-" + span + "-1":                                 "b3",
		trace + ":" + span + ":0:1":                               "jaeger",
		trace + "/67667974448284343;o=1":                          "cloudtrace",
		"Root=1-5759e988-bd862e3fe1be46a994272793;Parent=" + span: "xray",
		"AABL+S81d7NNpqPOkp0ODkc2AQDwZ6oLqQK3AgE=":                "grpctracebin",
	} {
		got := runWith(t, "", "decode", value)
		if !strings.HasPrefix(got.out, format) || !strings.Contains(got.out, span) || got.status != good {
			t.Errorf("%s: %+v, want %s", value, got, format)
		}
	}
	if got := runWith(t, "", "decode", "5f2f7d9c-7b1a-9d5e-8f57-1f8f0a2b3c4d"); got.status != usage {
		t.Errorf("an id of a request: %+v", got)
	}
}

// TestArgumentsAfterDashes: after -- all are headers, and flags may follow headers.
func TestArgumentsAfterDashes(t *testing.T) {
	want := runWith(t, "", "decode", "-json", "b3: 0", "x-b3-sampled: 0")
	for _, args := range [][]string{{"b3: 0", "-json", "x-b3-sampled: 0"}, {"b3: 0", "x-b3-sampled: 0", "--json"}, {"-json", "--", "b3: 0", "x-b3-sampled: 0"}} {
		if got := runWith(t, "", append([]string{"decode"}, args...)...); got != want || got.status != good {
			t.Errorf("%q: %+v, want %+v", args, got, want)
		}
	}
}

// TestJSONIsDocumented: the package documentation names each member of the JSON, and marks those that may be absent.
func TestJSONIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[reflect.Type]bool{}
	var check func(reflect.Type)
	check = func(typ reflect.Type) {
		for typ.Kind() == reflect.Slice || typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct || seen[typ] || typ.PkgPath() == "time" {
			return
		}
		seen[typ] = true
		for i := range typ.NumField() {
			name, omitted := strings.CutSuffix(typ.Field(i).Tag.Get("json"), ",omitempty")
			if name == "" {
				continue
			}
			mark := ""
			if omitted {
				mark = `\?`
			}
			if !regexp.MustCompile(`[\t {]` + name + mark + `[ ,}\n]`).Match(doc) {
				t.Errorf("doc.go does not have %s%s of %v", name, strings.Trim(mark, `\`), typ)
			}
			check(typ.Field(i).Type)
		}
	}
	for _, v := range []any{reading{}, explanation{}, report{}, call{}} {
		check(reflect.TypeOf(v))
	}
	if len(seen) < 10 {
		t.Errorf("only %d types were checked", len(seen))
	}
}
