package main

import (
	_ "embed"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"sigpost/app"
	"sigpost/config"
)

// The shells' scripts ask the program itself, by its hidden command complete-words,
// so that they are never out of date.
var (
	//go:embed completion/sigpost.bash
	bashScript string
	//go:embed completion/sigpost.zsh
	zshScript string
	//go:embed completion/sigpost.fish
	fishScript string
)

type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Help says what to do with it.
func (completionCommand) Help() string {
	return `In bash: put  source <(sigpost completion bash)  into ~/.bashrc.
In zsh: put  source <(sigpost completion zsh)  into ~/.zshrc, behind compinit.
In fish: sigpost completion fish > ~/.config/fish/completions/sigpost.fish`
}

// Run prints the script.
func (c completionCommand) Run(s *session) error {
	_, err := s.stdout.WriteString(map[string]string{"bash": bashScript, "zsh": zshScript, "fish": fishScript}[c.Shell])
	return err
}

type completeCommand struct {
	// Words are "words" and those behind the program's name, of which the last is under
	// way; or "line" and bash's whole line up to the cursor.
	Words []string `arg:"" optional:"" passthrough:"all"`
}

// Run prints a line for each thing that the command line could go on with: the word
// and, behind a tab, what it is. ":files" and ":dirs" stand for such.
func (c completeCommand) Run(s *session) error {
	if len(c.Words) < 2 {
		return nil
	}
	words, cut := c.Words[1:], 0
	if c.Words[0] == "line" {
		words = lineWords(c.Words[1])
		if len(words) < 2 {
			return nil
		}
		words = words[1:]
		// Bash takes these for the end of a word, and wants what follows alone.
		cut = strings.LastIndexAny(words[len(words)-1], ":=") + 1
	}
	known := &knownNames{config: os.Getenv("SIGPOST_CONFIG")}
	for _, f := range complete(s.model, words, known) {
		if !strings.HasPrefix(f.word, ":") {
			f.word = f.word[min(cut, len(f.word)):]
		}
		fmt.Fprintf(s.stdout, "%s\t%s\n", f.word, f.about)
	}
	return nil
}

// lineWords cuts a line as a shell does: at spaces that are neither quoted nor behind
// a backslash. The last word is the one under way, and may be empty.
func lineWords(line string) []string {
	words, quote, escaped, begun := []string{""}, rune(0), false, false
	for _, r := range line {
		last := &words[len(words)-1]
		switch {
		case escaped:
			*last, escaped = *last+string(r), false
		case r == '\\' && quote != '\'':
			escaped, begun = true, true
		case quote == r:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote, begun = r, true
		case quote == 0 && (r == ' ' || r == '\t'):
			if *last != "" || begun {
				words, begun = append(words, ""), false
			}
		default:
			*last += string(r)
		}
	}
	return words
}

// following is something that a command line could go on with.
type following struct{ word, about string }

// names gives what there is of a kind: "digest", "account", "list", "topic".
type names interface {
	of(kind string, words []string) []string
}

// complete gives what could stand in the place of the last word.
func complete(model *kong.Application, words []string, known names) (all []following) {
	at, cur := walkTo(model, words[:len(words)-1]), words[len(words)-1]
	add := func(word, about string) {
		if strings.HasPrefix(word, cur) || strings.HasPrefix(word, ":") {
			all = append(all, following{word, about})
		}
	}
	values := func(v *kong.Value, prefix, begun string) {
		for _, word := range valuesOf(v, begun, known, words) {
			if strings.HasPrefix(word, ":") {
				prefix = ""
			}
			add(prefix+word, "")
		}
	}
	if at.value != nil {
		values(at.value, "", cur)
		return all
	}
	if strings.HasPrefix(cur, "-") && !at.onlyArgs {
		if name, begun, ok := strings.Cut(cur, "="); ok {
			if f := at.flag(name); f != nil {
				values(f.Value, name+"=", begun)
			}
			return all
		}
		for _, f := range at.flags() {
			add("--"+f.Name, f.Help)
			if f.Tag.Negatable != "" {
				add("--no-"+f.Name, f.Help)
			}
		}
		return all
	}
	for _, child := range at.node.Children {
		if !child.Hidden && at.args == 0 {
			add(child.Name, child.Help)
		}
	}
	args := at.command().Positional
	if n := len(args); n > 0 && (at.args < n || args[n-1].IsCumulative()) {
		values(args[min(at.args, n-1)], "", cur)
	}
	return all
}

