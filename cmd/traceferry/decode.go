package main

import (
	"context"
	"errors"
	"fmt"
)

func decode(_ context.Context, e *env, args []string) (int, error) {
	fs := newFlags("decode")
	var in input
	fs.StringVar(&in.file, "f", "", "")
	asJSON := fs.Bool("json", false, "")
	verbose := fs.Bool("v", false, "")
	rest, err := parse(fs, args)
	if err != nil {
		return usage, err
	}
	in.args = rest

	r := newReader()
	var records, found, wrong int
	logged := false
	err = in.each(e, func(rec record) error {
		records++
		logged = logged || rec.logged
		got := r.read(rec.header)
		if len(got.Formats) == 0 {
			return nil
		}
		got.Where, got.logged = rec.where, rec.logged
		found++
		if !got.OK {
			wrong++
		}
		switch {
		case *asJSON:
			e.out.json(got)
		case rec.logged && got.OK && !*verbose:
			e.out.inOneLine(got)
		default:
			if found > 1 && !rec.logged {
				fmt.Fprintln(e.out)
			}
			e.out.reading(got)
		}
		return nil
	})
	if in.long > 0 {
		fmt.Fprintf(e.err, "traceferry: skipped %s of more than %d MiB\n", plural(in.long, "line"), maxLine>>20)
	}
	switch {
	case err != nil:
		return usage, err
	case found == 0:
		return usage, errors.New("the input has no trace header")
	}
	if logged && !*asJSON {
		fmt.Fprintf(e.out, "%s, %d with trace headers, %d with a disagreement or a problem\n", plural(records, "record"), found, wrong)
	}
	if wrong > 0 {
		return bad, nil
	}
	return good, nil
}
