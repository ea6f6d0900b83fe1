package lint

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/ast/inspector"
)

// BareClient reports HTTP clients that write no trace headers, in places where a context is at hand.
var BareClient = analyzer("bareclient", `report HTTP clients without a transport that writes trace headers

It reports http.Get, http.Head, http.Post, http.PostForm and http.DefaultClient where an
inbound request's context is at hand. It also reports an http.Client without a Transport, or
with a Transport of net/http, if the client is made or used where such a context is at hand. It
follows a client that is kept in a variable or a field of the package.

The flag -callers adds places where the context may belong to an inbound request, as in a
function of another layer with a parameter ctx. More of these findings are false, because
agents, commands and jobs have such functions, too.

It does not report a Transport of any other type, or http.DefaultTransport in a package that
replaces it.`, runBareClient)

var callers bool

func init() {
	BareClient.Flags.BoolVar(&callers, "callers", false, "report also where the context may belong to an inbound request")
}

// serving returns the context that is at hand at c. It must belong to an inbound request, or, with the flag, possibly
// belong to one.
func (x *contexts) serving(c inspector.Cursor) (source, bool) {
	s, ok := x.at(c)
	return s, ok && (callers || s.origin == inbound)
}

func runBareClient(r *reporter) {
	if r.replacesDefault() {
		return
	}
	uses := r.clientUses()
	for c := range r.root.Preorder((*ast.CallExpr)(nil), (*ast.SelectorExpr)(nil), (*ast.CompositeLit)(nil), (*ast.ValueSpec)(nil)) {
		switch n := c.Node().(type) {
		case *ast.CallExpr:
			if fn := callee(r.TypesInfo, n); isFunc(fn, "net/http", "Get", "Head", "Post", "PostForm") {
				if s, ok := r.serving(c); ok {
					r.report(n, nil, "http.%s sends no headers of the request in %s: it takes no context, and its client has no traceferry; "+
						"use a client with httptrace.NewTransport and http.NewRequestWithContext(%s, ...)", fn.Name(), s.name, s.expr)
				}
			} else if id, ok := n.Fun.(*ast.Ident); ok && id.Name == "new" && len(n.Args) == 1 && isNamed(r.TypesInfo.TypeOf(n), "net/http", "Client") {
				r.bare(c, n, uses, "new(http.Client)")
			}
		case *ast.SelectorExpr:
			if isDefaultClient(r.TypesInfo, n) {
				r.bare(c, n, uses, "http.DefaultClient")
			}
		case *ast.CompositeLit:
			if isNamed(r.TypesInfo.TypeOf(n), "net/http", "Client") && r.writesNothing(n) {
				r.bare(c, n, uses, "http.Client")
			}
		case *ast.ValueSpec: // var client http.Client
			if n.Type != nil && len(n.Values) == 0 && types.ExprString(n.Type) != "*http.Client" && isNamed(r.TypesInfo.TypeOf(n.Type), "net/http", "Client") {
				if _, pointer := r.TypesInfo.TypeOf(n.Type).(*types.Pointer); !pointer {
					r.bare(c, n, uses, "http.Client")
				}
			}
		}
	}
}

// bare reports the client at c if it is made or used in a place where a context is at hand.
func (r *reporter) bare(c inspector.Cursor, n ast.Node, uses map[types.Object]source, what string) {
	holder := r.holder(c)
	if holder != nil && r.transportSet(holder) {
		return
	}
	s, ok := r.serving(c)
	if !ok && holder != nil {
		s, ok = uses[holder]
	}
	if ok {
		r.report(n, nil, "%s has no transport that writes trace headers: calls carry no headers of the request in %s; use httptrace.NewTransport", what, s.name)
	}
}

// isDefaultClient reports whether e is http.DefaultClient.
func isDefaultClient(info *types.Info, e ast.Expr) bool {
	sel, ok := e.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	obj := info.Uses[sel.Sel]
	return obj != nil && obj.Name() == "DefaultClient" && obj.Pkg() != nil && obj.Pkg().Path() == "net/http"
}

// writesNothing reports whether a literal of http.Client has a transport that is known to write no trace headers.
func (x *contexts) writesNothing(client *ast.CompositeLit) bool {
	for _, element := range client.Elts {
		if kv, ok := element.(*ast.KeyValueExpr); !ok {
			return false // a literal without keys
		} else if key, ok := kv.Key.(*ast.Ident); ok && key.Name == "Transport" {
			return x.plainTransport(kv.Value, 0)
		}
	}
	return true
}

