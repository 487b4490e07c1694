// Command sigpost turns mailing lists into a weekly newsletter and a tagged
// archive.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	_ "time/tzdata" // a machine or container without zones still knows them

	"github.com/alecthomas/kong"

	"sigpost"
	"sigpost/app"
)

// The exit codes.
const (
	exitDone   = 0 // also when nothing was due
	exitFailed = 1
	exitUsage  = 2 // wrong command line or configuration
	exitLocked = 3 // another run holds the lock
)

func main() {
	// A crash, or a service manager's SIGABRT, is a signal to who started this process. By
	// itself Go ends with 2, which says that the configuration is wrong and a restart no use.
	debug.SetTraceback("crash")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the whole program but for the process around it.
func run(ctx context.Context, args []string, stdout, stderr *os.File) int {
	var c cli
	parser, err := newParser(&c, kong.Writers(stdout, stderr))
	if err != nil {
		return report(stderr, err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	if args[0] == "help" {
		args = append(slices.Clone(args[1:]), "--help")
	}
	if args[0] == "--version" {
		args = append([]string{"version"}, args[1:]...)
	}
	command, err := parser.Parse(args)
	if err != nil {
		return report(stderr, sigpost.Usage(fmt.Errorf("%s; %s", plainly(err), hintOf(args, err))))
	}
	s, err := newSession(ctx, c.Globals, stdout, stderr)
	if err != nil {
		return report(stderr, err)
	}
	s.model = parser.Model
	s.configSource = sourceOfConfig(slices.ContainsFunc(command.Path, func(p *kong.Path) bool { return p.Flag != nil && p.Flag.Name == "config" }))
	s.hangups = func() <-chan struct{} { return hangups(ctx) }
	err = command.Run(s)
	s.finish()
	if err != nil && ctx.Err() != nil {
		err = errors.New("interrupted; what is done is kept, and the next run goes on from there")
	}
	if code := exitCode(err); code == exitLocked && s.Quiet {
		return code // nothing is wrong, and cron mails whatever is said
	}
	return report(stderr, err)
}

// newParser reads command lines into c.
func newParser(c *cli, options ...kong.Option) (*kong.Kong, error) {
	return kong.New(c, append(options,
		kong.Name("sigpost"),
		kong.Description("Turns mailing lists into a weekly newsletter that each reader has cut to their own topics, and a tagged archive."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Vars{"groups": strings.Join(app.DoctorGroups(), ", ")},
	)...)
}

// hangups tells of each SIGHUP until ctx ends. Who does not ask for them is ended by
// one, as ever. One that comes while the program ends does nothing: it would cut short
// what SIGTERM lets come to its end.
func hangups(ctx context.Context) <-chan struct{} {
	signals, hangups := make(chan os.Signal, 1), make(chan struct{}, 1)
	signal.Notify(signals, syscall.SIGHUP)
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-signals:
				select {
				case hangups <- struct{}{}:
				default: // one that waits will do
				}
			}
		}
	}()
	return hangups
}

// What the command line's reader says in words of its own.
var (
	noValue  = regexp.MustCompile(`^(\S+): expected \S+ value but got "EOL" \(<EOL>\)`)
	noValues = regexp.MustCompile(`^(\S+): missing value, expecting "<arg>,..."`)
	noNumber = regexp.MustCompile(`expected a valid \d+ bit u?int but got (".*")`)
)

// plainly says for people what is wrong with a command line.
func plainly(err error) string {
	says := err.Error()
	for _, missing := range []*regexp.Regexp{noValue, noValues} {
		says = missing.ReplaceAllString(says, "nothing stands behind $1, which needs a value")
	}
	return noNumber.ReplaceAllString(says, "$1 is no whole number")
}

// hintOf says what to do about arguments that cannot be read: the command that they
// came to has a help of its own.
func hintOf(args []string, err error) string {
	of := "sigpost"
	if wrong := (*kong.ParseError)(nil); errors.As(err, &wrong) && wrong.Context != nil {
		for _, p := range wrong.Context.Path {
			if p.Command != nil {
				of += " " + p.Command.Name
			}
		}
	}
	lists := "\"" + of + " --help\" lists commands and flags"
	at := slices.Index(args, "search")
	begins := func(arg string) bool { return len(arg) > 2 && arg[0] == '-' && arg[1] != '-' } // such as -nova
	if at < 0 || slices.Contains(args, "--") {
		return lists
	}
	minus := slices.IndexFunc(args[at:], begins)
	if minus < 0 {
		return lists
	}
	return "words that begin with a minus go behind \"--\", after all flags: \"sigpost search -- quota " + args[at+minus] + "\""
}

// report tells a person what went wrong, each thing once, and gives the exit code.
func report(stderr io.Writer, err error) int {
	if err == nil {
		return exitDone
	}
	said := map[string]bool{}
	for line := range strings.SplitSeq(strings.TrimSpace(err.Error()), "\n") {
		if !said[line] {
			fmt.Fprintln(stderr, "sigpost:", printable(line)) // it may quote a server or a file
		}
		said[line] = true
	}
	return exitCode(err)
}

// exitCode is what a command ends with.
func exitCode(err error) int {
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, sigpost.ErrUsage):
		return exitUsage
	case errors.Is(err, sigpost.ErrLocked):
		return exitLocked
	}
	return exitFailed
}
