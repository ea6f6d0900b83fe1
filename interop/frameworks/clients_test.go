package frameworks

import (
	"context"
	"net"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/hashicorp/go-retryablehttp"
	"github.com/traceferry/traceferry/httptrace"
)

func TestRetryableHTTP(t *testing.T) {
	p, _, back := setUp(t)
	var attempts atomic.Int32
	arrived := make(chan http.Header, 2)
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived <- r.Header.Clone()
		if attempts.Add(1) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	caller := retryablehttp.NewClient()
	caller.Logger, caller.RetryWaitMin, caller.RetryWaitMax = nil, 1, 1

	caller.HTTPClient.Transport = httptrace.NewTransport(p, caller.HTTPClient.Transport)

	within(t, p, func(ctx context.Context) {
		req, err := retryablehttp.NewRequestWithContext(ctx, "GET", url, nil)
		if err != nil {
			t.Error(err)
			return
		}
		resp, err := caller.Do(req)
		if err != nil {
			t.Error(err)
			return
		}
		resp.Body.Close()
	})
	for range 2 { // each attempt carries each header once
		back.arrived <- <-arrived
		back.got(t)
	}
	resp, err := caller.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	back.arrived <- <-arrived
	back.gotNothing(t) // Get has no context
}

// TestAWS: a call to AWS is signed and goes unchanged. A stand-in for AWS on an internal host gets the headers.
func TestAWS(t *testing.T) {
	p, _, back := setUp(t)
	standIn := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		back.arrived <- r.Header.Clone()
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.Write([]byte("{}"))
	}))
	base := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, standIn[len("http://"):])
	}}
	defer base.CloseIdleConnections()
	client := &http.Client{Transport: httptrace.NewTransport(p, base)}
	call := func(endpoint string) {
		t.Helper()
		options := sqs.Options{
			BaseEndpoint: &endpoint, Region: "eu-central-1",
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "secret"}, nil
			}),
		}

		options.HTTPClient = client

		within(t, p, func(ctx context.Context) {
			if _, err := sqs.New(options).ListQueues(ctx, new(sqs.ListQueuesInput)); err != nil {
				t.Error(err)
			}
		})
	}
	call("http://localstack")
	back.got(t)
	call("http://sqs.eu-central-1.amazonaws.com")
	if arrived := back.next(t); arrived.Get("Authorization") == "" {
		t.Errorf("the request is not signed: %q", arrived)
	} else {
		back.arrived <- arrived
		back.gotNothing(t)
	}
}
