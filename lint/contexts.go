package lint

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"
)

// contextsAnalyzer finds the context that is at hand at each place of a package. The other analyzers require it.
var contextsAnalyzer = &analysis.Analyzer{
	Name:       "ferrycontexts",
	Doc:        "tells what context is at hand at each place, for the other analyzers",
	Requires:   []*analysis.Analyzer{inspect.Analyzer},
	ResultType: reflect.TypeFor[*contexts](),
	Run: func(pass *analysis.Pass) (any, error) {
		x := &contexts{
			pass:   pass,
			root:   pass.ResultOf[inspect.Analyzer].(*inspector.Inspector).Root(),
			values: map[*types.Var][]ast.Expr{},
			params: map[*types.Var]*function{},
			funcs:  map[ast.Node]*function{},
		}
		x.collect()
		x.follow()
		x.settle()
		x.findDirectives()
		return x, nil
	},
}

// contexts is the result of contextsAnalyzer.
type contexts struct {
	pass     *analysis.Pass
	root     inspector.Cursor
	values   map[*types.Var][]ast.Expr   // the values assigned to each variable that is not a field
	params   map[*types.Var]*function    // the function of each parameter and receiver
	funcs    map[ast.Node]*function      // by *ast.FuncDecl and *ast.FuncLit
	origins  map[*types.Var]origin       // of the variables in values and params; set at the end
	silenced map[string]map[int][]string // by file and line: the analyzers that a comment silences there
}

// function is a function of the package, declared or literal.
type function struct {
	at     inspector.Cursor
	typ    *ast.FuncType
	sig    *types.Signature
	origin origin // of its parameters
	fixed  bool   // the function itself determines the origin
}

// settle computes the origins of all variables. From then on the contexts do not change, so that analyzers may share them.
func (x *contexts) settle() {
	origins := map[*types.Var]origin{}
	for v := range x.params {
		origins[v] = x.originOf(v, nil)
	}
	for v := range x.values {
		origins[v] = x.originOf(v, nil)
	}
	x.origins = origins
}

// source is a context that code at one place can use.
type source struct {
	expr   string // Go source for the context: ctx, r.Context()
	name   string // the variable in it
	origin origin
}

// collect finds the functions of the package and the values of its variables.
func (x *contexts) collect() {
	info := x.pass.TypesInfo
	for c := range x.root.Preorder((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil), (*ast.AssignStmt)(nil), (*ast.ValueSpec)(nil)) {
		switch n := c.Node().(type) {
		case *ast.FuncDecl:
			if obj, ok := info.Defs[n.Name].(*types.Func); ok {
				x.add(&function{at: c, typ: n.Type, sig: obj.Signature()})
			}
		case *ast.FuncLit:
			if sig, ok := info.TypeOf(n).(*types.Signature); ok {
				x.add(&function{at: c, typ: n.Type, sig: sig})
			}
		case *ast.AssignStmt:
			x.assign(n.Lhs, n.Rhs)
		case *ast.ValueSpec:
			names := make([]ast.Expr, len(n.Names))
			for i, name := range n.Names {
				names[i] = name
			}
			x.assign(names, n.Values)
		}
	}
}

func (x *contexts) add(f *function) {
	x.funcs[f.at.Node()] = f
	if call, ok := f.at.Parent().Node().(*ast.CallExpr); ok && call.Fun == f.at.Node() && len(call.Args) == f.sig.Params().Len() {
		// func(ctx context.Context) { ... }(ctx): the parameters are variables that get the arguments.
		for i, arg := range call.Args {
			v := f.sig.Params().At(i)
			x.values[v] = append(x.values[v], arg)
		}
		return
	}
	for v := range f.sig.Params().Variables() {
		x.params[v] = f
	}
	if recv := f.sig.Recv(); recv != nil && (ownContext(recv.Type()) || isServerStream(recv.Type())) {
		x.params[recv] = f
		f.origin, f.fixed = inbound, true
		return
	}
	switch {
	case isInbound(f.sig):
		f.origin, f.fixed = inbound, true
	case isCommand(f.sig), isRedirect(f.sig), loops(f.at):
		f.origin, f.fixed = program, true
	default:
		f.origin = caller
		if decl, ok := f.at.Node().(*ast.FuncDecl); ok && constructs(decl) || forProgram(x.pass.Pkg.Path()) {
			f.origin = program // unless a handler in the package calls it
		}
	}
}

func (x *contexts) assign(names, values []ast.Expr) {
	for i, name := range names {
		v := variable(x.pass.TypesInfo, name)
		switch {
		case v == nil || v.IsField():
		case len(values) == len(names):
			x.values[v] = append(x.values[v], values[i])
		case len(values) == 1:
			x.values[v] = append(x.values[v], values[0])
		}
	}
}

// at returns the context that is at hand at c, the best one to use if there are several.
func (x *contexts) at(c inspector.Cursor) (s source, ok bool) {
	pos := c.Node().Pos()
	scope := x.pass.Pkg.Scope().Innermost(pos)
	mayRunLater := false
	for fn := range c.Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		f := x.funcs[fn.Node()]
		if f == nil {
			return source{}, false
		}
		end := x.pass.TypesInfo.Scopes[f.typ]
		for ; scope != nil; scope = scope.Parent() {
			if s = better(s, x.best(scope, pos)); scope == end {
				scope = scope.Parent()
				break
			}
		}
		if s.origin == inbound || s.origin == caller && !mayRunLater {
			return s, true
		}
		if s.origin == program {
			return source{}, false
		}
		switch x.runs(fn) {
		case runsDetached:
			return source{}, false
		case runsUnknown:
			mayRunLater = true
		}
	}
	return source{}, false
}

// best returns the best context that scope itself declares and that is visible at pos.
func (x *contexts) best(scope *types.Scope, pos token.Pos) (best source) {
	var at token.Pos
	for _, name := range scope.Names() {
		v, ok := scope.Lookup(name).(*types.Var)
		if !ok || name == "_" || x.params[v] == nil && x.values[v] == nil {
			continue
		}
		expr, ok := contextOf(v.Type())
		if !ok {
			continue
		}
		// The variable may be declared later, or a later declaration may hide it.
		if _, visible := x.pass.Pkg.Scope().Innermost(pos).LookupParent(name, pos); visible != v {
			continue
		}
		s := source{name + expr, name, x.origins[v]}
		if b := better(best, s); b == s && (b != best || v.Pos() > at) {
			best, at = s, v.Pos()
		}
	}
	return best
}

// better returns b if it is nearer to a request than a. It also returns b if b is a context, and a only has one.
func better(a, b source) source {
	if b.origin > a.origin || b.origin == a.origin && b.expr == b.name && a.expr != a.name {
		return b
	}
	return a
}
