package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/traceferry/traceferry/lint"
)

// finding is a line of findings.tsv.
type finding struct {
	analyzer, service string // with the flag that the finding needs, if any: goroutine.callees
	wrong             bool   // the finding is wrong: the code loses no headers
}

// judged reads findings with the verdicts of a person.
func judged(file string) (all []finding, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(fields) != 5 || fields[3] != "true" && fields[3] != "false" || fields[4] == "" {
			return nil, fmt.Errorf("%s:%d: want an analyzer, a service, a place, true or false, and a reason", file, number)
		}
		all = append(all, finding{fields[0], fields[1], fields[3] == "false"})
	}
	return all, nil
}

// count is the number of an analyzer's findings, and the number of wrong findings.
type count struct{ findings, wrong int }

// counts counts the findings of each analyzer in one service, or in all services if it is "".
func counts(all []finding, service string) map[string]count {
	counts := map[string]count{}
	for _, f := range all {
		if service == "" || f.service == service {
			c := counts[f.analyzer]
			c.findings++
			if f.wrong {
				c.wrong++
			}
			counts[f.analyzer] = c
		}
	}
	return counts
}

// columns returns the analyzers. Each one is followed by its flags that add findings.
func columns(all []finding) (names []string) {
	for _, a := range lint.Analyzers() {
		names = append(names, a.Name)
		for name := range counts(all, "") {
			if strings.HasPrefix(name, a.Name+".") {
				names = append(names, name)
			}
		}
	}
	return names
}

// tableOf returns the table of all findings, with a row for each service and a column for each analyzer. The line after
// the table names the services without findings.
func tableOf(all []finding, services []service) string {
	names := columns(all)
	var table strings.Builder
	row := func(name string, counts map[string]count, cell func(count) string) {
		table.WriteString("| " + name + " |")
		for _, analyzer := range names {
			table.WriteString(" " + cell(counts[analyzer]) + " |")
		}
		table.WriteString("\n")
	}
	table.WriteString("| Service | " + strings.Join(names, " | ") + " |\n|---|" + strings.Repeat("--:|", len(names)) + "\n")
	var none []string
	for _, s := range services {
		if c := counts(all, s.name); len(c) > 0 {
			row(s.name, c, number)
		} else {
			none = append(none, s.name)
		}
	}
	row("**all**", counts(all, ""), number)
	row("**false**", counts(all, ""), share)
	if len(none) > 0 {
		table.WriteString("\nNo findings in: " + strings.Join(none, ", ") + ".\n")
	}
	return table.String()
}

func number(c count) string {
	switch {
	case c.findings == 0:
		return ""
	case c.wrong == 0:
		return fmt.Sprint(c.findings)
	}
	return fmt.Sprintf("%d (%d false)", c.findings, c.wrong)
}

func share(c count) string {
	if c.findings == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f %%", 100*float64(c.wrong)/float64(c.findings))
}
