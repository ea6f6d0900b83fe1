//lint:file-ignore SA1019 x/net's h2c is deprecated, and in use

package httptrace_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	clienttrace "net/http/httptrace"
	"net/textproto"
	"slices"
	"strings"
	"testing"
	"time"

	chi "github.com/go-chi/chi/v5/middleware"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/h2c"
	"golang.org/x/net/websocket"
)

// tellingAll returns a handler behind a Middleware that sends everything to the caller. It also returns what the caller
// of inbound(1) gets.
func tellingAll(h http.HandlerFunc) (http.Handler, []string) {
	return httptrace.Middleware(propagation.MustNew(everything()), tellAll()...)(h),
		append(toldOf(traceID(1), spanID(1), "01", "01"), "X-Request-Id: "+inbound(1).Get("X-Request-Id"))
}

// Whatever the handler does, the response has each header once.
func TestToldInEveryResponse(t *testing.T) {
	hung := make(chan struct{})
	defer close(hung)
	for name, h := range map[string]http.HandlerFunc{
		"no write":   nothing,
		"error":      func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusTeapot) },
		"not found":  http.NotFound,
		"no content": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
		"flush first": func(w http.ResponseWriter, r *http.Request) {
			http.NewResponseController(w).Flush()
			fmt.Fprint(w, "late")
		},
		"large":    func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, strings.Repeat("x", 1<<20)) },
		"redirect": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) },
		"recovered panic": func(w http.ResponseWriter, r *http.Request) {
			chi.Recoverer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrBodyNotAllowed) })).
				ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), chi.LogEntryCtxKey, quiet{})))
		},
		"time-out inside": http.TimeoutHandler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }), time.Millisecond, "").ServeHTTP,
		"other headers":   func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Vary", "Origin") },
	} {
		t.Run(name, func(t *testing.T) {
			front, want := tellingAll(h)
			eachProtocol(t, front, func(t *testing.T, s *httptest.Server) {
				client := s.Client()
				client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
				resp, _ := do(t, client, request(t, "GET", s.URL, inbound(1), nil))
				checkTold(t, resp.Header, want)
			})
		})
	}
}

// quiet is chi's log entry that logs no panic.
type quiet struct{}

func (quiet) Write(int, int, http.Header, time.Duration, any) {}
func (quiet) Panic(any, []byte)                               {}

// A panic reaches the server as before, and no response is written.
func TestToldPanic(t *testing.T) {
	front, _ := tellingAll(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	eachProtocol(t, front, func(t *testing.T, s *httptest.Server) {
		if resp, err := s.Client().Do(request(t, "GET", s.URL, inbound(1), nil)); err == nil {
			t.Errorf("the response is %s, want a closed connection", resp.Status)
		}
	})
}

// The handler has the last word: it may change, delete and add the headers that Middleware has set.
func TestToldHandlerDecides(t *testing.T) {
	front, want := tellingAll(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Del("Traceresponse")
		w.Header().Set("X-Trace-Id", "mine")
		w.Header().Add("X-B3-Traceid", "too")
		w.Header().Add("Server-Timing", "db;dur=5")
	})
	resp, _ := exchange(t, serve(t, front).URL, inbound(1))
	checkTold(t, resp.Header, []string{want[1], "Server-Timing: db;dur=5", "X-Trace-Id: mine", want[3], "X-B3-Traceid: too", want[4]})
}

// Headers that an outer handler has set are replaced. Other entries of Server-Timing stay.
func TestToldReplaces(t *testing.T) {
	inner, want := tellingAll(nothing)
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, name := range []string{"Traceresponse", "X-Trace-Id", "X-Request-Id"} {
			w.Header()[name] = []string{"old", "older"}
		}
		w.Header()["Server-Timing"] = []string{`cache;desc="a, b"`, `traceparent;desc="00-old", app;dur=1`, "traceparent"}
		inner.ServeHTTP(w, r)
	}))
	resp, _ := exchange(t, s.URL, inbound(1))
	checkTold(t, resp.Header, slices.Concat(want[:1], []string{`Server-Timing: cache;desc="a, b"`, "Server-Timing: app;dur=1"}, want[1:]))
}

