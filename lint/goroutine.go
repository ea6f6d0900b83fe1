package lint

import (
	"go/ast"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/inspector"
)

// Goroutine reports goroutines that may use a request's context after the handler has ended.
var Goroutine = analyzer("goroutine", `report goroutines with the request's context that outlive the handler

net/http and gRPC cancel a request's context when its handler returns. Calls of a goroutine
that still runs then fail, or never start. Give it propagation.Copy(context.Background(), ctx) or
context.WithoutCancel(ctx): both keep the headers.

It reports a goroutine that passes the context to a call, in a function that serves a request, if the
function does not wait after it starts the goroutine. It does not report a goroutine that watches the
context's Done, calls Done of a WaitGroup, or writes to an io.Pipe. It also reports a goroutine with a
*gin.Context, because gin uses it again for later requests.

The flag -callees adds functions that get the context from a function that serves a request in the
same package. More of these findings are false, because the caller of such a function may wait.

The suggested fix is context.WithoutCancel, for arguments of the go statement.`, runGoroutine)

var callees bool

func init() {
	Goroutine.Flags.BoolVar(&callees, "callees", false, "report also in functions that get the context from a function that serves a request")
}

func runGoroutine(r *reporter) {
	for c := range r.root.Preorder((*ast.GoStmt)(nil)) {
		if s, ok := r.at(c); !ok || s.origin != inbound || !callees && !r.inHandler(c) || r.waits(c) || r.watches(c) {
			continue
		}
		for use := range c.Preorder((*ast.Ident)(nil), (*ast.CallExpr)(nil)) {
			e := use.Node().(ast.Expr)
			if v := variable(r.TypesInfo, e); v != nil && c.Node().Pos() < v.Pos() && v.Pos() < c.Node().End() {
				continue // the goroutine itself derives this from the context
			}
			if !r.ends(e) || !r.passedOn(use) {
				continue
			}
			name := types.ExprString(e)
			if f, ok := frameworkOf(r.TypesInfo.TypeOf(e)); ok {
				r.report(e, nil, "the goroutine uses %s after the handler has ended, and %s uses it again for another request; take what it needs out of it before", name, f.path)
			} else {
				r.report(e, r.withoutCancel(c, use), "the goroutine uses %s after the handler has ended, when it is cancelled; use propagation.Copy or context.WithoutCancel", name)
			}
			break
		}
	}
}

// inHandler reports whether c is in a function that serves a request, or in a literal in it.
func (x *contexts) inHandler(c inspector.Cursor) bool {
	for fn := range c.Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		if f := x.funcs[fn.Node()]; f != nil && f.origin == inbound && f.fixed {
			return true
		}
	}
	return false
}

// ends reports whether e is a context, or a framework's context, that ends with an inbound request.
func (x *contexts) ends(e ast.Expr) bool {
	t := x.pass.TypesInfo.TypeOf(e)
	if t == nil || !isContextLike(t) {
		if _, ok := frameworkOf(t); !ok {
			return false
		}
	}
	return x.endsFor(e)
}

func (x *contexts) endsFor(e ast.Expr, asking ...*types.Var) bool {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		v, ok := x.pass.TypesInfo.ObjectOf(e).(*types.Var)
		if !ok || x.origins[v] != inbound {
			return false
		}
		for _, value := range x.values[v] {
			if call, ok := ast.Unparen(value).(*ast.CallExpr); ok && x.keeps(call) {
				return false
			}
		}
		if x.params[v] != nil {
			return true
		}
		for _, seen := range asking {
			if seen == v {
				return false
			}
		}
		for _, value := range x.values[v] {
			if x.endsFor(value, append(asking, v)...) {
				return true
			}
		}
	case *ast.CallExpr:
		if x.keeps(e) || x.originOfCall(e) != inbound {
			return false
		}
		some := false
		for _, arg := range e.Args {
			if _, ok := contextOf(x.pass.TypesInfo.TypeOf(arg)); ok {
				some = true
				if x.endsFor(arg, asking...) {
					return true
				}
			}
		}
		return !some && len(e.Args) == 0 // r.Context(), stream.Context()
	}
	return false
}

