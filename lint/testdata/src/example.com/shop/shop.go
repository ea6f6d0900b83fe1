// Package shop is a stub of generated gRPC code, and of a program's own context type.
package shop

import (
	"context"
	"net/http"

	"google.golang.org/grpc"
)

type Request struct{}

func (*Request) ProtoReflect() {}

type Response struct{}

func (*Response) ProtoReflect() {}

type Client struct{}

func (*Client) Get(ctx context.Context, in *Request, opts ...grpc.CallOption) (*Response, error) {
	return nil, nil
}

// Context is a program's own context of a request.
type Context struct {
	context.Context
	Req *http.Request
}
