// Build builds programs that the meshes need from the Go module proxy, and puts them into
// traceferry/bin in the user's cache folder.
//
//	go run ./cmd/build                lists them
//	go run ./cmd/build caddy          builds one, or several
//	go run ./cmd/build -missing caddy builds those that are missing
//	go run ./cmd/build -have caddy    builds none, and exits with 1 if one is missing
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/traceferry/traceferry/examples/mesh/binary"
)

func main() {
	have := flag.Bool("have", false, "build nothing; exit with 1 if a program is missing")
	missing := flag.Bool("missing", false, "build only programs that are missing")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := 0
	if flag.NArg() == 0 {
		list()
	}
	for _, name := range flag.Args() {
		if _, err := binary.Find(name); *have || *missing && err == nil {
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				code = 1
			}
			continue
		}
		if err := build(ctx, name); err != nil {
			fmt.Fprintf(os.Stderr, "build: %s: %v\n", name, err)
			code = 1
			break
		}
	}
	stop()
	os.Exit(code)
}

func build(ctx context.Context, name string) error {
	began := time.Now()
	if err := binary.Build(ctx, name, os.Stderr); err != nil {
		return err
	}
	path, err := binary.Find(name)
	if err == nil {
		fmt.Printf("%s: %s, %.0f s\n", name, path, time.Since(began).Seconds())
	}
	return err
}

func list() {
	for _, s := range binary.Sources {
		path, err := binary.Find(s.Name)
		if err != nil {
			path = "missing; a build takes " + s.Time + " of one processor"
		}
		fmt.Printf("%s\t%s %s\t%s\n", s.Name, s.Package, s.Version, path)
	}
}
