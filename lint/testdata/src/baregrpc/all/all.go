// Package all has a connection, and serves nothing.
package all

import (
	"context"

	"google.golang.org/grpc"
)

func Dial(ctx context.Context) (*grpc.ClientConn, error) {
	return grpc.NewClient("details") // want `grpc.NewClient has no option`
}
