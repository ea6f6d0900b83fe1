package httptrace_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
)

// net/http removes the files of an upload that it finds in its own request, but the handler parses a copy of the
// request.
func TestPromise6_UploadsLeaveNoFile(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	files := func() int {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Error(err)
		}
		return len(entries)
	}
	parse := func(r *http.Request) {
		if err := r.ParseMultipartForm(1 << 10); err != nil {
			t.Error(err)
		}
		if files() == 0 {
			t.Error("the upload made no file, so this test proves nothing")
		}
	}
	for name, h := range map[string]http.Handler{
		"returns": behind(func(w http.ResponseWriter, r *http.Request) {
			parse(r)
			fmt.Fprint(w, r.FormValue("name"))
		}),
		"panics": recoverer(behind(func(w http.ResponseWriter, r *http.Request) {
			parse(r)
			defer fmt.Fprint(w, r.FormValue("name"))
			panic("after the upload")
		})),
	} {
		t.Run(name, func(t *testing.T) {
			eachProtocol(t, h, func(t *testing.T, s *httptest.Server) {
				for i := range 10 {
					body, contentType := upload(t, fmt.Sprint("upload ", i))
					req := request(t, "POST", s.URL, inbound(1), body)
					req.Header.Set("Content-Type", contentType)
					if _, got := do(t, s.Client(), req); got != fmt.Sprint("upload ", i) {
						t.Errorf("upload %d: the form's name is %q, want the number of the upload", i, got)
					}
				}
				s.Close() // waits until the server has removed its files
				if n := files(); n > 0 {
					t.Errorf("%d files are left, want 0", n)
				}
			})
		})
	}
}

// upload returns a form with a file of a megabyte.
func upload(t *testing.T, name string) (body *bytes.Buffer, contentType string) {
	t.Helper()
	body = new(bytes.Buffer)
	form := multipart.NewWriter(body)
	form.WriteField("name", name)
	file, err := form.CreateFormFile("file", "large.bin")
	if err != nil {
		t.Fatal(err)
	}
	file.Write(make([]byte, 1<<20))
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	return body, form.FormDataContentType()
}

// recoverer recovers from panics of the handler inside.
func recoverer(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { _ = recover() }()
		h.ServeHTTP(w, r)
	})
}
