package main

import (
	"strings"
	"testing"
)

// TestHelpFitsAScreen: 80 by 24 characters, the prompt included.
func TestHelpFitsAScreen(t *testing.T) {
	helps := map[string][]string{"main": {"help"}}
	for _, c := range commands {
		helps[c.name] = []string{"help", c.name}
	}
	for name, args := range helps {
		got := runWith(t, "", args...)
		lines := strings.Split(strings.TrimSuffix(got.out, "\n"), "\n")
		if got.status != good || got.errors != "" || len(lines) < 10 || len(lines) > 23 {
			t.Errorf("%s: status %d, %d lines, errors %q", name, got.status, len(lines), got.errors)
		}
		for _, l := range lines {
			if len(l) > 80 {
				t.Errorf("%s: %d characters in %q", name, len(l), l)
			}
		}
		if name == "main" {
			continue
		}
		for _, flag := range []string{"-h", "-help", "--help"} {
			if again := runWith(t, "", name, flag); again != got {
				t.Errorf("%s %s: %+v, want %+v", name, flag, again, got)
			}
		}
	}
}

// TestUsageErrors: what is wrong is said on the standard error, in one line, and where the help is.
func TestUsageErrors(t *testing.T) {
	for args, want := range map[string]string{
		"foo":                                `there is no command "foo"`,
		"help foo":                           `there is no command "foo"`,
		"decode -x":                          "flag provided but not defined: -x",
		"decode -json=maybe a":               "invalid boolean value",
		"decode trace":                       `"trace" is not a header: write it as "Name: value"`,
		"decode b3:0 -f x":                   "give headers as arguments or a file with -f, not both",
		"explain b3:0":                       "-host is missing: name the host of the call, as in -host api.example.com",
		"explain -host":                      "flag needs an argument: -host",
		"explain -host a -preset meshy b3:0": `there is no preset "meshy": ambassador, aws,`,
		"doctor":                             "want the URL of one service",
		"doctor http://a http://b":           "want the URL of one service",
		"doctor localhost:8080":              `"localhost:8080" does not begin with http://, https://, grpc:// or grpcs://`,
		"doctor http:///x":                   `"http:///x" has no host`,
		"doctor grpc://a:1":                  `"grpc://a:1" has no method`,
		"doctor http://a -H x":               `"x" is not a header`,
		"doctor http://a -want b3,foo,bar":   `"foo" is neither a format nor a preset`,
		"doctor http://a -wait 0s":           "-wait and -timeout must be positive",
		"echo 9000":                          "echo takes no arguments",
		"echo -status 99":                    "-status 99 is not a status from 200 to 599",
	} {
		got := runWith(t, "", strings.Fields(args)...)
		if got.status != usage || got.out != "" || !strings.HasPrefix(got.errors, "traceferry: ") || !strings.Contains(got.errors, want) {
			t.Errorf("%s: status %d, output %q, errors %q, want %q", args, got.status, got.out, got.errors, want)
		}
		if help := "Help: traceferry help"; !strings.Contains(got.errors, help) {
			t.Errorf("%s: no %q in %q", args, help, got.errors)
		}
	}
	if got := runWith(t, ""); got.status != usage || got.out != "" || got.errors != mainHelp {
		t.Errorf("without a command: %+v", got)
	}
}

// TestOtherErrors: status 2 without a pointer to the help.
func TestOtherErrors(t *testing.T) {
	for args, want := range map[string]string{
		"decode -f no/such/file": "open no/such/file: no such file or directory",
		"decode":                 "the input has no trace header",
		"explain -host a":        "the input has no headers",
		"explain -host a -config no/such/file b3:0":                 "open no/such/file: no such file or directory",
		"echo -body no/such/file":                                   "open no/such/file: no such file or directory",
		"echo -listen 300.0.0.1:0":                                  "listen tcp",
		"doctor http://127.0.0.1:1/ -d @no/such/file":               "open no/such/file: no such file or directory",
		"doctor http://127.0.0.1:1/ -listen 300.0.0.1:0":            "listen tcp",
		"doctor http://127.0.0.1:1/ -echo http://127.0.0.1:1":       "Start one with: traceferry echo -listen :9000",
		"doctor http://127.0.0.1:1/ -wait 10ms -listen 127.0.0.1:0": "the service gives no answer",
	} {
		got := runWith(t, "", strings.Fields(args)...)
		if got.status != usage || got.out != "" || !strings.HasPrefix(got.errors, "traceferry: ") || !strings.Contains(got.errors, want) || strings.Contains(got.errors, "Help:") {
			t.Errorf("%s: status %d, output %q, errors %q, want %q", args, got.status, got.out, got.errors, want)
		}
	}
}
