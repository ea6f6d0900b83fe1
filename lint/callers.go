package lint

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ast/inspector"
)

// site is a call inside the package that passes contexts.
type site struct {
	caller ast.Node // the declaration around it
	args   []ast.Expr
}

// follow finds the origins of parameters from the calls inside the package. A parameter belongs to an inbound request
// if one call passes such a context. Otherwise it belongs to the program if all calls are known and pass contexts of
// the program.
func (x *contexts) follow() {
	sites, values := x.sites()
	for changed := true; changed; {
		changed = false
		for node, f := range x.funcs {
			if !f.fixed && f.origin != inbound && slices.Contains(x.passed(node, f, sites), inbound) {
				f.origin, changed = inbound, true
			}
		}
	}
	for changed := true; changed; {
		changed = false
		for node, f := range x.funcs {
			if f.fixed || f.origin != caller || !x.callersKnown(node, values) {
				continue
			}
			passed := x.passed(node, f, sites)
			if len(passed) > 0 && !slices.ContainsFunc(passed, func(o origin) bool { return o != program }) {
				f.origin, changed = program, true
			}
		}
	}
}

// passed returns the origins of the contexts that the calls of a function pass. If a function literal is passed to a
// call, these are the contexts that are passed with it. Its own context is derived from them, as in retry.Do(ctx,
// func(ctx context.Context) error { ... }).
func (x *contexts) passed(node ast.Node, f *function, sites map[*types.Func][]site) (origins []origin) {
	decl, ok := node.(*ast.FuncDecl)
	if !ok {
		if call, ok := f.at.Parent().Node().(*ast.CallExpr); ok {
			if o := x.passes(call.Args); o != unknown {
				return []origin{o}
			}
		}
		return nil
	}
	obj, _ := x.pass.TypesInfo.Defs[decl.Name].(*types.Func)
	for _, s := range sites[obj] {
		if s.caller != decl { // a recursive call has no information
			origins = append(origins, x.passes(s.args))
		}
	}
	return origins
}

// passes returns the origin of the contexts in args.
func (x *contexts) passes(args []ast.Expr) (o origin) {
	for _, arg := range args {
		if _, ok := contextOf(x.pass.TypesInfo.TypeOf(arg)); ok {
			o = max(o, x.origin(arg))
		}
	}
	return o
}

// callersKnown reports whether only the package calls a function. That is so for functions of packages main, and of
// packages under cmd. An exported method may be called through an interface.
func (x *contexts) callersKnown(node ast.Node, values map[*types.Func]bool) bool {
	decl, ok := node.(*ast.FuncDecl)
	if !ok {
		return true
	}
	obj, _ := x.pass.TypesInfo.Defs[decl.Name].(*types.Func)
	return obj != nil && !values[obj] && (!obj.Exported() || decl.Recv == nil && (x.pass.Pkg.Name() == "main" || slices.Contains(strings.Split(x.pass.Pkg.Path(), "/"), "cmd")))
}

// sites returns the calls of each function of the package, and the functions that are used as values.
func (x *contexts) sites() (calls map[*types.Func][]site, values map[*types.Func]bool) {
	info := x.pass.TypesInfo
	calls, values = map[*types.Func][]site{}, map[*types.Func]bool{}
	called := map[*ast.Ident]bool{}
	for c := range x.root.Preorder((*ast.CallExpr)(nil)) {
		call := c.Node().(*ast.CallExpr)
		fn := callee(info, call)
		if fn == nil || fn.Pkg() != x.pass.Pkg {
			continue
		}
		switch fun := ast.Unparen(call.Fun).(type) {
		case *ast.Ident:
			called[fun] = true
		case *ast.SelectorExpr:
			called[fun.Sel] = true
		}
		if slices.ContainsFunc(call.Args, func(arg ast.Expr) bool { _, ok := contextOf(info.TypeOf(arg)); return ok }) {
			calls[fn] = append(calls[fn], site{declaration(c), call.Args})
		}
	}
	for id, obj := range info.Uses {
		if fn, ok := obj.(*types.Func); ok && !called[id] {
			values[fn] = true
		}
	}
	return calls, values
}

func declaration(c inspector.Cursor) ast.Node {
	for decl := range c.Enclosing((*ast.FuncDecl)(nil)) {
		return decl.Node()
	}
	return nil
}

// loops reports whether a function loops until a context is done, like the background work of a program.
func loops(fn inspector.Cursor) bool {
	for c := range fn.Preorder((*ast.CommClause)(nil)) {
		clause := c.Node().(*ast.CommClause)
		if !isDone(clause.Comm) {
			continue
		}
		for around := range c.Enclosing((*ast.ForStmt)(nil), (*ast.FuncLit)(nil), (*ast.FuncDecl)(nil)) {
			if _, ok := around.Node().(*ast.ForStmt); ok {
				return true
			}
			break
		}
	}
	return false
}

// isDone reports whether a statement receives from the Done channel of something.
func isDone(s ast.Stmt) bool {
	e, ok := s.(*ast.ExprStmt)
	if !ok {
		return false
	}
	recv, ok := ast.Unparen(e.X).(*ast.UnaryExpr)
	if !ok || recv.Op != token.ARROW {
		return false
	}
	call, ok := ast.Unparen(recv.X).(*ast.CallExpr)
	if !ok {
		return false
	}
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	return ok && sel.Sel.Name == "Done"
}
