package lint

import (
	"go/ast"
	"go/types"
	"path"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/tools/go/types/typeutil"
)

// Import paths that the analyzers know.
const (
	pathHTTPTrace = "github.com/traceferry/traceferry/httptrace"
	pathGRPCTrace = "github.com/traceferry/traceferry/grpctrace"
	pathPropagate = "github.com/traceferry/traceferry/propagation"
	pathGRPC      = "google.golang.org/grpc"
	pathOTelHTTP  = "go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	pathOTelGRPC  = "go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
)

// callee returns the function or method that call calls, and nil for a conversion, a builtin or a function value.
func callee(info *types.Info, call *ast.CallExpr) *types.Func {
	fn, _ := typeutil.Callee(info, call).(*types.Func)
	if fn == nil {
		return nil
	}
	return fn.Origin()
}

// isFunc reports whether fn is one of the package-level functions names of the package pkg.
func isFunc(fn *types.Func, pkg string, names ...string) bool {
	return fn != nil && fn.Pkg() != nil && fn.Pkg().Path() == pkg && fn.Signature().Recv() == nil && slices.Contains(names, fn.Name())
}

// isMethod reports whether fn is one of the methods names of pkg.typ, or of a pointer to it.
func isMethod(fn *types.Func, pkg, typ string, names ...string) bool {
	return fn != nil && fn.Signature().Recv() != nil && slices.Contains(names, fn.Name()) && isNamed(fn.Signature().Recv().Type(), pkg, typ)
}

// isNamed reports whether t is the type pkg.name or a pointer to it.
func isNamed(t types.Type, pkg, name string) bool {
	named := namedOf(t)
	return named != nil && named.Obj().Name() == name && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == pkg
}

func isContext(t types.Type) bool {
	return t != nil && !isPointer(t) && isNamed(t, "context", "Context")
}

// isContextLike reports whether t is context.Context or has its methods.
func isContextLike(t types.Type) bool {
	return isContext(t) || hasMethods(t, "Deadline", "Done", "Err", "Value")
}

func hasMethods(t types.Type, names ...string) bool {
	if t == nil {
		return false
	}
	for _, name := range names {
		obj, _, _ := types.LookupFieldOrMethod(t, true, nil, name)
		if _, ok := obj.(*types.Func); !ok {
			return false
		}
	}
	return true
}

func isRequest(t types.Type) bool {
	return t != nil && isPointer(t) && isNamed(t, "net/http", "Request")
}

func isPointer(t types.Type) bool {
	_, ok := types.Unalias(t).(*types.Pointer)
	return ok
}

// variable returns the variable or field that e names, or nil.
func variable(info *types.Info, e ast.Expr) *types.Var {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		v, _ := info.ObjectOf(e).(*types.Var)
		return v
	case *ast.SelectorExpr:
		v, _ := info.ObjectOf(e.Sel).(*types.Var)
		return v
	case *ast.UnaryExpr:
		return variable(info, e.X)
	case *ast.StarExpr:
		return variable(info, e.X)
	}
	return nil
}

// receiver returns the expression before the dot of a method call, or nil.
func receiver(call *ast.CallExpr) ast.Expr {
	if sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok {
		return sel.X
	}
	return nil
}

// major cuts a major version off an import path: x/y/v2 is x/y.
func major(pkg string) string {
	i := strings.LastIndex(pkg, "/v")
	if i < 0 || strings.Trim(pkg[i+2:], "0123456789") != "" {
		return pkg
	}
	return pkg[:i]
}

var logs = regexp.MustCompile(`(?i)^(get|with|new)?logger|^audit`)

// readsValues reports whether a function only reads values of its context, or logs with it. Such a function makes no
// calls that carry headers.
func readsValues(fn *types.Func) bool {
	if fn == nil {
		return false
	}
	if strings.Contains(fn.Name(), "FromContext") || strings.Contains(fn.Name(), "FromCtx") || logs.MatchString(fn.Name()) {
		return true
	}
	return fn.Pkg() != nil && slices.ContainsFunc([]string{"log", "slog", "logger", "logging", "zap", "zerolog", "logrus", "zlog"}, func(name string) bool {
		return path.Base(major(fn.Pkg().Path())) == name
	})
}
