// Traceferrylint finds the lines where a Go service loses its trace headers. See package lint for what it finds.
//
//	go install github.com/traceferry/traceferry/lint/cmd/traceferrylint@latest
//	traceferrylint ./...
//	traceferrylint -fix ./...
//	go vet -vettool=$(which traceferrylint) ./...
//
// "traceferrylint help" lists the analyzers. "traceferrylint help NAME" explains one analyzer and its flags. With the flag
// -newrequest, only the analyzer newrequest runs. With -newrequest=false, all others run. -fix applies the suggested fixes.
package main

import (
	"golang.org/x/tools/go/analysis/multichecker"

	"github.com/traceferry/traceferry/lint"
)

func main() { multichecker.Main(lint.Analyzers()...) }
