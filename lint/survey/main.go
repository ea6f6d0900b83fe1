// Survey runs the analyzers of package lint over public Go services.
//
//	go run ./survey                   # all services of survey/services.txt: a line for each finding
//	go run ./survey kratos gotify     # only the services whose name contains one of the words
//	go run ./survey -wide             # the same with -bareclient.callers, -baregrpc.all and -goroutine.callees
//	go run ./survey -table            # the table of docs/diagnosis.md, from survey/findings.tsv
//
// The tool type-checks the packages of a service and their dependencies from source, so it needs no build. It prints a
// finding as the analyzer, the service, the place and the message, with tabs between them. The file survey/findings.tsv
// has the first three, and the verdict of a person who read the code: true or false, and why.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/lint"
)

func main() {
	log.SetFlags(log.Ltime)
	list := flag.String("services", "survey/services.txt", "the list of services")
	verdicts := flag.String("findings", "survey/findings.tsv", "the findings with their verdicts")
	clones := flag.String("clones", filepath.Join(os.TempDir(), "traceferrylint-clones"), "where repositories are cloned to")
	table := flag.Bool("table", false, "print the table of findings and verdicts")
	wide := flag.Bool("wide", false, "set the flags with which analyzers report more")
	flag.Parse()
	if *wide {
		widen()
	}

	services, err := read(*list)
	if err != nil {
		log.Fatal(err)
	}
	if *table {
		all, err := judged(*verdicts)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Print(tableOf(all, services))
		return
	}
	failed := false
	for _, s := range services {
		if flag.NArg() > 0 && !slices.ContainsFunc(flag.Args(), func(word string) bool { return strings.Contains(s.name, word) }) {
			continue
		}
		log.Print(s.name)
		dir, err := s.download(*clones)
		if err == nil {
			err = analyze(s.name, dir)
		}
		if err != nil {
			log.Printf("%s: %v", s.name, err)
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
}

func widen() {
	for _, err := range []error{
		lint.BareClient.Flags.Set("callers", "true"),
		lint.BareGRPC.Flags.Set("on", "true"),
		lint.BareGRPC.Flags.Set("all", "true"),
		lint.GinContext.Flags.Set("on", "true"),
		lint.Goroutine.Flags.Set("callees", "true"),
	} {
		if err != nil {
			log.Fatal(err)
		}
	}
}
