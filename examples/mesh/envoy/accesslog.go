package envoy

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	accesslogv3 "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	filev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/file/v3"
	"google.golang.org/protobuf/types/known/structpb"
)

// LogLine is the part of an Envoy's access log about one request.
type LogLine struct {
	Proxy     string    `json:"proxy"`
	Direction Direction `json:"direction"`
	Book      string    `json:"book"`
	RequestID string    `json:"request_id"`
	Path      string    `json:"path"`
	Status    string    `json:"status"`
}

func accessLog(file, service string, d Direction) []*accesslogv3.AccessLog {
	if file == "" {
		return nil
	}
	fields := map[string]*structpb.Value{}
	for name, value := range map[string]string{
		"proxy": service, "direction": string(d), "book": "%REQ(X-BOOK)%",
		"request_id": "%REQ(X-REQUEST-ID)%", "path": "%REQ(:PATH)%", "status": "%RESPONSE_CODE% %RESPONSE_FLAGS%",
	} {
		fields[name] = structpb.NewStringValue(value)
	}
	format := &corev3.SubstitutionFormatString{Format: &corev3.SubstitutionFormatString_JsonFormat{
		JsonFormat: &structpb.Struct{Fields: fields},
	}}
	return []*accesslogv3.AccessLog{{
		Name: "envoy.access_loggers.file",
		ConfigType: &accesslogv3.AccessLog_TypedConfig{TypedConfig: packed(&filev3.FileAccessLog{
			Path:            file,
			AccessLogFormat: &filev3.FileAccessLog_LogFormat{LogFormat: format},
		})},
	}}
}

// ReadLog reads an access log. The log is complete after its Envoy has ended.
func ReadLog(file string) ([]LogLine, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var lines []LogLine
	for d := json.NewDecoder(f); ; {
		var line LogLine
		switch err := d.Decode(&line); {
		case errors.Is(err, io.EOF):
			return lines, nil
		case err != nil:
			return lines, fmt.Errorf("%s: %w", file, err)
		}
		lines = append(lines, line)
	}
}
