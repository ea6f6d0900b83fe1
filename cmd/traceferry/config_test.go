package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
)

// TestConfigFromJSON sets every field that is data.
func TestConfigFromJSON(t *testing.T) {
	got, err := newConfig("", `{
		"formats": ["tracecontext", "b3"], "emit": ["b3"], "readOnly": ["b3multi"],
		"headers": ["end-user", "x-company-*"], "unsafeHeaders": ["authorization"], "generateRequestID": false,
		"routingKeys": ["sd-routing-key"], "trustRoutingKeys": true,
		"aliases": [{"format": "tracecontext", "name": "original-traceparent"}], "headerAliases": [{"received": "x-tenant", "sent": "x-acme-tenant", "default": "none"}],
		"deferred": "accepted", "dropMalformed": true, "reconcile": true, "asciiOnly": true,
		"limits": {"headerBytes": 1, "totalBytes": 2, "lines": 3, "metadataBytes": 4},
		"destinations": [{"hosts": ["*.corp.example"], "formats": [], "baggage": ["*"], "headers": null}],
		"internalHosts": ["*.cluster.example"], "destinationsReportOnly": true
	}`)
	if err != nil {
		t.Fatal(err)
	}
	want := propagation.Config{
		Formats: []propagation.Format{propagation.W3C, propagation.B3Single}, Emit: []propagation.Format{propagation.B3Single}, ReadOnly: []propagation.Format{propagation.B3Multi},
		Headers: []string{"end-user", "x-company-*"}, UnsafeHeaders: []string{"authorization"},
		RoutingKeys: []string{"sd-routing-key"}, TrustRoutingKeys: true,
		Aliases:       []propagation.FormatAlias{{Format: propagation.W3C, Name: "original-traceparent"}},
		HeaderAliases: []propagation.HeaderAlias{{Received: "x-tenant", Sent: "x-acme-tenant", Default: "none"}},
		Deferred:      propagation.Accepted, DropMalformed: true, Reconcile: true, ASCIIOnly: true,
		Limits:        propagation.Limits{HeaderBytes: 1, TotalBytes: 2, Lines: 3, MetadataBytes: 4},
		Destinations:  []propagation.Destination{{Hosts: []string{"*.corp.example"}, Formats: []propagation.Format{}, Baggage: []string{"*"}}},
		InternalHosts: []string{"*.cluster.example"}, DestinationsReportOnly: true,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	for i := range reflect.TypeFor[propagation.Config]().NumField() {
		f := reflect.ValueOf(want).Field(i)
		name := reflect.TypeFor[propagation.Config]().Field(i).Name
		code := []string{"LocalSpan", "Also", "Observer", "GenerateRequestID"} // the last needs RequestID
		if f.IsZero() && !slices.Contains(code, name) {
			t.Errorf("this test does not set %s", name)
		}
	}
}

// TestConfigChangesAPreset: a file sets fields, and the preset has the others.
func TestConfigChangesAPreset(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config.json")
	if err := os.WriteFile(file, []byte(`{"headers": ["end-user"]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := newConfig("Istio", file)
	if err != nil || len(got.Formats) != len(preset.Istio().Formats) || !slices.Equal(got.Headers, []string{"end-user"}) {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := newConfig("istio", `{"formats": null}`); err != nil || got.Formats != nil {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestPresetsAreAll: each preset of the package is there. The root's docs_test has the list of the package.
func TestPresetsAreAll(t *testing.T) {
	source, err := os.ReadFile("../../propagation/preset/preset.go")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(source), ") propagation.Config {\n") - strings.Count(string(source), "\nfunc carry("); n != len(preset.Names()) {
		t.Errorf("the package has %d presets, and names for %d", n, len(preset.Names()))
	}
	for _, name := range preset.Names() {
		if !strings.Contains(explainHelp, name) {
			t.Errorf("the help lacks %s", name)
		}
	}
}

// TestConfigMistakes: all mistakes of one Config, in one message.
func TestConfigMistakes(t *testing.T) {
	for text, want := range map[string][]string{
		`{"formats": ["w3c", "b3"], "headers": ["cookie"], "foo": 1, "also": [], "localSpan": "x", "observer": {}, "limits": {"lines": "a", "x": 1},
		  "deferred": "maybe", "destinations": [{"hosts": "a"}, {"hosts": ["*."], "formatz": []}], "reconcile": 1, "Reconcile": true}`: {
			"Config.Formats[0]: want the name of a format: tracecontext, b3, ",
			`Config.Headers[0]: "cookie": is a credential`,
			`Config has no field "foo": its fields are Formats, `,
			"Config.Also is code and cannot be given as JSON",
			"Config.LocalSpan is code and cannot be given as JSON",
			"Config.Observer is code and cannot be given as JSON",
			"Config.Limits.Lines: want a whole number",
			`Config.Limits has no field "x": its fields are HeaderBytes, TotalBytes, Lines, MetadataBytes`,
			`Config.Deferred: want "denied" or "accepted"`,
			"Config.Destinations[0].Hosts: want an array",
			`Config.Destinations[1].Hosts[0]: "*.": is not a valid host name`,
			`Config.Destinations[1] has no field "formatz": its fields are Hosts, Formats, OnlySampled, Baggage, Headers`,
			"Config.Reconcile: want true or false",
			"Config.Reconcile is set twice",
		},
		`{"deferred": "debug"}`:      {"Config.Deferred: debug"},
		`{"destinations": {}}`:       {"Config.Destinations: want an array"},
		`{"limits": []}`:             {"Config.Limits: want an object"},
		`{"limits": {"lines": 1.5}}`: {"Config.Limits.Lines: want a whole number"},
		`{"formats": [1]}`:           {"Config.Formats[0]: want the name of a format"},
		`{"formats": [`:              {"the Config is not valid JSON: unexpected end of JSON input"},
	} {
		got := runWith(t, "", "explain", "-host", "a", "-config", text, "b3: 0")
		if got.status != usage || got.out != "" {
			t.Errorf("%s: %+v", text, got)
		}
		for _, w := range want {
			if !strings.Contains(got.errors, w) {
				t.Errorf("%s: no %q in\n%s", text, w, got.errors)
			}
		}
		if lines := strings.Count(got.errors, "\n"); len(want) > 1 && lines != len(want)+1 {
			t.Errorf("%s: %d lines, want %d:\n%s", text, lines, len(want)+1, got.errors)
		}
	}
}

// mirror is propagation.Config for encoding/json.
type mirror struct {
	Formats, Emit, ReadOnly             []propagation.Format
	Headers, UnsafeHeaders              []string
	GenerateRequestID                   bool
	DropMalformed, Reconcile, ASCIIOnly bool
	Limits                              propagation.Limits
	Destinations                        []propagation.Destination
	InternalHosts                       []string
	DestinationsReportOnly              bool
}

// FuzzConfig: encoding/json, which refuses unknown fields, accepts the same and reads the same.
func FuzzConfig(f *testing.F) {
	f.Add(`{"formats": ["b3"], "limits": {"lines": 3}, "destinations": [{"hosts": ["*"], "formats": []}], "reconcile": true}`)
	f.Add(`{"headers": null, "Limits": null, "formats": [null], "x": {}}`)
	f.Add(`{"lines": 1e3}`)
	f.Fuzz(func(t *testing.T, text string) {
		if !json.Valid([]byte(text)) {
			return
		}
		var c propagation.Config
		mistakes := setJSON(reflect.ValueOf(&c).Elem(), "Config", json.RawMessage(strings.TrimSpace(text)))
		for _, m := range mistakes {
			if m.reason == " is set twice" || strings.HasPrefix(m.path, "Config.Deferred") || strings.HasSuffix(m.reason, "given as JSON") {
				return // the mirror takes the first, and lacks the others
			}
		}
		if c.Deferred != 0 {
			return
		}
		var want mirror
		d := json.NewDecoder(strings.NewReader(text))
		d.DisallowUnknownFields()
		err := d.Decode(&want)
		if (err == nil) != (len(mistakes) == 0) {
			t.Fatalf("%s: %v, and encoding/json %v", text, mistakes, err)
		}
		got := mirror{
			c.Formats, c.Emit, c.ReadOnly, c.Headers, c.UnsafeHeaders, c.GenerateRequestID, c.DropMalformed, c.Reconcile, c.ASCIIOnly,
			c.Limits, c.Destinations, c.InternalHosts, c.DestinationsReportOnly,
		}
		if err == nil && !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", text, got, want)
		}
	})
}
