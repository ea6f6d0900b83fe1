package lint

import "go/types"

// framework is a web framework's own context.
type framework struct {
	path, name string
	expr       string // the request's context, after the variable's name
	context    bool   // it is itself a context.Context, which carries no headers
}

var frameworks = []framework{
	{"github.com/gin-gonic/gin", "Context", ".Request.Context()", true},
	{"github.com/labstack/echo", "Context", ".Request().Context()", false},
	{"github.com/gofiber/fiber", "Ctx", ".Context()", true}, // version 3
	{"github.com/valyala/fasthttp", "RequestCtx", "", true},
}

func frameworkOf(t types.Type) (framework, bool) {
	for _, f := range frameworks {
		if named := namedOf(t); named != nil && named.Obj().Name() == f.name && named.Obj().Pkg() != nil && major(named.Obj().Pkg().Path()) == f.path {
			if f.path == "github.com/gofiber/fiber" && !isContextLike(t) {
				f.expr, f.context = ".UserContext()", false // version 2
			}
			return f, true
		}
	}
	return framework{}, false
}

func namedOf(t types.Type) *types.Named {
	if t == nil {
		return nil
	}
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	named, _ := types.Unalias(t).(*types.Named)
	return named
}

// isServerStream reports whether t is a gRPC stream on the server's side.
func isServerStream(t types.Type) bool {
	return hasMethods(t, "Context", "SendMsg", "RecvMsg", "SetTrailer")
}

// isMessage reports whether t is a protobuf message.
func isMessage(t types.Type) bool {
	return hasMethods(t, "ProtoReflect") || hasMethods(t, "ProtoMessage", "Reset", "String")
}

// contextOf returns the text to write after the name of a variable of type t to get a context. The text is "" if the
// variable itself is one. ok is false if the analyzers know no context in t.
func contextOf(t types.Type) (expr string, ok bool) {
	if f, ok := frameworkOf(t); ok {
		return f.expr, f.expr != ""
	}
	switch {
	case isContextLike(t):
		return "", true
	case isRequest(t), isServerStream(t):
		return ".Context()", true
	}
	return "", false
}

// isInbound reports whether a function with these parameters and results certainly serves a request, so that its
// context belongs to an inbound request.
func isInbound(sig *types.Signature) bool {
	var writer, request, context, message, connect bool
	for v := range sig.Params().Variables() {
		t := v.Type()
		if _, ok := frameworkOf(t); ok || isServerStream(t) || ownContext(t) {
			return true
		}
		writer = writer || isNamed(t, "net/http", "ResponseWriter")
		request = request || isRequest(t)
		context = context || isContext(t)
		message = message || isMessage(t)
		connect = connect || isNamed(t, "connectrpc.com/connect", "Request") || isNamed(t, pathGRPC, "UnaryServerInfo")
	}
	if writer && request || context && connect {
		return true
	}
	// A gRPC method: func (s *server) Method(context.Context, *Request) (*Response, error).
	return sig.Recv() != nil && context && message && sig.Params().Len() == 2 && sig.Results().Len() == 2 && isMessage(sig.Results().At(0).Type())
}

// ownContext reports whether t is a program's own context type around a request: a context.Context with a field of type
// *http.Request.
func ownContext(t types.Type) bool {
	if !isContextLike(t) || isContext(t) {
		return false
	}
	named := namedOf(t)
	if named == nil {
		return false
	}
	s, _ := named.Underlying().(*types.Struct)
	return s != nil && holdsRequest(s, 2)
}

func holdsRequest(s *types.Struct, depth int) bool {
	for f := range s.Fields() {
		if isRequest(f.Type()) {
			return true
		}
		if named := namedOf(f.Type()); f.Embedded() && depth > 0 && named != nil {
			if inner, ok := named.Underlying().(*types.Struct); ok && holdsRequest(inner, depth-1) {
				return true
			}
		}
	}
	return false
}
