// Package callsite finds the line of the program that made an outgoing call.
package callsite

import (
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
)

// Site is a place in the program's source. The zero Site is unknown.
type Site struct {
	Function, File string
	Line           int
	// InHandler reports that the call was made on the goroutine on which a server runs the handler of a request.
	InHandler bool
}

// maxFrames is the number of frames that are read. The frame of a server is some 40 frames away, with a router and its
// middleware in between.
const maxFrames = 256

// Find returns the place of an outgoing call. Call it on the goroutine that makes the call, below a function of one of
// traceferry's internal packages. The place is the nearest frame above that function that belongs to no library. Frames
// between Find and that function are functions of the Config, so Find skips them.
//
// Find takes ten to twenty microseconds.
func Find() (s Site) {
	walks.Add(1)
	var pcs [maxFrames]uintptr
	stack := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	below := false // the walk has reached a function of an internal package
	for {
		f, more := stack.Next()
		below = below || strings.HasPrefix(f.Function, internal)
		if below && s.File == "" && f.Function != "" && !isLibrary(&f) {
			s.Function, s.File, s.Line = f.Function, f.File, f.Line
		}
		if Serves(f.Function) {
			s.InHandler = true
		}
		if !more || s.InHandler && s.File != "" {
			return s
		}
	}
}

// Walks returns the number of calls of Find, for tests.
func Walks() uint64 { return walks.Load() }

var walks atomic.Uint64

// InTest reports whether the goroutine runs a function of package testing.
func InTest() bool {
	var pcs [maxFrames]uintptr
	stack := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		f, more := stack.Next()
		if strings.HasPrefix(f.Function, "testing.") {
			return true
		}
		if !more {
			return false
		}
	}
}

const (
	module   = "github.com/traceferry/traceferry/"
	internal = module + "internal/"
)

// libraries are the beginnings of names of functions that make calls for the program. The program's own frame is above
// them.
var libraries = []string{
	"runtime.", "net/http.", "net/http/",
	"google.golang.org/grpc.", "google.golang.org/grpc/", "go.opentelemetry.io/",
	internal, module + "propagation.", module + "propagation/propagationtest.", module + "httptrace.", module + "fasthttptrace.", module + "grpctrace.", module + "grpctrace/grpcguard.",
	module + "weave.", module + "weave/weavegrpc.",

	"github.com/valyala/fasthttp.", "github.com/gofiber/fiber/v2.", "github.com/gofiber/fiber/v3.", "github.com/gofiber/fiber/v3/client.",

	// Clients that are built on net/http or grpc-go.
	"connectrpc.com/connect.", "github.com/go-resty/resty/", "resty.dev/v3.", "github.com/hashicorp/go-retryablehttp.",
	"github.com/hashicorp/go-cleanhttp.", "github.com/grpc-ecosystem/go-grpc-middleware/", "golang.org/x/oauth2", "golang.org/x/net/http2.",
	"github.com/aws/smithy-go/", "github.com/felixge/httpsnoop.", "github.com/gorilla/websocket.", "github.com/coder/websocket.",
}

// generated are the ends of names of files with generated clients.
var generated = []string{".pb.go", ".pb.gw.go", ".connect.go", ".twirp.go"}

func isLibrary(f *runtime.Frame) bool {
	return slices.ContainsFunc(libraries, func(l string) bool { return strings.HasPrefix(f.Function, l) }) ||
		slices.ContainsFunc(generated, func(end string) bool { return strings.HasSuffix(f.File, end) })
}

// ServesHTTP reports whether a function is the one with which a server of net/http, or of golang.org/x/net, calls
// handlers on the goroutine of a request: for HTTP/1, and for HTTP/2.
func ServesHTTP(function string) bool {
	return function == "net/http.(*conn).serve" || function == "net/http.(*http2serverConn).runHandler" ||
		strings.HasSuffix(function, "/http2.(*serverConn).runHandler")
}

// Serves reports whether a function calls handlers: that of a server, or of this module where there is no server, as in
// tests.
func Serves(function string) bool {
	return ServesHTTP(function) || function == "google.golang.org/grpc.(*Server).handleStream" ||
		strings.HasPrefix(function, module+"httptrace.(*handler).ServeHTTP") ||
		strings.HasPrefix(function, module+"grpctrace.UnaryServerInterceptor.") || strings.HasPrefix(function, module+"grpctrace.StreamServerInterceptor.") ||
		function == "github.com/valyala/fasthttp.(*Server).serveConn"
}
