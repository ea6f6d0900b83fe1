package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// maxValue bounds one value of JSON, after long strings were cut.
const maxValue = 16 << 20

// maxDepth bounds how deep headers are looked for in an object.
const maxDepth = 8

// objectIn returns the JSON object in a line of a log, nil if there is none. Something may stand before it, as the time
// in the logs of Kubernetes.
func objectIn(line string) map[string]any {
	i := strings.IndexByte(line, '{')
	if i < 0 {
		return nil
	}
	d := json.NewDecoder(strings.NewReader(line[i:]))
	d.UseNumber() // an id of Datadog has more digits than a float64
	var object map[string]any
	if d.Decode(&object) != nil {
		return nil
	}
	return object
}

// headersIn returns the trace headers that a value of JSON names.
func headersIn(v any) http.Header {
	h := http.Header{}
	collect(h, v, 0)
	return h
}

// collect adds the trace headers in v to h: members whose names are those of headers, and pairs of a name and a value.
func collect(h http.Header, v any, depth int) {
	if depth > maxDepth {
		return
	}
	switch v := v.(type) {
	case []any:
		for _, element := range v {
			collect(h, element, depth+1)
		}
	case string: // a log in a log, as Docker writes it
		if strings.HasPrefix(v, "{") {
			if object := objectIn(v); object != nil {
				collect(h, object, depth+1)
			}
		}
	case map[string]any:
		for _, key := range []string{"name", "key"} {
			if name, ok := v[key].(string); ok {
				addValue(h, name, v["value"])
			}
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if !addValue(h, key, v[key]) {
				collect(h, v[key], depth+1)
			}
		}
	}
}

// addValue adds the lines of a header. It reports whether the key is the name of a trace header, and v can be its value.
func addValue(h http.Header, key string, v any) bool {
	name := nameOf(key)
	if name == "" {
		return false
	}
	lines, ok := v.([]any)
	if !ok {
		lines = []any{v}
	}
	for _, line := range lines {
		switch line := line.(type) {
		case string:
			// Envoy writes "-" for a header that is absent.
			if text := strings.Trim(line, " \t\r\n"); text != "" && text != "-" && !slices.Contains(h.Values(name), text) {
				h.Add(name, text)
			}
		case json.Number, bool:
			h.Add(name, fmt.Sprint(line))
		}
	}
	return true
}

// readJSON reads values of JSON that follow each other or stand in an array.
func readJSON(b *bufio.Reader, f func(record) error) error {
	first, err := b.ReadByte()
	for err == nil && strings.IndexByte(" \t\r\n", first) >= 0 {
		first, err = b.ReadByte()
	}
	b.UnreadByte()
	r := &budget{r: &shortStrings{r: b}, left: maxValue}
	d := json.NewDecoder(r)
	d.UseNumber()
	array := first == '['
	if array {
		if _, err := d.Token(); err != nil {
			return notJSON(err)
		}
	}
	for n := 1; ; n++ {
		r.left = maxValue
		if array && !d.More() {
			_, err := d.Token()
			return notJSON(err)
		}
		var v any
		if err := d.Decode(&v); err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return notJSON(err)
		}
		if err := f(record{where: fmt.Sprint("value ", n), header: headersIn(v), logged: array}); err != nil {
			return err
		}
	}
}

func notJSON(err error) error {
	if err == nil || errors.Is(err, errTooLong) {
		return err
	}
	return fmt.Errorf("the input begins like JSON but is not: %w", err)
}
