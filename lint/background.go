package lint

import (
	"go/ast"
	"go/token"
	"go/types"
	"regexp"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
)

// Background reports new root contexts in places where a context is at hand.
var Background = analyzer("background", `report context.Background and context.TODO where a context is at hand

A call with a new root context carries no headers of the request that it is made for.
If the call must not end with the request, use context.WithoutCancel or
propagation.Copy: both keep the headers.

It does not report work that is detached on purpose: goroutines for which the function does
not wait, deferred calls, code that runs after a context is done, shutdown, contexts that are
stored in a field, and the first argument of propagation.Copy and Extract. It does not report
a root context for a part of the program that the function starts, for a logger, or for a
request that is not sent.

A comment on the line of a root context, or right before it, silences the report if it has
"context.Background" or "background context", or a word with cancel, detach, outliv or
independent.

The suggested fix for Background is context.WithoutCancel(ctx), which keeps the headers and
does not end with the request. The suggested fix for TODO is ctx.`, runBackground)

func runBackground(r *reporter) {
	for c := range r.root.Preorder((*ast.CallExpr)(nil)) {
		call := c.Node().(*ast.CallExpr)
		fn := callee(r.TypesInfo, call)
		if !isFunc(fn, "context", "Background", "TODO") || r.detached(c) {
			continue
		}
		if s, ok := r.at(c); ok {
			r.report(call, insteadOf(call, fn, s), "context.%s drops the headers of the request in %s; use %s, or context.WithoutCancel(%s) for work that must not end with it",
				fn.Name(), s.name, s.expr, s.expr)
		}
	}
}

// insteadOf returns the fixes for a call of Background or TODO. The first one is the fix that tools apply.
func insteadOf(call *ast.CallExpr, fn *types.Func, s source) []analysis.SuggestedFix {
	replace := func(with string) analysis.SuggestedFix {
		return analysis.SuggestedFix{
			Message:   "Use " + with,
			TextEdits: []analysis.TextEdit{{Pos: call.Pos(), End: call.End(), NewText: []byte(with)}},
		}
	}
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok || fn.Name() == "TODO" {
		return []analysis.SuggestedFix{replace(s.expr)}
	}
	return []analysis.SuggestedFix{replace(types.ExprString(sel.X) + ".WithoutCancel(" + s.expr + ")"), replace(s.expr)}
}

// detached reports whether the root context at c is detached on purpose.
func (x *contexts) detached(c inspector.Cursor) bool {
	if isDeferred(c) || x.inGo(c) || x.afterDone(c) || x.withoutContext(c) {
		return true
	}
	if decl, ok := declaration(c).(*ast.FuncDecl); ok && ending.MatchString(decl.Name.Name) {
		return true
	}
	kind, _ := c.ParentEdge()
	switch kind {
	case edge.CallExpr_Args:
		if x.keepsOnPurpose(c.Parent(), c.Node()) {
			return true
		}
		if fn := callee(x.pass.TypesInfo, c.Parent().Node().(*ast.CallExpr)); fn != nil && fn.Pkg() != nil && fn.Pkg().Path() == "context" {
			return x.detached(c.Parent()) // context.WithTimeout(context.Background(), d)
		}
	case edge.BinaryExpr_X, edge.BinaryExpr_Y: // ctx == context.Background()
		return true
	case edge.KeyValueExpr_Value, edge.CompositeLit_Elts:
		return true
	case edge.AssignStmt_Rhs, edge.ValueSpec_Values:
		v := assignedTo(x.pass.TypesInfo, c)
		if v == nil {
			return true
		}
		return v.IsField() || v.Parent() == v.Pkg().Scope() || x.onlyDetached(c, v)
	}
	return false
}

var ending = regexp.MustCompile(`(?i)shutdown|stop|close|disconnect|rollback|unlock|release|cleanup|teardown|flush|drain|cancel`)

var starting = regexp.MustCompile(`^(Start|Run|Serve|Launch)(Async|Background|$)`)