// plainTransport reports whether a transport is one of net/http's own.
func (x *contexts) plainTransport(e ast.Expr, depth int) bool {
	info := x.pass.TypesInfo
	if tv := info.Types[e]; tv.IsNil() || isNamed(tv.Type, "net/http", "Transport") || isNamed(tv.Type, "golang.org/x/net/http2", "Transport") {
		return true
	}
	v := variable(info, e)
	if v == nil || depth > 3 {
		return false
	}
	if v.Name() == "DefaultTransport" && v.Pkg().Path() == "net/http" {
		return true
	}
	values := x.values[v]
	for _, value := range values {
		if !x.plainTransport(value, depth+1) {
			return false
		}
	}
	return len(values) > 0
}

// holder returns the variable or field that keeps the client at c, or the function that returns it, or nil.
func (x *contexts) holder(c inspector.Cursor) types.Object {
	if spec, ok := c.Node().(*ast.ValueSpec); ok {
		return x.pass.TypesInfo.Defs[spec.Names[0]]
	}
	if v := assignedTo(x.pass.TypesInfo, c); v != nil {
		return v
	}
	at := c.Parent()
	if _, ok := at.Node().(*ast.UnaryExpr); ok {
		at = at.Parent()
	}
	if _, ok := at.Node().(*ast.ReturnStmt); ok {
		if decl, ok := declaration(at).(*ast.FuncDecl); ok {
			return x.pass.TypesInfo.Defs[decl.Name]
		}
	}
	return nil
}

// clientUses returns the variables, fields and functions whose client makes calls in places where a context is at hand.
// It also returns the context of the first such call. If a holder's client is assigned to another holder, the uses of
// that holder count, too.
func (x *contexts) clientUses() map[types.Object]source {
	info := x.pass.TypesInfo
	uses := map[types.Object]source{}
	from := map[types.Object][]types.Object{} // holder -> the holders that its client comes from
	held := func(e ast.Expr) types.Object {
		if call, ok := ast.Unparen(e).(*ast.CallExpr); ok {
			if fn := callee(info, call); fn != nil {
				return fn
			}
			return nil
		}
		if v := variable(info, e); v != nil {
			return v
		}
		return nil
	}
	for c := range x.root.Preorder((*ast.CallExpr)(nil), (*ast.Ident)(nil), (*ast.SelectorExpr)(nil)) {
		if call, ok := c.Node().(*ast.CallExpr); ok && isMethod(callee(info, call), "net/http", "Client", "Do", "Get", "Head", "Post", "PostForm") {
			holder := held(receiver(call))
			if s, ok := x.serving(c); ok && holder != nil {
				if _, known := uses[holder]; !known {
					uses[holder] = s
				}
			}
		}
		e := c.Node().(ast.Expr)
		if !isNamed(info.TypeOf(e), "net/http", "Client") {
			continue
		}
		if to, of := x.holder(c), held(e); to != nil && of != nil && to != of {
			from[to] = append(from[to], of)
		}
	}
	for changed := true; changed; {
		changed = false
		for to, origins := range from {
			for _, of := range origins {
				if _, known := uses[of]; !known && uses[to].expr != "" {
					uses[of], changed = uses[to], true
				}
			}
		}
	}
	return uses
}

// transportSet reports whether the package sets the Transport of the client in holder.
func (x *contexts) transportSet(holder types.Object) bool {
	for c := range x.root.Preorder((*ast.AssignStmt)(nil)) {
		for _, left := range c.Node().(*ast.AssignStmt).Lhs {
			if sel, ok := left.(*ast.SelectorExpr); ok && sel.Sel.Name == "Transport" {
				if v := variable(x.pass.TypesInfo, sel.X); v != nil && v == holder {
					return true
				}
			}
		}
	}
	return false
}

// replacesDefault reports whether the package replaces http.DefaultTransport or the transport of http.DefaultClient.
func (x *contexts) replacesDefault() bool {
	for c := range x.root.Preorder((*ast.AssignStmt)(nil)) {
		for _, left := range c.Node().(*ast.AssignStmt).Lhs {
			sel, ok := left.(*ast.SelectorExpr)
			if !ok {
				continue
			}
			if v := variable(x.pass.TypesInfo, sel); v != nil && v.Pkg() != nil && v.Pkg().Path() == "net/http" &&
				(v.Name() == "DefaultTransport" || v.Name() == "DefaultClient" || v.Name() == "Transport" && isDefaultClient(x.pass.TypesInfo, sel.X)) {
				return true
			}
		}
	}
	return false
}