// keeps reports whether a call returns a context that does not end with its arguments.
func (x *contexts) keeps(call *ast.CallExpr) bool {
	fn := callee(x.pass.TypesInfo, call)
	return fn != nil && (isFunc(fn, "context", "WithoutCancel", "Background", "TODO") || isFunc(fn, pathPropagate, "Copy") ||
		strings.Contains(strings.ToLower(fn.Name()), "detach") || strings.Contains(strings.ToLower(fn.Name()), "copy"))
}

// passedOn reports whether the context at c is passed to a call that may use it for an outgoing call.
func (x *contexts) passedOn(c inspector.Cursor) bool {
	call, ok := c.Parent().Node().(*ast.CallExpr)
	if !ok || call.Fun == c.Node() || x.keeps(call) {
		return false
	}
	return !readsValues(callee(x.pass.TypesInfo, call))
}

// watches reports whether the goroutine may use its context. It may if it reads Done of a context, calls Done of a
// sync.WaitGroup, or writes to a pipe. It also may if it detaches itself from its context, or only reads values.
func (x *contexts) watches(start inspector.Cursor) bool {
	if x.readsDone(start) || x.writesPipe(start) {
		return true
	}
	fn := callee(x.pass.TypesInfo, start.Node().(*ast.GoStmt).Call)
	for node, f := range x.funcs {
		if decl, ok := node.(*ast.FuncDecl); ok && fn != nil && x.pass.TypesInfo.Defs[decl.Name] == fn {
			return x.readsDone(f.at) || x.detachesItself(f.at) || x.onlyReads(f)
		}
	}
	return false
}

func (x *contexts) readsDone(c inspector.Cursor) bool {
	for n := range c.Preorder((*ast.CallExpr)(nil)) {
		call := n.Node().(*ast.CallExpr)
		if fn := callee(x.pass.TypesInfo, call); isMethod(fn, "sync", "WaitGroup", "Done") || fn != nil && fn.Name() == "Done" && isContextLike(x.pass.TypesInfo.TypeOf(receiver(call))) {
			return true
		}
	}
	return false
}

// writesPipe reports whether a goroutine writes to an io.Pipe, whose reader waits for it.
func (x *contexts) writesPipe(c inspector.Cursor) bool {
	for n := range c.Preorder((*ast.Ident)(nil)) {
		if isNamed(x.pass.TypesInfo.TypeOf(n.Node().(*ast.Ident)), "io", "PipeWriter") {
			return true
		}
	}
	return false
}

func (x *contexts) detachesItself(c inspector.Cursor) bool {
	for n := range c.Preorder((*ast.CallExpr)(nil)) {
		if x.keeps(n.Node().(*ast.CallExpr)) {
			return true
		}
	}
	return false
}

// onlyReads reports whether a function uses its contexts only to read values or to log. It is false for a framework's
// context, because the function must not even read that.
func (x *contexts) onlyReads(f *function) bool {
	for v := range f.sig.Params().Variables() {
		if _, ok := frameworkOf(v.Type()); ok {
			return false
		}
	}
	for n := range f.at.Preorder((*ast.Ident)(nil)) {
		v, ok := x.pass.TypesInfo.Uses[n.Node().(*ast.Ident)].(*types.Var)
		if !ok || x.params[v] != f || !isContextLike(v.Type()) {
			continue
		}
		call, ok := n.Parent().Node().(*ast.CallExpr)
		if !ok || !readsValues(callee(x.pass.TypesInfo, call)) {
			return false
		}
	}
	return true
}

// withoutCancel returns the fix for a context that is an argument of the go statement at start.
func (x *contexts) withoutCancel(start, use inspector.Cursor) []analysis.SuggestedFix {
	if use.Parent().Node() != start.Node().(*ast.GoStmt).Call {
		return nil
	}
	e := use.Node().(ast.Expr)
	_, ctx := x.pass.Pkg.Scope().Innermost(e.Pos()).LookupParent("context", e.Pos())
	if pkg, ok := ctx.(*types.PkgName); !ok || pkg.Imported().Path() != "context" {
		return nil
	}
	return []analysis.SuggestedFix{{
		Message: "Use context.WithoutCancel",
		TextEdits: []analysis.TextEdit{
			{Pos: e.Pos(), End: e.Pos(), NewText: []byte("context.WithoutCancel(")},
			{Pos: e.End(), End: e.End(), NewText: []byte(")")},
		},
	}}
}
