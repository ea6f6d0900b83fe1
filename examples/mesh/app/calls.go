// Package app is Istio's Bookinfo: five services. Their only code for tracing is traceferry's middleware, transport and
// interceptors.
package app

import "github.com/traceferry/traceferry/examples/bookinfo/ratingspb"

// Call is a call that the application makes for every request.
type Call struct {
	Name     string
	Cause    string // the call that causes this one; "" for the user's call
	From, To string // services
	Path     string // the path begins with this
	GRPC     bool
}

// Edge is the name that stands for the ingress.
const Edge = "edge"

// Calls are all calls. A cause comes before the calls that it causes.
var Calls = []Call{
	{Name: "productpage", From: Edge, To: "productpage", Path: "/productpage/"},
	{Name: "details", Cause: "productpage", From: "productpage", To: "details", Path: "/details/"},
	{Name: "reviews", Cause: "productpage", From: "productpage", To: "reviews", Path: "/reviews/"},
	{Name: "ratings.Average", Cause: "reviews", From: "reviews", To: "ratings", Path: ratingspb.Ratings_Average_FullMethodName, GRPC: true},
	{Name: "ratings.Each", Cause: "reviews", From: "reviews", To: "ratings", Path: ratingspb.Ratings_Each_FullMethodName, GRPC: true},
	{Name: "users.count", Cause: "ratings.Average", From: "ratings", To: "users", Path: "/users/count/"},
	{Name: "users.names", Cause: "ratings.Each", From: "ratings", To: "users", Path: "/users/names/"},
}

// Services are the services that Start starts.
var Services = []string{"productpage", "details", "reviews", "ratings", "users"}
