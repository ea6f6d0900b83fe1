package caddy

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/traceferry/traceferry/examples/mesh/judge"
)

// readLog reads an access log.
func readLog(file string) ([]judge.LogLine, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var lines []judge.LogLine
	for d := json.NewDecoder(f); ; {
		var line struct {
			Book      string `json:"book"`
			RequestID string `json:"request_id"`
		}
		switch err := d.Decode(&line); {
		case errors.Is(err, io.EOF):
			return lines, nil
		case err != nil:
			return lines, fmt.Errorf("%s: %w", file, err)
		}
		lines = append(lines, judge.LogLine(line))
	}
}