// A 1xx response of the handler has the headers. The final response has them, too.
func TestToldEarlyHints(t *testing.T) {
	front, want := tellingAll(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", "</style.css>")
		w.WriteHeader(http.StatusEarlyHints)
		fmt.Fprint(w, "ok")
	})
	eachProtocol(t, front, func(t *testing.T, s *httptest.Server) {
		resp, early := doEarly(t, s.Client(), request(t, "GET", s.URL, inbound(1), nil))
		checkTold(t, resp.Header, want)
		if len(early) != 1 {
			t.Fatalf("the client got %d 1xx responses, want 1", len(early))
		}
		checkTold(t, early[0], want)
	})
}

// doEarly is do, but it also returns the headers of the 1xx responses.
func doEarly(t *testing.T, client *http.Client, req *http.Request) (resp *http.Response, early []http.Header) {
	t.Helper()
	ctx := clienttrace.WithClientTrace(req.Context(), &clienttrace.ClientTrace{
		Got1xxResponse: func(_ int, h textproto.MIMEHeader) error {
			early = append(early, http.Header(h).Clone())
			return nil
		},
	})
	resp, _ = do(t, client, req.WithContext(ctx))
	return resp, early
}

// A handler that hijacks the connection writes its own headers.
func TestToldHijack(t *testing.T) {
	front, _ := tellingAll(func(w http.ResponseWriter, _ *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		fmt.Fprint(rw, "HTTP/1.1 299 Mine\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
		rw.Flush()
	})
	resp, body := exchange(t, serve(t, front).URL, inbound(1))
	if resp.StatusCode != 299 || body != "ok" {
		t.Errorf("the response is %s %q, want 299 and the body ok", resp.Status, body)
	}
	checkTold(t, resp.Header, nil)
}

// A WebSocket opens and works as without the options.
func TestToldWebSocket(t *testing.T) {
	front, _ := tellingAll(websocket.Handler(talk).ServeHTTP)
	s := serve(t, front)
	config, err := websocket.NewConfig(strings.Replace(s.URL, "http", "ws", 1), s.URL)
	if err != nil {
		t.Fatal(err)
	}
	config.Header = inbound(1)
	ctx, _ := cancellable(t)
	ws, err := config.DialContext(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	var got http.Header
	if err := websocket.JSON.Receive(ws, &got); err != nil {
		t.Fatal(err)
	}
	checkVerbatim(t, got, inbound(1))
}

// Middleware does not write to a ResponseWriter without a header map.
func TestToldWithoutHeader(t *testing.T) {
	front, _ := tellingAll(nothing)
	r := httptest.NewRequest("GET", "/", nil)
	r.Header = inbound(1)
	front.ServeHTTP(discard{}, r)
}

// The String method of the context that carries the headers to ProxyTransport prints no values.
func TestToldContextPrintsNoValues(t *testing.T) {
	front, _ := tellingAll(func(_ http.ResponseWriter, r *http.Request) {
		type key struct{}
		for _, ctx := range []context.Context{r.Context(), context.WithValue(r.Context(), key{}, 1)} {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
				if text := fmt.Sprintf(verb, ctx); strings.Contains(text, traceID(1)) || strings.Contains(text, "7b1a") || verb != "%#v" && !strings.Contains(text, ".response") {
					t.Errorf("%s prints %s, want no ids", verb, text)
				}
			}
		}
	})
	exchange(t, serve(t, front).URL, inbound(1))
}

// Requests after an Upgrade to h2c have contexts that descend from the first request's context. Their callers must not
// get the ids of the first request.
func TestToldUpgradedConnection(t *testing.T) {
	through := httptrace.Middleware(propagation.MustNew(propagation.Config{}), tellAll()...)
	server := serve(t, through(h2c.NewHandler(through(http.HandlerFunc(nothing)), &http2.Server{})))
	checkTold(t, secondRequest(t, server), nil)
}

// secondRequest returns the response headers of the second request on a connection that the first request upgrades to
// h2c. Only the first request has ids.
func secondRequest(t *testing.T, server *httptest.Server) http.Header {
	t.Helper()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n"+
		"Traceparent: "+firstTraceparent+"\r\nX-Request-Id: r1\r\n\r\n")
	from := bufio.NewReader(conn)
	if answer, err := http.ReadResponse(from, nil); err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(answer, err)
	}
	return secondAnswer(t, conn, from)
}
