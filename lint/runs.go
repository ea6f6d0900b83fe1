package lint

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
)

// run says when a function literal runs.
type run uint8

const (
	runsInside   run = iota // while the function around it runs
	runsUnknown             // perhaps later
	runsDetached            // later, or the function does not wait for it
)

// runs returns when the function literal lit runs.
func (x *contexts) runs(lit inspector.Cursor) run {
	if _, ok := lit.Node().(*ast.FuncLit); !ok {
		return runsDetached // a declared function has no function around it
	}
	switch kind, _ := lit.ParentEdge(); kind {
	case edge.CallExpr_Fun:
		if goStmt := lit.Parent().Parent(); isGo(goStmt) && !x.waits(goStmt) {
			return runsDetached
		}
		return runsInside
	case edge.CallExpr_Args:
		return x.runsAsArgument(lit.Parent())
	case edge.AssignStmt_Rhs, edge.ValueSpec_Values:
		return runsUnknown
	}
	return runsDetached
}

func (x *contexts) runsAsArgument(call inspector.Cursor) run {
	if isGo(call.Parent()) {
		if x.waits(call.Parent()) {
			return runsInside
		}
		return runsDetached
	}
	switch fn := callee(x.pass.TypesInfo, call.Node().(*ast.CallExpr)); {
	case fn == nil:
		return runsUnknown
	case isMethod(fn, "golang.org/x/sync/errgroup", "Group", "Go", "TryGo"), isMethod(fn, "sync", "WaitGroup", "Go"):
		if x.waits(call) {
			return runsInside
		}
		return runsDetached
	case isMethod(fn, "sync", "Once", "Do"), fn.Pkg() != nil && (fn.Pkg().Path() == "slices" || fn.Pkg().Path() == "sort"):
		return runsInside
	case isFunc(fn, "time", "AfterFunc"), isFunc(fn, "context", "AfterFunc"), isFunc(fn, "runtime", "SetFinalizer", "AddCleanup"):
		return runsDetached
	}
	return runsUnknown
}

func isGo(c inspector.Cursor) bool {
	_, ok := c.Node().(*ast.GoStmt)
	return ok
}

// waits reports whether the function around a goroutine waits for something after it starts the goroutine. It is also
// true if the function returns something to its caller to wait for.
func (x *contexts) waits(start inspector.Cursor) bool {
	for fn := range start.Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		f := x.funcs[fn.Node()]
		if f == nil {
			return false
		}
		for v := range f.sig.Results().Variables() {
			if _, ok := v.Type().Underlying().(*types.Chan); ok {
				return true
			}
		}
		found := false
		fn.Inspect([]ast.Node{(*ast.FuncLit)(nil), (*ast.CallExpr)(nil), (*ast.UnaryExpr)(nil), (*ast.RangeStmt)(nil)}, func(c inspector.Cursor) bool {
			n := c.Node()
			if _, ok := n.(*ast.FuncLit); ok && n != fn.Node() {
				return isDeferred(c)
			}
			// A loop may start the goroutine, and wait for an earlier one in a line before.
			if n.End() < start.Node().Pos() && !sameLoop(c, start) && !isDeferred(c) {
				return true
			}
			found = found || x.waitsHere(n)
			return !found
		})
		return found
	}
	return false
}

func (x *contexts) waitsHere(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.CallExpr:
		sel, ok := ast.Unparen(n.Fun).(*ast.SelectorExpr)
		return ok && sel.Sel.Name == "Wait"
	case *ast.UnaryExpr: // a receive from a channel that does not belong to a context
		return n.Op == token.ARROW && !isDone(&ast.ExprStmt{X: n})
	case *ast.RangeStmt:
		t := x.pass.TypesInfo.TypeOf(n.X)
		if t == nil {
			return false
		}
		_, ok := t.Underlying().(*types.Chan)
		return ok
	}
	return false
}

// isDeferred reports whether c is a deferred call of the function around it, or is inside of one.
func isDeferred(c inspector.Cursor) bool {
	for around := range c.Enclosing((*ast.DeferStmt)(nil), (*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		switch around.Node().(type) {
		case *ast.DeferStmt:
			return true
		case *ast.FuncLit:
			_, deferred := around.Parent().Parent().Node().(*ast.DeferStmt)
			return deferred
		}
		return false
	}
	return false
}

func sameLoop(a, b inspector.Cursor) bool {
	for around := range b.Enclosing((*ast.ForStmt)(nil), (*ast.RangeStmt)(nil), (*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		switch around.Node().(type) {
		case *ast.ForStmt, *ast.RangeStmt:
			if around.Contains(a) {
				return true
			}
			continue
		}
		return false
	}
	return false
}
