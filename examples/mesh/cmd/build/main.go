// Build builds programs that the meshes need from the Go module proxy, and puts them into
// traceferry/bin in the user's cache folder.
//
//	go run ./cmd/build         lists them
//	go run ./cmd/build caddy   builds one, or several
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/traceferry/traceferry/examples/mesh/binary"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if len(os.Args) < 2 {
		list()
		return
	}
	for _, name := range os.Args[1:] {
		began := time.Now()
		if err := binary.Build(ctx, name, os.Stderr); err != nil {
			fmt.Fprintf(os.Stderr, "build: %s: %v\n", name, err)
			os.Exit(1)
		}
		path, err := binary.Find(name)
		if err != nil {
			fmt.Fprintln(os.Stderr, "build:", err)
			os.Exit(1)
		}
		fmt.Printf("%s: %s, %.0f s\n", name, path, time.Since(began).Seconds())
	}
}

func list() {
	for _, s := range binary.Sources {
		path, err := binary.Find(s.Name)
		if err != nil {
			path = "missing; a build takes about " + s.Time
		}
		fmt.Printf("%s\t%s %s\t%s\n", s.Name, s.Package, s.Version, path)
	}
}
