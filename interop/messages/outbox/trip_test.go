package outbox

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/interop/messages/internal/jobtrip"
	"github.com/traceferry/traceferry/propagation"
)

const requests = 20

// TestDatabases stores messages in real databases.
func TestDatabases(t *testing.T) {
	for name, open := range map[string]func(*testing.T) *sql.DB{"SQLite": openSQLite, "PostgreSQL": openPostgreSQL} {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			for name, test := range map[string]func(*testing.T, *service){
				"every row has its own headers":         everyRow,
				"a partner's topic gets no user data":   partner,
				"an outbox that no rule names":          unnamed,
				"a row that is published twice":         crash,
				"a transaction that is rolled back":     rollback,
				"a row without headers, and a bad one":  without,
				"a JSON object keeps one line per name": object,
			} {
				t.Run(name, func(t *testing.T) {
					test(t, &service{jobtrip.New(t, jobtrip.Everything("outbox:*", "kafka:orders.*")), t, db})
				})
			}
		})
	}
}

// service is service A with the relay. The relay publishes the messages that A has stored: it calls service C.
type service struct {
	*jobtrip.Trip
	t  *testing.T
	db *sql.DB
}

// request sends a request to service A, which stores a message in a transaction.
func (s *service) request(name string, h http.Header) {
	s.t.Helper()
	s.Request(h, func(ctx context.Context) error {
		tx, err := s.db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback()
		if err := store(ctx, s.P, tx, "orders", name); err != nil {
			return err
		}
		return tx.Commit()
	})
}

// rows returns the rows of the outbox, the oldest first.
func (s *service) rows() (all []row) {
	s.t.Helper()
	found, err := s.db.QueryContext(s.t.Context(), "SELECT id, topic, body, headers FROM outbox ORDER BY id")
	if err != nil {
		s.t.Fatal(err)
	}
	defer found.Close()
	for found.Next() {
		var r row
		if err := found.Scan(&r.id, &r.topic, &r.body, &r.headers); err != nil {
			s.t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// relay publishes each row. It deletes the row if done returns true.
func (s *service) relay(done bool) {
	s.t.Helper()
	for _, r := range s.rows() {
		err := relay(s.P, r, func(ctx context.Context, _, body string) error { return s.Work(ctx, body) })
		if err == nil && done {
			_, err = s.db.ExecContext(s.t.Context(), "DELETE FROM outbox WHERE id = $1", r.id)
		}
		if err != nil {
			s.t.Error(err)
		}
	}
}

func everyRow(t *testing.T, s *service) {
	for n := range requests {
		s.request(jobtrip.Name(n), jobtrip.Headers(n, propagation.AllFormats()...))
	}
	s.relay(true)
	for n := range requests {
		s.Got(jobtrip.Name(n), jobtrip.Headers(n, propagation.AllFormats()...))
	}
}

// partner: the row has the user data, and the relay applies the rules of the topic.
func partner(t *testing.T, s *service) {
	received, want := jobtrip.Partner(1)
	s.request("order", received)
	r := s.rows()[0]
	if !strings.Contains(string(r.headers), `"baggage"`) {
		t.Errorf("the row has the headers %s, want baggage", r.headers)
	}
	if err := relay(s.P, r, func(ctx context.Context, _, _ string) error {
		for destination, want := range map[string]http.Header{"kafka:partner": want, "kafka:orders.created": received} {
			sent := http.Header{}
			for name, value := range s.P.Lines(ctx, destination) {
				sent.Add(name, value)
			}
			if !maps.EqualFunc(sent, want, slices.Equal) {
				t.Errorf("%s gets\n%q, want\n%q", destination, sent, want)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	s.relay(true)
}

// unnamed: an outbox that no rule names gets no user data.
func unnamed(t *testing.T, s *service) {
	s.Trip = jobtrip.New(t, jobtrip.Everything())
	received, want := jobtrip.Partner(1)
	s.request("order", received)
	s.relay(true)
	s.Got("order", want)
}

// crash: if a relay ends between publishing and deleting a row, the row is published again.
func crash(t *testing.T, s *service) {
	h := jobtrip.Headers(1, propagation.AllFormats()...)
	s.request("order", h)
	s.relay(false)
	s.relay(true)
	s.Got("order", h, h)
}

func rollback(t *testing.T, s *service) {
	s.Request(jobtrip.Headers(1, propagation.W3C), func(ctx context.Context) error {
		tx, err := s.db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		return errors.Join(store(ctx, s.P, tx, "orders", "order"), tx.Rollback())
	})
	s.relay(true)
	s.Got("order")
}

func without(t *testing.T, s *service) {
	s.request("first", jobtrip.Headers(1, propagation.AllFormats()...))
	s.request("second", http.Header{})
	if _, err := s.db.ExecContext(t.Context(), `INSERT INTO outbox (topic, body, headers) VALUES ('orders', 'third', '{"traceparent": 1}')`); err != nil {
		t.Fatal(err)
	}
	s.relay(true)
	s.Got("second", http.Header{})
	s.Got("third", http.Header{})
}

// object: databases keep one value for each name of a JSON object.
func object(t *testing.T, s *service) {
	_, err := s.db.ExecContext(t.Context(), `INSERT INTO outbox (topic, body, headers) VALUES ('orders', 'order', '{"baggage": "a=1", "baggage": "b=2"}')`)
	if err != nil {
		t.Fatal(err)
	}
	var value string
	query := "SELECT headers ->> 'baggage' FROM outbox"
	if err := s.db.QueryRowContext(t.Context(), query).Scan(&value); err != nil || strings.Contains(value, "1") == strings.Contains(value, "2") {
		t.Errorf("baggage is %q, %v, want one of the two values", value, err)
	}
	s.relay(true)
}
