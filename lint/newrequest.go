package lint

import (
	"go/ast"
	"go/types"
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/inspector"
)

// NewRequest reports requests that are made without a context, in places where a context is at hand.
var NewRequest = analyzer("newrequest", `report HTTP requests without the context that is at hand

http.NewRequest and the methods Get, Head, Post and PostForm of http.Client take no
context. Such a call carries no headers of the inbound request that it is made for,
and does not end with that request.

The suggested fix replaces http.NewRequest by http.NewRequestWithContext.`, runNewRequest)

func runNewRequest(r *reporter) {
	for c := range r.root.Preorder((*ast.CallExpr)(nil)) {
		call := c.Node().(*ast.CallExpr)
		fn := callee(r.TypesInfo, call)
		switch {
		case isFunc(fn, "net/http", "NewRequest"):
			if s, ok := r.at(c); ok && !r.getsContext(c) {
				r.report(call, withContext(call, s), "http.NewRequest takes no context: the call carries no headers of the request in %s", s.name)
			}
		case isMethod(fn, "net/http", "Client", "Get", "Head", "Post", "PostForm") && !isDefaultClient(r.TypesInfo, receiver(call)):
			if s, ok := r.at(c); ok {
				r.report(call, nil, "Client.%s takes no context: the call carries no headers of the request in %s; use http.NewRequestWithContext(%s, ...) and Do", fn.Name(), s.name, s.expr)
			}
		}
	}
}

// withContext returns the edits that give s to a call of http.NewRequest.
func withContext(call *ast.CallExpr, s source) []analysis.SuggestedFix {
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok || len(call.Args) == 0 {
		return nil
	}
	return []analysis.SuggestedFix{{
		Message: "Use http.NewRequestWithContext with " + s.expr,
		TextEdits: []analysis.TextEdit{
			{Pos: sel.Sel.Pos(), End: sel.Sel.End(), NewText: []byte("NewRequestWithContext")},
			{Pos: call.Args[0].Pos(), End: call.Args[0].Pos(), NewText: []byte(s.expr + ", ")},
		},
	}}
}

// getsContext reports whether the request that the call at c makes gets a context later: by WithContext, by Clone, or
// by a call that takes both. It is also true if the request is passed to a handler.
func (x *contexts) getsContext(c inspector.Cursor) bool {
	info := x.pass.TypesInfo
	req := assignedTo(info, c)
	for fn := range c.Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		for later := range fn.Preorder((*ast.CallExpr)(nil)) {
			call := later.Node().(*ast.CallExpr)
			switch fn := callee(info, call); {
			case fn == nil:
			case isMethod(fn, "net/http", "Request", "WithContext", "Clone"):
				if recv := receiver(call); recv == c.Node() || req != nil && variable(info, recv) == req {
					return true
				}
			case fn.Name() == "ServeHTTP", slices.ContainsFunc(call.Args, x.carries): // client.Do(ctx, req)
				if slices.ContainsFunc(call.Args, func(arg ast.Expr) bool { return req != nil && variable(info, arg) == req }) {
					return true
				}
			}
		}
		break
	}
	return false
}

// carries reports whether e is a context of an inbound request or of a caller.
func (x *contexts) carries(e ast.Expr) bool {
	return isContextLike(x.pass.TypesInfo.TypeOf(e)) && x.origin(e) >= caller
}

// assignedTo returns the first variable or field that the value of the expression at c is assigned to, or nil.
func assignedTo(info *types.Info, c inspector.Cursor) *types.Var {
	switch n := c.Parent().Node().(type) {
	case *ast.AssignStmt:
		for i, value := range n.Rhs {
			if value == c.Node() {
				return variable(info, n.Lhs[i])
			}
		}
	case *ast.ValueSpec:
		for i, value := range n.Values {
			if value == c.Node() {
				return variable(info, n.Names[i])
			}
		}
	case *ast.KeyValueExpr:
		if n.Value == c.Node() {
			return variable(info, n.Key)
		}
	case *ast.CompositeLit: // without keys
		if t, ok := info.TypeOf(n).Underlying().(*types.Struct); ok {
			for i, value := range n.Elts {
				if value == c.Node() {
					return t.Field(i)
				}
			}
		}
	case *ast.UnaryExpr, *ast.ParenExpr:
		return assignedTo(info, c.Parent())
	}
	return nil
}
