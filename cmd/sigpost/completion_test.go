package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"sigpost/internal/peertest"
)

// some are names for a test.
type some map[string][]string

func (s some) of(kind string, _ []string) []string { return s[kind] }

func commandTree(t *testing.T) *kong.Application {
	t.Helper()
	var c cli
	parser, err := newParser(&c)
	if err != nil {
		t.Fatal(err)
	}
	return parser.Model
}

func TestComplete(t *testing.T) {
	t.Parallel()
	model := commandTree(t)
	known := some{"digest": {"weekly", "weekly-daily"}, "topic": {"project:nova", "project:neutron"}, "account": {"one"}}
	for line, want := range map[string]string{
		"sub":                             "subscriber",
		"digest s":                        "show send",
		"digest compose --digest ":        "weekly weekly-daily",
		"digest compose --digest=weekly-": "--digest=weekly-daily",
		"--quiet digest compose --digest weekly-": "weekly-daily",
		"subscriber add --topics project:nova,":   "project:nova,project:nova project:nova,project:neutron",
		"subscriber add a@b --mute project:ne":    "project:neutron",
		"tag accept 17 project:no":                "project:nova",
		"subscriber add a@b --topics ne":          "neutron",
		"subscriber add --topics nova,pr":         "nova,project:nova nova,project:neutron",
		"subscriber add --topics=nova,n":          "--topics=nova,nova --topics=nova,neutron",
		"classify --d":                            "--diff",
		"classify --diff --tax":                   "--taxonomy",
		"classify --taxonomy ":                    ":files",
		"classify e":                              "eval",
		"classify eval --di":                      "",
		"login ":                                  "one",
		"import ":                                 ":files",
		"import a b ":                             ":files",
		"export site ":                            ":dirs",
		"-c ":                                     ":files",
		"--config=":                               ":files",
		"completion ":                             "bash zsh fish",
		"doctor --only z":                         "zones",
		"doctor --off":                            "--offline",
		"doctor --only=config,imap,zo":            "--only=config,imap,zones",
		"work --roles ":                           "ingest classify deliver web",
		"work --roles ingest,cl":                  "ingest,classify",
		"work --roles=web,":                       "--roles=web,ingest --roles=web,classify --roles=web,deliver --roles=web,web",
		"search -- -no":                           "",
		"man":                                     "man",
		"man ":                                    ":dirs",
		"complete":                                "",
		"nonsense ":                               "",
		"digest compose --nonsense=":              "",
	} {
		var got []string
		for _, f := range complete(model, strings.Split(line, " "), known) {
			got = append(got, f.word)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q goes on with %q, want %q", line, got, want)
		}
	}
	for _, f := range complete(model, []string{""}, known) {
		if f.word == "" || f.about == "" {
			t.Errorf("%+v says nothing", f)
		}
	}
}

func TestLineWords(t *testing.T) {
	t.Parallel()
	for line, want := range map[string][]string{
		"":                        {""},
		"sigpost ":                {"sigpost", ""},
		"sigpost  digest se":      {"sigpost", "digest", "se"},
		`a 'b c' "d e" f\ g`:      {"a", "b c", "d e", "f g"},
		`a "" b`:                  {"a", "", "b"},
		`a 'b`:                    {"a", "b"},
		`sigpost --topics=a:b,c:`: {"sigpost", "--topics=a:b,c:"},
	} {
		if got := lineWords(line); !slices.Equal(got, want) {
			t.Errorf("%q is cut into %q, want %q", line, got, want)
		}
	}
}

// shellWorld is a folder with a configuration, and the program as sigpost first in the
// path.
func shellWorld(t *testing.T) (dir string, env []string) {
	t.Helper()
	dir = t.TempDir()
	bin := filepath.Join(dir, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable() // started as "sigpost" it is the program: see TestMain
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(bin, "sigpost")); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"config.toml": scriptConfig("127.0.0.1:1", "127.0.0.1:2"), "mail with spaces.mbox": "", "rc": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "HOME="+dir, "ZDOTDIR="+dir, "TERM=dumb", "LC_ALL=C.UTF-8")
}

// What a shell makes of lines under way, by its own functions.
func TestCompletionInShells(t *testing.T) {
	t.Parallel()
	lines := []struct{ line, want string }{
		{"sigpost dig", "digest"},
		{"sigpost digest compose --digest we", "weekly"},
		{"sigpost digest compose --digest=we", "weekly"},
		{"sigpost subscriber add --topics project:nov", "project:nova"},
		{"sigpost import mai", "mail with spaces.mbox"},
		{"sigpost export site bi", "bin"},
	}
	t.Run("bash", func(t *testing.T) {
		bash := peertest.Need(t, "bash", "bash")[0]
		dir, env := shellWorld(t)
		for _, l := range lines {
			// Bash itself cuts the line into words, and puts what is found in its place.
			out := typed(t, dir, env, bash+" --norc --noprofile -i", "source <(sigpost completion bash)", l.line)
			expect(t, "bash", l.line, l.want, out)
		}
	})
	t.Run("zsh", func(t *testing.T) {
		zsh := peertest.Need(t, "zsh", "zsh")[0]
		dir, env := shellWorld(t)
		for _, l := range lines {
			out := typed(t, dir, env, zsh+" -f -i", "autoload -U compinit; compinit -u; source <(sigpost completion zsh)", l.line)
			expect(t, "zsh", l.line, l.want, out)
		}
	})
	t.Run("fish", func(t *testing.T) {
		fish := peertest.Need(t, "fish", "fish")[0]
		dir, env := shellWorld(t)
		for _, l := range lines {
			cmd := exec.CommandContext(t.Context(), fish, "--no-config", "-c", "sigpost completion fish | source; complete -C '"+l.line+"'")
			cmd.Dir, cmd.Env = dir, env
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			expect(t, "fish", l.line, l.want, string(out))
		}
	})
}

func expect(t *testing.T, shell, line, want, got string) {
	t.Helper()
	if !strings.Contains(strings.NewReplacer(`\ `, " ", "\a", "").Replace(got), want) {
		t.Errorf("%s makes of %q: %q, want %q in it", shell, line, got, want)
	}
}

// typed gives what stands on the line of an interactive shell on a terminal when
// somebody has typed it and the tab key.
func typed(t *testing.T, dir string, env []string, shell, setup, line string) string {
	t.Helper()
	script := peertest.Need(t, "script", "script")[0]
	cmd := exec.CommandContext(t.Context(), script, "-qec", shell, "/dev/null")
	cmd.Dir, cmd.Env = dir, env
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	shown := &screen{}
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = shown, shown, 5*time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { // its terminal goes with it, and so does the shell
		cmd.Process.Kill()
		cmd.Wait()
	}()
	say := func(text string) {
		if _, err := in.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	say(setup + "; echo re''ady\n")
	shown.until(t, "ready")
	shown.reset()
	echoed := line[len("sigpost "):]
	say(line + "\t")
	shown.until(t, echoed[:len(echoed)-1])
	// What is completed comes some time behind what was typed; the end of the line is
	// cut off by taking it back.
	time.Sleep(300 * time.Millisecond)
	for range 100 {
		if text := shown.text(); len(text) > len(line) && !strings.HasSuffix(strings.TrimRight(text, " \x1b[K\a"), echoed) {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	return shown.text()
}
