package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
)

func doctor(ctx context.Context, e *env, args []string) (int, error) {
	fs := newFlags("doctor")
	var headers list
	echoURL := fs.String("echo", "http://127.0.0.1:9000", "")
	listen := fs.String("listen", "", "")
	want := fs.String("want", "", "")
	method := fs.String("X", "", "")
	body := fs.String("d", "", "")
	insecure := fs.Bool("k", false, "")
	wait := fs.Duration("wait", 500*time.Millisecond, "")
	timeout := fs.Duration("timeout", 10*time.Second, "")
	asJSON := fs.Bool("json", false, "")
	fs.Var(&headers, "H", "")
	rest, err := parse(fs, args)
	if err != nil {
		return usage, err
	}
	if len(rest) != 1 {
		return usage, usagef("want the URL of one service, as in traceferry doctor http://localhost:8080/; there are %d", len(rest))
	}
	if *wait <= 0 || *timeout <= 0 {
		return usage, usagef("-wait and -timeout must be positive")
	}
	x := &exam{reader: newReader(), wait: *wait, timeout: *timeout}
	if x.wanted, err = wantedFormats(*want); err != nil {
		return usage, err
	}
	text, err := bodyOf(*body)
	if err != nil {
		return usage, err
	}
	if x.target, err = newTarget(rest[0], methodOf(*method, *body), headers, text, *insecure); err != nil {
		return usage, err
	}
	if *listen != "" {
		s := &echoServer{recorder: newRecorder(nil), show: func(call) {}, status: http.StatusOK}
		address, stop, err := s.start(*listen)
		if err != nil {
			return usage, err
		}
		defer stop()
		*echoURL = "http://" + address
	}
	x.recordings = &recordings{url: *echoURL, client: &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment}}}
	if err := x.run(ctx); err != nil {
		return usage, err
	}
	report := x.report()
	if *asJSON {
		e.out.json(report)
	} else {
		e.out.report(report)
	}
	if !report.OK {
		return bad, nil
	}
	return good, nil
}

// methodOf returns the HTTP method of a request, as curl chooses it.
func methodOf(method, body string) string {
	switch {
	case method != "":
		return method
	case body != "":
		return http.MethodPost
	}
	return http.MethodGet
}

// bodyOf returns a body: a text, or the content of a file after "@".
func bodyOf(d string) (string, error) {
	if file, ok := strings.CutPrefix(d, "@"); ok {
		text, err := os.ReadFile(file)
		return string(text), err
	}
	return d, nil
}

// wantedFormats returns the formats of a list of names, or of a preset. The default are those of the zero Config.
func wantedFormats(want string) ([]propagation.Format, error) {
	if want == "" {
		return propagation.AllFormats()[:8], nil
	}
	if c, ok := preset.Named(want); ok {
		if formats := c.Formats; formats != nil {
			return formats, nil
		}
		return propagation.AllFormats()[:8], nil
	}
	var formats []propagation.Format
	var errs []error
	for name := range strings.SplitSeq(want, ",") {
		f, err := propagation.ParseFormat(strings.TrimSpace(name))
		if err != nil {
			errs = append(errs, fmt.Errorf("-want: %q is neither a format nor a preset", name))
		} else if !slices.Contains(formats, f) {
			formats = append(formats, f)
		}
	}
	if len(errs) > 0 {
		return nil, usageError{errors.Join(append(errs, errors.New("the formats are "+formatNames()))...)}
	}
	return formats, nil
}