// place is where in the command tree a command line has come to.
type place struct {
	node     *kong.Node
	args     int         // how many arguments there were
	value    *kong.Value // what the next word is a value of; nil where it is not
	onlyArgs bool        // behind "--"
}

func walkTo(model *kong.Application, words []string) place {
	at := place{node: model.Node}
	for _, word := range words {
		switch {
		case at.value != nil:
			at.value = nil
		case word == "--" && !at.onlyArgs:
			at.onlyArgs = true
		case strings.HasPrefix(word, "-") && len(word) > 1 && !at.onlyArgs:
			if f := at.flag(word); f != nil && !f.IsBool() && !strings.Contains(word, "=") {
				at.value = f.Value
			}
		default:
			i := slices.IndexFunc(at.node.Children, func(n *kong.Node) bool { return n.Name == word })
			if i >= 0 && at.args == 0 {
				at.node = at.node.Children[i]
			} else {
				at.args++
			}
		}
	}
	return at
}

// command is the one whose flags and arguments stand here: that within which goes
// without saying, too.
func (at place) command() *kong.Node {
	if d := at.node.DefaultCmd; d != nil && d.Tag.Default == "withargs" {
		return d
	}
	return at.node
}

func (at place) flags() (all []*kong.Flag) {
	for _, group := range at.command().AllFlags(true) {
		all = append(all, group...)
	}
	return all
}

func (at place) flag(word string) *kong.Flag {
	for _, f := range at.flags() {
		if word == "--"+f.Name || f.Short != 0 && word == "-"+string(f.Short) {
			return f
		}
	}
	return nil
}

// kindOf says what values of that name there are, by the words that they have in
// flags and arguments.
var kindOf = map[string]string{"digest": "digest", "account": "account", "list": "list", "topics": "topic", "mute": "topic", "tag": "topic", "only": "group", "roles": "role"}

// valuesOf are the values that a flag or argument can have, as far as they are known;
// of those with commas between them, what stands in front of the last one stays.
func valuesOf(v *kong.Value, begun string, known names, words []string) []string {
	if v.Enum != "" {
		return v.EnumSlice()
	}
	placeholder := v.Tag.PlaceHolder
	switch {
	case v.Tag.Type == "existingdir" || placeholder == "DIR" || v.Name == "dir":
		return []string{":dirs"}
	case v.Tag.Type == "path" || v.Tag.Type == "existingfile" || placeholder == "FILE" || v.Name == "file":
		return []string{":files"}
	}
	kind := kindOf[v.Name]
	all := known.of(kind, words)
	switch kind {
	case "group":
		all = app.DoctorGroups()
	case "role":
		all = app.Roles()
	}
	before := ""
	if i := strings.LastIndexByte(begun, ','); v.IsSlice() && i >= 0 {
		before, begun = begun[:i+1], begun[i+1:]
	}
	all = slices.Clone(all)
	if kind == "topic" && begun != "" && !strings.Contains(begun, ":") { // a topic goes by its name alone, too
		for _, tag := range all {
			_, name, _ := strings.Cut(tag, ":")
			all = append(all, name)
		}
	}
	for n := range all {
		all[n] = before + all[n]
	}
	return all
}

// knownNames are the names of a configuration. What cannot be read has none.
type knownNames struct{ config string }

func (k *knownNames) of(kind string, words []string) (all []string) {
	file := "config.toml"
	if k.config != "" {
		file = k.config
	}
	for i, word := range words {
		if name, ok := strings.CutPrefix(word, "--config="); ok {
			file = name
		} else if (word == "--config" || word == "-c") && i+1 < len(words) {
			file = words[i+1]
		}
	}
	if kind == "" {
		return nil
	}
	cfg, err := config.Load(file)
	if kind == "topic" {
		t, err := app.OpenTaxonomy(cfg, "") // the built-in one without a configuration
		if err != nil {
			return nil
		}
		for _, tag := range t.List() {
			all = append(all, tag.Tag.String())
		}
		return all
	}
	if err != nil {
		return nil
	}
	switch kind {
	case "digest":
		for _, d := range cfg.Digests {
			all = append(all, d.Name)
		}
	case "account":
		for _, a := range cfg.Accounts {
			all = append(all, a.Name)
		}
	case "list":
		for _, l := range cfg.Lists {
			all = append(all, l.Name)
		}
	}
	return all
}
