package frameworks

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	gorilla "github.com/gorilla/websocket"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// schema has what gqlgen generates: a query and a subscription that call the next service.
type schema struct {
	graphql.ExecutableSchema // Complexity is not called
	call                     func(context.Context) error
}

var parsed = gqlparser.MustLoadSchema(&ast.Source{Input: "type Query { ok: Boolean! } type Subscription { ok: Boolean! }"})

func (schema) Schema() *ast.Schema { return parsed }

func (s schema) Exec(ctx context.Context) graphql.ResponseHandler {
	left := 1
	if graphql.GetOperationContext(ctx).Operation.Operation == ast.Subscription {
		left = 2
	}
	return func(ctx context.Context) *graphql.Response {
		if left == 0 {
			return nil
		}
		left--
		if err := s.call(ctx); err != nil {
			return graphql.ErrorResponse(ctx, "%v", err)
		}
		return &graphql.Response{Data: []byte(`{"ok":true}`)}
	}
}

func TestGQLGen(t *testing.T) {
	p, client, back := setUp(t)
	back.arrived = make(chan http.Header, 2)
	server := handler.New(schema{call: func(ctx context.Context) error { return callWith(ctx, client, back.url) }})
	server.AddTransport(transport.POST{})
	server.AddTransport(transport.Websocket{})

	mux := httptrace.Middleware(p)(server)

	front := serve(t, mux)
	req, err := http.NewRequestWithContext(t.Context(), "POST", front, strings.NewReader(`{"query":"{ok}"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = came.Clone()
	req.Header.Set("Content-Type", "application/json")
	if err := do(http.DefaultClient, req); err != nil {
		t.Fatal(err)
	}
	back.got(t)

	subscribe(t, front, came.Clone(), nil)
	back.got(t) // both events have the context of the handshake
	back.got(t)
}

// A browser cannot set headers of the handshake. It sends them in the payload of the first message.
func TestGQLGenInitPayload(t *testing.T) {
	p, client, back := setUp(t)
	back.arrived = make(chan http.Header, 2)
	server := handler.New(schema{call: func(ctx context.Context) error { return callWith(ctx, client, back.url) }})

	server.AddTransport(transport.Websocket{
		InitFunc: func(ctx context.Context, payload transport.InitPayload) (context.Context, *transport.InitPayload, error) {
			return p.ExtractLines(ctx, func(yield func(string, string) bool) {
				for name := range maps.Keys(payload) {
					if !yield(name, payload.GetString(name)) {
						return
					}
				}
			}), nil, nil
		},
	})

	payload := map[string]string{}
	for name, lines := range came {
		payload[name] = strings.Join(lines, ",")
	}
	subscribe(t, serve(t, httptrace.Middleware(p)(server)), http.Header{}, payload)
	for range 2 {
		arrived := back.next(t)
		if !slices.Equal(arrived["Traceparent"], came["Traceparent"]) || arrived.Get("Baggage") != "a=1,b=2" {
			t.Errorf("the call of an event carried %q, want the headers of the payload", arrived)
		}
	}
}

// subscribe subscribes over a WebSocket and waits for the end of the subscription.
func subscribe(t *testing.T, url string, handshake http.Header, payload any) {
	t.Helper()
	dialer := gorilla.Dialer{Subprotocols: []string{"graphql-transport-ws"}}
	conn, _, err := dialer.Dial(strings.Replace(url, "http", "ws", 1), handshake)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	type message struct {
		ID      string `json:"id,omitempty"`
		Type    string `json:"type"`
		Payload any    `json:"payload,omitempty"`
	}
	for _, m := range []message{
		{Type: "connection_init", Payload: payload},
		{ID: "1", Type: "subscribe", Payload: map[string]string{"query": "subscription {ok}"}},
	} {
		if err := conn.WriteJSON(m); err != nil {
			t.Fatal(err)
		}
	}
	for {
		var m message
		if err := conn.ReadJSON(&m); err != nil || m.Type == "error" {
			t.Fatalf("%v: %+v", err, m)
		}
		if m.Type == "complete" {
			return
		}
	}
}
