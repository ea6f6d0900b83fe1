package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// run is the program without its process. It returns the exit status. An interrupt ends echo and doctor.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return runContext(ctx, args, stdin, stdout, stderr)
}

// The exit statuses.
const (
	good  = 0 // done, and nothing is wrong with the headers
	bad   = 1 // done, and something is wrong with the headers
	usage = 2 // not done: wrong arguments, or an input or a server that cannot be read
)

// command is a subcommand.
type command struct {
	name string
	help string
	run  func(context.Context, *env, []string) (status int, err error)
}

var commands = []command{
	{"decode", decodeHelp, decode},
	{"explain", explainHelp, explain},
	{"doctor", doctorHelp, doctor},
	{"echo", echoHelp, echo},
}

// env is what a command reads and writes.
type env struct {
	stdin    io.Reader
	out, err *printer
}

// usageError is a mistake in the arguments.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func runContext(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	e := &env{stdin, newPrinter(stdout), newPrinter(stderr)}
	status, err := e.dispatch(ctx, args)
	if flushed := e.out.Flush(); err == nil {
		err = flushed
	}
	if err != nil {
		fmt.Fprintln(e.err, "traceferry:", err)
		status = usage
	}
	if errors.As(err, new(usageError)) {
		fmt.Fprintln(e.err, strings.TrimSpace("Help: traceferry help "+commandOf(args).name))
	}
	e.err.Flush()
	return status
}

func (e *env) dispatch(ctx context.Context, args []string) (int, error) {
	if len(args) == 0 {
		fmt.Fprint(e.err, mainHelp)
		return usage, nil
	}
	asked := false
	switch args[0] {
	case "help", "-h", "-help", "--help":
		if asked = true; len(args) == 1 {
			fmt.Fprint(e.out, mainHelp)
			return good, nil
		}
		args = args[1:]
	}
	c := commandOf(args)
	if c.name == "" {
		return usage, usagef("there is no command %q: the commands are decode, explain, doctor and echo", args[0])
	}
	if asked {
		fmt.Fprint(e.out, c.help)
		return good, nil
	}
	status, err := c.run(ctx, e, args[1:])
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(e.out, c.help)
		return good, nil
	}
	return status, err
}

// commandOf returns the command that args begin with, zero if there is none.
func commandOf(args []string) command {
	i := slices.IndexFunc(commands, func(c command) bool { return len(args) > 0 && c.name == args[0] })
	if i < 0 {
		return command{}
	}
	return commands[i]
}
