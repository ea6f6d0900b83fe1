package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/trace"
)

// newService returns the service, instrumented as a program does it at its start. The provider and the propagator are
// OpenTelemetry's global ones. otelhttp finds them there.
func newService(p propagation.TextMapPropagator) http.Handler {
	otel.SetTracerProvider(trace.NewTracerProvider(trace.WithSampler(trace.AlwaysSample())))
	otel.SetTextMapPropagator(p)

	client := &http.Client{Transport: otelhttp.NewTransport(http.DefaultTransport)}
	mux := http.NewServeMux()
	mux.Handle("POST /test", test(client))
	return otelhttp.NewHandler(mux, "w3c")
}

// call is a call that the suite asks for: POST the arguments, unchanged, to the URL.
type call struct {
	URL       string          `json:"url"`
	Arguments json.RawMessage `json:"arguments"`
}

// test makes the calls that the request's body lists, one after the other. It uses the request's context. Nothing else
// is needed to continue a trace.
func test(client *http.Client) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var calls []call
		if err := json.NewDecoder(r.Body).Decode(&calls); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		for _, c := range calls {
			if err := c.post(r.Context(), client); err != nil {
				http.Error(w, err.Error(), http.StatusBadGateway)
				return
			}
		}
	}
}

func (c call) post(ctx context.Context, client *http.Client) error {
	req, err := http.NewRequestWithContext(ctx, "POST", c.URL, bytes.NewReader(c.Arguments))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}
