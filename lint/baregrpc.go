package lint

import (
	"go/ast"
	"go/types"
	"regexp"
	"slices"

	"golang.org/x/tools/go/ast/inspector"
)

// BareGRPC reports gRPC connections that write no trace headers.
var BareGRPC = analyzer("baregrpc", `report gRPC connections without the options of grpctrace

Calls on a connection of grpc.NewClient, Dial or DialContext carry no trace headers, unless an
option writes them: grpctrace.DialOptions(p), or otelgrpc with p as its propagator.

It is off by default, because the survey of public services has too few findings to judge it. The
flag -on switches it on.

It reports a connection only in a package that serves requests, because other packages may belong
to a command or an agent. The flag -all adds those packages. It reports a connection only if it
knows all options: they are written in the call, or in variables and functions of the package. An
interceptor or a stats handler with a name that means tracing counts as one that writes headers.`, runBareGRPC)

var bareGRPCOn, allPackages bool

func init() {
	offByDefault(BareGRPC, &bareGRPCOn)
	BareGRPC.Flags.BoolVar(&allPackages, "all", false, "report also in packages that serve no requests")
}

func runBareGRPC(r *reporter) {
	if !bareGRPCOn || !allPackages && !r.serves() {
		return
	}
	options := r.dialOptions()
	for c := range r.root.Preorder((*ast.CallExpr)(nil)) {
		call := c.Node().(*ast.CallExpr)
		fn := callee(r.TypesInfo, call)
		first := 1
		switch {
		case isFunc(fn, pathGRPC, "NewClient", "Dial"):
		case isFunc(fn, pathGRPC, "DialContext"):
			first = 2
		default:
			continue
		}
		if len(call.Args) >= first && options.of(call.Args[first:]...) == writesNone {
			r.report(call, nil, "grpc.%s has no option that writes trace headers: calls on the connection carry none; add grpctrace.DialOptions(p)", fn.Name())
		}
	}
}

// serves reports whether the package serves requests: it has a handler, or starts a server.
func (x *contexts) serves() bool {
	if forProgram(x.pass.Pkg.Path()) {
		return false
	}
	for _, f := range x.funcs {
		if f.origin == inbound {
			return true
		}
	}
	for _, obj := range x.pass.TypesInfo.Uses {
		if fn, ok := obj.(*types.Func); ok && (slices.Contains([]string{"ListenAndServe", "Handle", "HandleFunc"}, fn.Name()) || isFunc(fn, pathGRPC, "NewServer")) {
			return true
		}
	}
	return false
}

// writes says whether dial options write trace headers.
type writes uint8

const (
	writesNone writes = iota
	writesUnknown
	writesHeaders
)

// dialOptions reads dial options.
type dialOptions struct {
	*contexts
	decls  map[*types.Func]inspector.Cursor
	asking map[any]bool
}

var tracing = regexp.MustCompile(`(?i)trac|otel|telemetry|propagat|carr|monitor|instrument`)

func (x *contexts) dialOptions() *dialOptions {
	o := &dialOptions{x, map[*types.Func]inspector.Cursor{}, map[any]bool{}}
	for c := range x.root.Preorder((*ast.FuncDecl)(nil)) {
		if fn, ok := x.pass.TypesInfo.Defs[c.Node().(*ast.FuncDecl).Name].(*types.Func); ok {
			o.decls[fn] = c
		}
	}
	return o
}

// of returns whether one of the options writes headers.
func (o *dialOptions) of(options ...ast.Expr) (w writes) {
	for _, e := range options {
		w = max(w, o.one(e))
	}
	return w
}

func (o *dialOptions) one(e ast.Expr) writes {
	info := o.pass.TypesInfo
	if tv := info.Types[e]; tv.IsNil() {
		return writesNone
	}
	if tracing.MatchString(types.ExprString(e)) {
		return writesHeaders
	}
	switch e := ast.Unparen(e).(type) {
	case *ast.CompositeLit:
		return o.of(e.Elts...)
	case *ast.KeyValueExpr:
		return o.one(e.Value)
	case *ast.CallExpr:
		return o.ofCall(e)
	case *ast.Ident, *ast.SelectorExpr:
		v := variable(info, e)
		if v == nil || o.params[v] != nil || v.IsField() || v.Pkg() != o.pass.Pkg {
			return writesUnknown
		}
		if o.asking[v] {
			return writesNone // opts = append(opts, ...)
		}
		o.asking[v] = true
		defer delete(o.asking, v)
		return o.of(o.values[v]...)
	case *ast.SliceExpr:
		return o.one(e.X)
	}
	return writesUnknown
}

func (o *dialOptions) ofCall(call *ast.CallExpr) writes {
	info := o.pass.TypesInfo
	if id, ok := ast.Unparen(call.Fun).(*ast.Ident); ok {
		if b, ok := info.Uses[id].(*types.Builtin); ok {
			if b.Name() == "append" {
				return o.of(call.Args...)
			}
			return writesNone // make
		}
	}
	fn := callee(info, call)
	switch {
	case fn == nil || fn.Pkg() == nil:
		return writesUnknown
	case fn.Pkg().Path() == pathGRPC:
		return writesNone
	}
	decl, ok := o.decls[fn]
	if !ok || o.asking[fn] {
		return writesUnknown
	}
	o.asking[fn] = true
	defer delete(o.asking, fn)
	w := writesNone
	for ret := range decl.Preorder((*ast.ReturnStmt)(nil)) {
		for _, result := range ret.Node().(*ast.ReturnStmt).Results {
			t := info.TypeOf(result)
			if s, ok := t.(*types.Slice); ok {
				t = s.Elem()
			}
			if isNamed(t, pathGRPC, "DialOption") {
				w = max(w, o.one(result))
			}
		}
	}
	return w
}
