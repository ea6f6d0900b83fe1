package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/traceferry/traceferry/examples/bookinfo/ratingspb"
	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
)

// dialRatings makes the connection from reviews to ratings.
func dialRatings(p *propagation.Propagator, hops *Hops, dial Dial, naming *naming) (*grpc.ClientConn, error) {
	return grpc.NewClient("passthrough:///ratings", append(grpctrace.DialOptions(p),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, addr string) (net.Conn, error) { return dial(ctx, "tcp", addr) }),
		grpc.WithPerRPCCredentials(naming),
		hops.dial())...)
}

// reviews returns the readers' reviews of a book, and asks ratings for the stars. It serves HTTP and makes gRPC calls.
func reviews(p *propagation.Propagator, from httptrace.Decider, ratings *grpc.ClientConn) http.Handler {
	client := ratingspb.NewRatingsClient(ratings)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /reviews/{book}", func(w http.ResponseWriter, r *http.Request) {
		stars, err := askRatings(r.Context(), client, r.PathValue("book"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		fmt.Fprintf(w, "a fine comedy, %s", stars)
	})
	return httptrace.Middleware(p, from)(mux)
}

// askRatings makes a unary call while a stream is open.
func askRatings(ctx context.Context, client ratingspb.RatingsClient, id string) (string, error) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return "", err
	}
	ctx = metadata.AppendToOutgoingContext(ctx, bookHeader, id)
	book := &ratingspb.Book{Id: n}
	each, err := client.Each(ctx, book)
	if err != nil {
		return "", err
	}
	average, err := client.Average(ctx, book)
	if err != nil {
		return "", err
	}
	var names []string
	for {
		switch stars, err := each.Recv(); {
		case errors.Is(err, io.EOF):
			return fmt.Sprintf("%d stars from %s: %s", average.GetCount(), average.GetGivenBy(), strings.Join(names, ", ")), nil
		case err != nil:
			return "", err
		default:
			names = append(names, stars.GetGivenBy())
		}
	}
}
