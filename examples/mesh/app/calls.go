// Package app is Istio's Bookinfo: five services with nothing of tracing in them but
// traceferry's middleware, transport and interceptors.
package app

import "github.com/traceferry/traceferry/examples/bookinfo/ratingspb"

// Call is one that is made for every request.
type Call struct {
	Name     string
	Cause    string // the call for which it is made; "" for the user's
	From, To string // services
	Path     string // begins with it
	GRPC     bool
}

// Edge is the service that stands for the ingress.
const Edge = "edge"

// Calls are all, causes first.
var Calls = []Call{
	{Name: "productpage", From: Edge, To: "productpage", Path: "/productpage/"},
	{Name: "details", Cause: "productpage", From: "productpage", To: "details", Path: "/details/"},
	{Name: "reviews", Cause: "productpage", From: "productpage", To: "reviews", Path: "/reviews/"},
	{Name: "ratings.Average", Cause: "reviews", From: "reviews", To: "ratings", Path: ratingspb.Ratings_Average_FullMethodName, GRPC: true},
	{Name: "ratings.Each", Cause: "reviews", From: "reviews", To: "ratings", Path: ratingspb.Ratings_Each_FullMethodName, GRPC: true},
	{Name: "users.count", Cause: "ratings.Average", From: "ratings", To: "users", Path: "/users/count/"},
	{Name: "users.names", Cause: "ratings.Each", From: "ratings", To: "users", Path: "/users/names/"},
}

// Services are those that Start starts.
var Services = []string{"productpage", "details", "reviews", "ratings", "users"}
