package lint

import (
	"go/ast"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/inspector"
)

// GinContext reports a web framework's own context that is used as a context.Context.
var GinContext = analyzer("gincontext", `report *gin.Context and its like passed as a context.Context

A *gin.Context is a context.Context, but it does not ask the request's context unless
Engine.ContextWithFallback is set. A call with it carries no headers and is not cancelled.
gin also uses it again for later requests. The same holds for fiber.Ctx of fiber 3 and
for *fasthttp.RequestCtx.

It does not report calls of loggers and of functions with FromContext in their name, because they
read the framework's own values. It does not report calls of the program's own functions that
return no error, because most of them make no outgoing call.

It is off by default, because its share of false findings is known only for the services that shaped
its rules. The flag -on switches it on.

Set the flag -fallback if the program sets ContextWithFallback. The analyzer then reports
nothing; the analyzer goroutine still checks goroutines. Without the flag, it detects
ContextWithFallback only in the package that it checks.

The suggested fix passes the request's context. There is a fix only if the called function is in
the standard library or in grpc-go, which do not read the framework's own values.`, runGinContext)

var ginContextOn, fallback bool

func init() {
	offByDefault(GinContext, &ginContextOn)
	GinContext.Flags.BoolVar(&fallback, "fallback", false, "report nothing, because the program sets gin's Engine.ContextWithFallback")
}

func runGinContext(r *reporter) {
	if !ginContextOn || fallback || r.setsFallback() {
		return
	}
	for c := range r.root.Preorder((*ast.CallExpr)(nil), (*ast.AssignStmt)(nil), (*ast.ValueSpec)(nil), (*ast.ReturnStmt)(nil), (*ast.CompositeLit)(nil)) {
		switch n := c.Node().(type) {
		case *ast.CallExpr:
			r.ginArguments(n)
		case *ast.AssignStmt:
			if len(n.Lhs) == len(n.Rhs) {
				for i, value := range n.Rhs {
					r.gin(value, r.TypesInfo.TypeOf(n.Lhs[i]), false)
				}
			}
		case *ast.ValueSpec:
			for i, value := range n.Values {
				r.gin(value, r.TypesInfo.TypeOf(n.Names[i]), false)
			}
		case *ast.ReturnStmt:
			r.ginResults(c, n)
		case *ast.CompositeLit:
			for _, element := range n.Elts {
				if kv, ok := element.(*ast.KeyValueExpr); ok {
					if v := variable(r.TypesInfo, kv.Key); v != nil && v.IsField() {
						r.gin(kv.Value, v.Type(), false)
					}
				}
			}
		}
	}
}

func (r *reporter) ginArguments(call *ast.CallExpr) {
	if tv := r.TypesInfo.Types[call.Fun]; tv.IsType() { // a conversion
		r.gin(call.Args[0], tv.Type, false)
		return
	}
	sig, ok := r.TypesInfo.TypeOf(call.Fun).(*types.Signature)
	if fn := callee(r.TypesInfo, call); !ok || readsValues(fn) || fn != nil && r.returnsNoError(fn) {
		return
	}
	for i, arg := range call.Args {
		if i < sig.Params().Len() {
			r.gin(arg, sig.Params().At(i).Type(), ignoresKeys(callee(r.TypesInfo, call), sig))
		}
	}
}

// returnsNoError reports whether a function of the same program returns no error and no context. Such a function
// probably makes no calls that carry headers.
func (r *reporter) returnsNoError(fn *types.Func) bool {
	own, _, _ := strings.Cut(r.Pkg.Path(), "/")
	if r.Module != nil && r.Module.Path != "" {
		own = r.Module.Path
	}
	if fn.Pkg() == nil || fn.Pkg().Path() != own && !strings.HasPrefix(fn.Pkg().Path(), own+"/") || returnsContext(fn) {
		return false
	}
	for v := range fn.Signature().Results().Variables() {
		if types.Identical(v.Type(), types.Universe.Lookup("error").Type()) {
			return false
		}
	}
	return true
}

func (r *reporter) ginResults(c inspector.Cursor, n *ast.ReturnStmt) {
	for fn := range c.Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		f := r.funcs[fn.Node()]
		for i, value := range n.Results {
			if f != nil && len(n.Results) == f.sig.Results().Len() {
				r.gin(value, f.sig.Results().At(i).Type(), false)
			}
		}
		return
	}
}

// gin reports value if it is a framework's context and is converted to a context.Context.
func (r *reporter) gin(value ast.Expr, to types.Type, safe bool) {
	if to == nil || !isContext(to) {
		return
	}
	f, ok := frameworkOf(r.TypesInfo.TypeOf(value))
	if !ok || !f.context {
		return
	}
	name := types.ExprString(value)
	var fixes []analysis.SuggestedFix
	if safe && f.expr != "" {
		fixes = []analysis.SuggestedFix{{
			Message:   "Use " + name + f.expr,
			TextEdits: []analysis.TextEdit{{Pos: value.End(), End: value.End(), NewText: []byte(f.expr)}},
		}}
	}
	if f.expr == "" {
		r.report(value, fixes, "%s is not the request's context: calls with it carry no headers; extract the headers into a context", name)
		return
	}
	r.report(value, fixes, "%s is not the request's context: calls with it carry no headers; use %s%s", name, name, f.expr)
}

// ignoresKeys reports whether a callee reads no values of the framework from a context.
func ignoresKeys(fn *types.Func, sig *types.Signature) bool {
	if fn == nil || fn.Pkg() == nil {
		return false
	}
	switch fn.Pkg().Path() {
	case "net/http", "net", "database/sql", "os/exec", "log/slog", pathGRPC:
		return true
	}
	return sig.Variadic() && isNamed(sig.Params().At(sig.Params().Len()-1).Type().(*types.Slice).Elem(), pathGRPC, "CallOption")
}

// setsFallback reports whether the package sets gin's Engine.ContextWithFallback.
func (x *contexts) setsFallback() bool {
	for _, obj := range x.pass.TypesInfo.Uses {
		if v, ok := obj.(*types.Var); ok && v.IsField() && v.Name() == "ContextWithFallback" {
			return true
		}
	}
	return false
}
