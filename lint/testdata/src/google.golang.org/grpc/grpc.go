// Package grpc is a stub.
package grpc

import "context"

type (
	ClientConn             struct{}
	Server                 struct{}
	UnaryServerInfo        struct{}
	DialOption             interface{ dial() }
	CallOption             interface{ call() }
	StatsHandler           interface{ handle() }
	TransportCredentials   interface{ creds() }
	UnaryClientInterceptor func(ctx context.Context, method string) error
)

func (*ClientConn) Invoke(ctx context.Context, method string, args, reply any, opts ...CallOption) error {
	return nil
}

type ServerStream interface {
	SetTrailer(map[string][]string)
	Context() context.Context
	SendMsg(m any) error
	RecvMsg(m any) error
}

func NewClient(target string, opts ...DialOption) (*ClientConn, error) { return nil, nil }
func Dial(target string, opts ...DialOption) (*ClientConn, error)      { return nil, nil }
func DialContext(ctx context.Context, target string, opts ...DialOption) (*ClientConn, error) {
	return nil, nil
}

func WithTransportCredentials(creds TransportCredentials) DialOption { return nil }
func WithInsecure() DialOption                                       { return nil }
func WithStatsHandler(h StatsHandler) DialOption                     { return nil }
func WithUnaryInterceptor(i UnaryClientInterceptor) DialOption       { return nil }