func returnsContext(fn *types.Func) bool {
	for v := range fn.Signature().Results().Variables() {
		if isContextLike(v.Type()) {
			return true
		}
	}
	return false
}

// keepsOnPurpose reports whether a call takes a root context for a good reason.
func (x *contexts) keepsOnPurpose(call inspector.Cursor, root ast.Node) bool {
	n := call.Node().(*ast.CallExpr)
	fn := callee(x.pass.TypesInfo, n)
	if fn == nil {
		return false
	}
	if ending.MatchString(fn.Name()) || starting.MatchString(fn.Name()) && !returnsContext(fn) || readsValues(fn) || strings.HasPrefix(fn.Name(), "Extract") || isFunc(fn, "os/signal", "NotifyContext") || isFunc(fn, pathPropagate, "Copy") {
		return true
	}
	if isMethod(fn, "net/http", "Request", "Clone", "WithContext") && !x.isSent(call) {
		return true // such as a request that a router matches
	}
	if fn.Pkg() != nil && (fn.Pkg().Path() == "go.opentelemetry.io/otel/trace" || fn.Pkg().Path() == "go.opentelemetry.io/otel/baggage") {
		return true // trace.ContextWithSpan(context.Background(), span)
	}
	for _, arg := range n.Args { // f(context.Background(), ctx)
		if arg != root && x.carries(arg) {
			return true
		}
	}
	return false
}

// isSent reports whether the request that the call at c returns is passed to Do or RoundTrip.
func (x *contexts) isSent(c inspector.Cursor) bool {
	if outer, ok := c.Parent().Node().(*ast.CallExpr); ok {
		return sends(callee(x.pass.TypesInfo, outer))
	}
	v := assignedTo(x.pass.TypesInfo, c)
	for decl := range c.Enclosing((*ast.FuncDecl)(nil)) {
		return v != nil && x.sentIn(decl, v)
	}
	return false
}

// onlyDetached reports whether each use of the variable v, which holds a root context, is detached or ends something.
func (x *contexts) onlyDetached(c inspector.Cursor, v *types.Var) bool {
	uses := 0
	for fn := range c.Enclosing((*ast.FuncDecl)(nil)) {
		for id := range fn.Preorder((*ast.Ident)(nil)) {
			if x.pass.TypesInfo.Uses[id.Node().(*ast.Ident)] != v {
				continue
			}
			uses++
			if _, atHand := x.at(id); atHand && !x.detached(id) {
				return false
			}
		}
	}
	return uses > 0
}

// inGo reports whether c is in the call of a go statement, and the function does not wait for it.
func (x *contexts) inGo(c inspector.Cursor) bool {
	for around := range c.Enclosing((*ast.GoStmt)(nil), (*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		return isGo(around) && !x.waits(around)
	}
	return false
}

// afterDone reports whether the code at c runs after a context is done.
func (x *contexts) afterDone(c inspector.Cursor) bool {
	for clause := range c.Enclosing((*ast.CommClause)(nil)) {
		if isDone(clause.Node().(*ast.CommClause).Comm) {
			return true
		}
	}
	for fn := range c.Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		for s := range fn.Preorder((*ast.ExprStmt)(nil)) {
			if s.Node().End() < c.Node().Pos() && isDone(s.Node().(*ast.ExprStmt)) {
				if _, inSelect := s.Parent().Node().(*ast.CommClause); !inSelect {
					return true
				}
			}
		}
		return false
	}
	return false
}

// withoutContext reports whether the code at c runs only if the caller gave no context: if ctx == nil.
func (x *contexts) withoutContext(c inspector.Cursor) bool {
	for around := range c.Enclosing((*ast.IfStmt)(nil)) {
		cond, ok := around.Node().(*ast.IfStmt).Cond.(*ast.BinaryExpr)
		if !ok || cond.Op != token.EQL && cond.Op != token.NEQ {
			continue
		}
		for _, side := range []ast.Expr{cond.X, cond.Y} {
			if t := x.pass.TypesInfo.TypeOf(side); t != nil && (isContextLike(t) || isRequest(t)) {
				return true
			}
		}
	}
	return false
}
