package app

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/traceferry/traceferry/examples/bookinfo/ratingspb"
	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
)

// ratings returns the stars of a book, and asks users who gave them. It serves gRPC and makes HTTP calls.
func ratings(p *propagation.Propagator, from grpctrace.Decider, base http.RoundTripper, first []grpc.ServerOption) *grpc.Server {
	server := grpc.NewServer(append(first, grpctrace.ServerOptions(p, from)...)...)
	ratingspb.RegisterRatingsServer(server, &ratingsServer{client: client(p, base)})
	return server
}

type ratingsServer struct {
	ratingspb.UnimplementedRatingsServer
	client *http.Client
}

func (s *ratingsServer) Average(ctx context.Context, book *ratingspb.Book) (*ratingspb.Stars, error) {
	readers, err := get(ctx, s.client, "http://users/users/count/", strconv.FormatInt(book.GetId(), 10))
	if err != nil {
		return nil, err
	}
	return &ratingspb.Stars{Count: 5, GivenBy: readers}, nil
}

func (s *ratingsServer) Each(book *ratingspb.Book, stream grpc.ServerStreamingServer[ratingspb.Stars]) error {
	names, err := get(stream.Context(), s.client, "http://users/users/names/", strconv.FormatInt(book.GetId(), 10))
	if err != nil {
		return err
	}
	for name := range strings.FieldsSeq(names) {
		if err := stream.Send(&ratingspb.Stars{Count: 5, GivenBy: name}); err != nil {
			return err
		}
	}
	return nil
}
