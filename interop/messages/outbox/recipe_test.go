package outbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"iter"

	"github.com/traceferry/traceferry/propagation"
)

// marshal returns lines for a column: a list of pairs, because a name may occur several times.
func marshal(lines iter.Seq2[string, string]) ([]byte, error) {
	pairs := [][2]string{}
	for name, value := range lines {
		pairs = append(pairs, [2]string{name, value})
	}
	return json.Marshal(pairs)
}

// unmarshal returns the lines of a column. A column of another form counts as no lines.
func unmarshal(column []byte) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		var pairs [][2]string
		_ = json.Unmarshal(column, &pairs)
		for _, pair := range pairs {
			if !yield(pair[0], pair[1]) {
				return
			}
		}
	}
}

// store adds a message to the outbox, in the transaction of the request's own changes.
func store(ctx context.Context, p *propagation.Propagator, tx *sql.Tx, topic, body string) error {
	headers, err := marshal(p.Lines(ctx, "outbox:orders"))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO outbox (topic, body, headers) VALUES ($1, $2, $3)", topic, body, string(headers))
	return err
}

// row is a message in the outbox.
type row struct {
	id          int64
	topic, body string
	headers     []byte
}

// relay publishes a row with the context of the request that stored it.
func relay(p *propagation.Propagator, row row, publish func(ctx context.Context, topic, body string) error) error {
	ctx := p.ExtractLines(context.Background(), unmarshal(row.headers))
	return publish(ctx, row.topic, row.body)
}
