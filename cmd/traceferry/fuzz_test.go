package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
)

// FuzzDecode: no input panics, and what is written is printable ASCII, the same for reads of any size, and as many
// requests as text and as JSON. Of text without JSON the headers are those that a slow reader finds.
func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob("testdata/decode/*.txt")
	if err != nil || len(files) == 0 {
		f.Fatal("there is no seed", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`[{"name":"b3","value":"0"},[[[[[[[[[[{"b3":["0",1,null]}]]]]]]]]]]]`))
	f.Add([]byte("\xef\xbb\xbfb3:0\n\nb3 :1\n:b3:2\n \tb3:3\r\n> b3: 4\n>x HTTP/1\n> GET / HTTP/1.1\n< b3: 5\n"))
	f.Add([]byte(`{"log":{"version":"1","entries":[{"request":{"headers":[{"name":"B3","value":"\u001b"}]}}]}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var out, errors bytes.Buffer
		decode := func(small bool, args ...string) string {
			out.Reset()
			errors.Reset()
			in := iotest.DataErrReader(bytes.NewReader(text))
			if small {
				in = iotest.OneByteReader(in)
			}
			status := runContext(context.Background(), append([]string{"decode"}, args...), in, &out, &errors)
			for _, c := range out.String() + errors.String() {
				if c != '\n' && (c < ' ' || c > '~') {
					t.Fatalf("%q is written: %q %q", c, out.String(), errors.String())
				}
			}
			return fmt.Sprint(status, out.String(), errors.String())
		}
		if whole, parts := decode(false), decode(true); whole != parts {
			t.Errorf("got %q, in small reads %q", whole, parts)
		}
		asText := decode(false, "-v")
		asJSON := decode(false, "-json")
		if asText[0] != asJSON[0] {
			t.Errorf("as text %q, as JSON %q", asText, asJSON)
		}
		for line := range strings.Lines(out.String()) {
			if !json.Valid([]byte(line)) {
				t.Errorf("invalid JSON: %q", line)
			}
		}
		if want, ok := slowHeaders(string(text)); ok {
			got, err := headersOf(text)
			if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("got %q, %v, want %q", got, err, want)
			}
		}
	})
}

func headersOf(text []byte) (all []http.Header, err error) {
	var in input
	err = in.read(bytes.NewReader(text), func(rec record) error { all = append(all, rec.header); return nil })
	return all, err
}

var slowLine = regexp.MustCompile("^[ \t]*([-!#$%&'*+.^_`|~0-9A-Za-z]+):([^\n]*)$")

// slowHeaders reads text whose lines are headers. It does not know JSON and curl, and long texts.
func slowHeaders(text string) (all []http.Header, ok bool) {
	text = strings.TrimPrefix(text, "\xef\xbb\xbf")
	if strings.Contains(text, "{") || regexp.MustCompile(`(?m)^[<>]( |\r*$)`).MatchString(text) || len(text) > 1000 || strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "[") {
		return nil, false
	}
	for _, block := range regexp.MustCompile(`\n[\pZ\s\v\x{85}]*\n`).Split("\n"+strings.ReplaceAll(text, "\n", "\n")+"\n", -1) {
		h := http.Header{}
		for _, line := range strings.Split(block, "\n") {
			if m := slowLine.FindStringSubmatch(strings.TrimRight(line, "\r")); m != nil {
				h.Add(m[1], strings.Trim(m[2], " \t\r"))
			}
		}
		if len(h) > 0 {
			all = append(all, h)
		}
	}
	return all, true
}
