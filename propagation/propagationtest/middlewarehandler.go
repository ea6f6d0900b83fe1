package propagationtest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
)

func handlerChecks() []MiddlewareCheck {
	return []MiddlewareCheck{
		{Name: "Flusher", Explanation: "A handler that flushes is read before it returns: streams and server-sent events need it.",
			handler: flushes},
		{Name: "Hijacker", Explanation: "A handler takes over the connection: WebSockets need it.", handler: hijacks},
		{Name: "ReaderFrom", Explanation: "The writer has ReadFrom, with which net/http sends files without copying.", handler: readsFrom},
		{Name: "request trailers", Explanation: "A handler sees the trailers of the request when it has read the body.", handler: requestTrailers},
		{Name: "response trailers", Explanation: "Trailers of the answer arrive, announced or not.", handler: responseTrailers},
		{Name: "uploads", Explanation: "net/http removes the files of an upload after the request. It looks for them in its own request, not in a copy of it.", handler: uploads},
		{Name: "panics", Explanation: "A panic of the handler reaches net/http, which ends the connection.", handler: panics},
	}
}

// writing is a handler behind the middleware, with the error that it notes.
func writing(wrap func(http.Handler) http.Handler, h func(w http.ResponseWriter, r *http.Request) error) (http.Handler, chan error) {
	done := make(chan error, 1)
	return wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { done <- h(w, r) })), done
}

func flushes(wrap func(http.Handler) http.Handler) error {
	seen := make(chan struct{})
	h, done := writing(wrap, func(w http.ResponseWriter, r *http.Request) error {
		fmt.Fprintln(w, "first")
		if f, ok := w.(http.Flusher); ok {
			f.Flush()
		} else if err := http.NewResponseController(w).Flush(); err != nil {
			return err
		} else {
			return errors.New("the writer is no http.Flusher")
		}
		select {
		case <-seen:
		case <-r.Context().Done():
		}
		return nil
	})
	return served(h, func(ctx context.Context, s *httptest.Server) error {
		req, err := http.NewRequestWithContext(ctx, "GET", s.URL, nil)
		if err != nil {
			return err
		}
		req.Header = sample()
		resp, err := s.Client().Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		line, err := bufio.NewReader(resp.Body).ReadString('\n')
		close(seen)
		return errors.Join(<-done, err, expect("what is read before the handler ends", line, "first\n"))
	})
}

func hijacks(wrap func(http.Handler) http.Handler) error {
	h, done := writing(wrap, func(w http.ResponseWriter, r *http.Request) error {
		hijacker, ok := w.(http.Hijacker)
		if !ok {
			return errors.New("the writer is no http.Hijacker")
		}
		conn, rw, err := hijacker.Hijack()
		if err != nil {
			return err
		}
		defer conn.Close()
		fmt.Fprint(rw, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nmine")
		return rw.Flush()
	})
	return served(h, func(ctx context.Context, s *httptest.Server) error {
		body, err := fetch(ctx, s.Client(), s.URL, sample())
		if handled := <-done; handled != nil {
			return handled
		}
		return errors.Join(err, expect("the answer on the connection", body, "mine"))
	})
}

func readsFrom(wrap func(http.Handler) http.Handler) error {
	h, done := writing(wrap, func(w http.ResponseWriter, r *http.Request) error {
		from, ok := w.(io.ReaderFrom)
		if !ok {
			return errors.New("the writer is no io.ReaderFrom")
		}
		_, err := from.ReadFrom(strings.NewReader("content"))
		return err
	})
	return served(h, func(ctx context.Context, s *httptest.Server) error {
		body, err := fetch(ctx, s.Client(), s.URL, sample())
		if handled := <-done; handled != nil {
			return handled
		}
		return errors.Join(err, expect("the body", body, "content"))
	})
}

func requestTrailers(wrap func(http.Handler) http.Handler) error {
	h, done := writing(wrap, func(w http.ResponseWriter, r *http.Request) error {
		_, announced := r.Trailer["Checksum"]
		io.Copy(io.Discard, r.Body)
		return errors.Join(expect("announced before the body", announced, true), expect("the trailer", r.Trailer.Get("Checksum"), "abc"))
	})
	return served(h, func(ctx context.Context, s *httptest.Server) error {
		req, err := http.NewRequestWithContext(ctx, "POST", s.URL, io.MultiReader(strings.NewReader("body"))) // chunked
		if err != nil {
			return err
		}
		req.Header, req.Trailer = sample(), http.Header{"Checksum": {"abc"}}
		resp, err := s.Client().Do(req)
		if err != nil {
			return err
		}
		resp.Body.Close()
		return <-done
	})
}

func responseTrailers(wrap func(http.Handler) http.Handler) error {
	h, done := writing(wrap, func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Trailer", "Announced")
		io.WriteString(w, "body")
		w.Header().Set("Announced", "yes")
		w.Header().Set(http.TrailerPrefix+"Unannounced", "too")
		return http.NewResponseController(w).Flush()
	})
	return served(h, func(ctx context.Context, s *httptest.Server) error {
		req, err := http.NewRequestWithContext(ctx, "GET", s.URL, nil)
		if err != nil {
			return err
		}
		req.Header = sample()
		resp, err := s.Client().Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		io.Copy(io.Discard, resp.Body)
		return errors.Join(<-done, expect("the announced trailer", resp.Trailer.Get("Announced"), "yes"),
			expect("the other trailer", resp.Trailer.Get("Unannounced"), "too"))
	})
}

func uploads(wrap func(http.Handler) http.Handler) error {
	var file string
	h, done := writing(wrap, func(w http.ResponseWriter, r *http.Request) error {
		if err := r.ParseMultipartForm(1 << 10); err != nil {
			return err
		}
		f, _, err := r.FormFile("file")
		if err != nil {
			return err
		}
		defer f.Close()
		onDisk, ok := f.(*os.File)
		if !ok {
			return errors.New("the upload made no file, so nothing is tested")
		}
		file = onDisk.Name()
		return nil
	})
	return served(h, func(ctx context.Context, s *httptest.Server) error {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		part, err := form.CreateFormFile("file", "large.bin")
		if err != nil {
			return err
		}
		part.Write(make([]byte, 1<<20))
		form.Close()
		req, err := http.NewRequestWithContext(ctx, "POST", s.URL, &body)
		if err != nil {
			return err
		}
		req.Header = sample()
		req.Header.Set("Content-Type", form.FormDataContentType())
		resp, err := s.Client().Do(req)
		if err != nil {
			return err
		}
		resp.Body.Close()
		if err := <-done; err != nil {
			return err
		}
		s.Close() // waits for the server to have cleaned up
		if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
			os.Remove(file)
			return errors.New("the file of an upload is left behind")
		}
		return nil
	})
}

func panics(wrap func(http.Handler) http.Handler) error {
	h := wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	return served(h, func(ctx context.Context, s *httptest.Server) error {
		if _, err := fetch(ctx, s.Client(), s.URL, sample()); err == nil {
			return errors.New("the request has an answer, so the panic was caught")
		}
		return nil
	})
}
