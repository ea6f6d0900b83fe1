package lint

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ast/inspector"
)

// origin says who a context belongs to.
type origin uint8

const (
	unknown origin = iota
	program        // it belongs to the program or to a part of it: context.Background, or a command's
	caller         // the caller decides
	inbound        // it belongs to an inbound request, or is derived from one that does
)

// originOf returns the origin of a variable that holds a context, or that has a context. It is unknown for the
// variables in asking, because their origin depends on that of v.
func (x *contexts) originOf(v *types.Var, asking []*types.Var) (o origin) {
	if x.origins != nil {
		return x.origins[v]
	}
	if f := x.params[v]; f != nil { // values assigned to a parameter are usually derived from it
		if f.origin == caller && x.sent(f, v) {
			return program // a request that the function sends is not an inbound request
		}
		return f.origin
	}
	if slices.Contains(asking, v) {
		return unknown
	}
	for _, e := range x.values[v] {
		o = max(o, x.origin(e, append(asking, v)...))
	}
	return o
}

// origin returns the origin of an expression that is a context, or that has one.
func (x *contexts) origin(e ast.Expr, asking ...*types.Var) origin {
	info := x.pass.TypesInfo
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		if v, ok := info.ObjectOf(e).(*types.Var); ok {
			return x.originOf(v, asking)
		}
	case *ast.SelectorExpr: // c.Request of gin, r.In of httputil.ProxyRequest
		if isRequest(info.TypeOf(e)) {
			t := info.TypeOf(e.X)
			if _, ok := frameworkOf(t); ok || ownContext(t) || isNamed(t, "net/http/httputil", "ProxyRequest") {
				return inbound
			}
		}
	case *ast.UnaryExpr:
		return x.origin(e.X, asking...)
	case *ast.TypeAssertExpr:
		return x.origin(e.X, asking...)
	case *ast.CallExpr:
		return x.originOfCall(e, asking...)
	}
	return unknown
}

func (x *contexts) originOfCall(call *ast.CallExpr, asking ...*types.Var) (o origin) {
	info := x.pass.TypesInfo
	fn := callee(info, call)
	switch {
	case fn == nil:
	case isFunc(fn, "context", "Background", "TODO"), isFunc(fn, "os/signal", "NotifyContext"), isFunc(fn, "net/http", "NewRequest"):
		return program
	case strings.HasPrefix(fn.Name(), "Extract") && fn.Signature().Params().Len() > 1:
		return inbound // Extract of a propagator, with a message or a request as carrier
	}
	for _, arg := range call.Args {
		if _, ok := contextOf(info.TypeOf(arg)); ok {
			o = max(o, x.origin(arg, asking...))
		}
	}
	recv := receiver(call)
	if o != unknown || recv == nil || fn == nil || fn.Signature().Recv() == nil {
		return o
	}
	t := info.TypeOf(recv)
	switch _, isFramework := frameworkOf(t); {
	case isFramework, isServerStream(t), ownContext(t):
		return inbound
	case isRequest(t):
		return x.origin(recv, asking...)
	case isNamed(t, "github.com/spf13/cobra", "Command"), hasMethods(t, "Context", "Setenv", "TempDir"): // testing.T
		return program
	}
	return o
}

// sent reports whether f sends the request in v, so that v is an outgoing request.
func (x *contexts) sent(f *function, v *types.Var) bool {
	if !isRequest(v.Type()) {
		return false
	}
	if decl, ok := f.at.Node().(*ast.FuncDecl); ok && decl.Name.Name == "RoundTrip" {
		return true
	}
	return x.sentIn(f.at, v)
}

// sentIn reports whether a function passes the request in v to Do or RoundTrip.
func (x *contexts) sentIn(fn inspector.Cursor, v *types.Var) bool {
	for c := range fn.Preorder((*ast.CallExpr)(nil)) {
		call := c.Node().(*ast.CallExpr)
		if sends(callee(x.pass.TypesInfo, call)) && slices.ContainsFunc(call.Args, func(arg ast.Expr) bool { return variable(x.pass.TypesInfo, arg) == v }) {
			return true
		}
	}
	return false
}

func sends(fn *types.Func) bool { return fn != nil && (fn.Name() == "Do" || fn.Name() == "RoundTrip") }
