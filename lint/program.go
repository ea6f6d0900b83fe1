package lint

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"
	"unicode"
)

// constructs reports, by the name of a function, whether the function sets up or runs a part of the program, or is for
// tests: NewService, InitStore, Run, MockLogin.
func constructs(fn *ast.FuncDecl) bool {
	name := fn.Name.Name
	switch strings.ToLower(name) {
	case "main", "start", "starting", "startup", "run", "running", "serve", "listenandserve", "open", "connect", "launch":
		return true
	}
	for _, prefix := range []string{"new", "init", "setup", "bootstrap", "mock", "fake"} {
		rest, ok := strings.CutPrefix(strings.ToLower(name[:1])+name[1:], prefix)
		if ok && (rest == "" || !unicode.IsLower(rune(rest[0]))) && (prefix != "new" || fn.Recv == nil) {
			return true
		}
	}
	return false
}

// forProgram reports whether a package does the program's own work, by its path: command lines and health checks.
func forProgram(pkg string) bool {
	return slices.ContainsFunc(strings.Split(pkg, "/"), func(element string) bool {
		return element == "cli" || strings.HasSuffix(element, "-cli") || strings.HasPrefix(element, "health")
	})
}

// forTests reports whether a package is for tests, by its path.
func forTests(pkg string) bool {
	return slices.ContainsFunc(strings.Split(pkg, "/"), func(element string) bool {
		return slices.ContainsFunc([]string{"test", "e2e", "integration", "mock"}, func(start string) bool { return strings.HasPrefix(element, start) })
	})
}

// isCommand reports whether a function is a command of a command line, by its parameters.
func isCommand(sig *types.Signature) bool {
	for v := range sig.Params().Variables() {
		if named := namedOf(v.Type()); named != nil && named.Obj().Pkg() != nil {
			switch major(named.Obj().Pkg().Path()) {
			case "github.com/spf13/cobra", "github.com/urfave/cli":
				return true
			}
		}
	}
	return false
}

// isRedirect reports whether a function has the signature of http.Client.CheckRedirect. Its requests are outgoing
// requests.
func isRedirect(sig *types.Signature) bool {
	if sig.Params().Len() != 2 || !isRequest(sig.Params().At(0).Type()) {
		return false
	}
	via, ok := sig.Params().At(1).Type().(*types.Slice)
	return ok && isRequest(via.Elem())
}
