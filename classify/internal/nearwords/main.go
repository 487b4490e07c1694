// Command nearwords lists the words of a language that look like a misspelt
// name of a taxonomy, one a line, so that they are never taken for one.
//
// Without -taxonomy it reads the default one and writes what the package
// embeds; the list for a taxonomy of one's own belongs into its
// ordinary_words.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"sigpost/classify"
	"sigpost/internal/osa"
)

func main() {
	words := flag.String("words", "/usr/share/dict/words", "a `file` with a word of the language on each line")
	taxonomy := flag.String("taxonomy", "", "a taxonomy `file`; the default one if empty")
	short := flag.Bool("short", false, "list the words that look like a short word of a name of several words")
	out := flag.String("o", "", "write to this `file` instead of standard output")
	flag.Parse()
	if err := run(*words, *taxonomy, *short, *out); err != nil {
		fmt.Fprintln(os.Stderr, "nearwords:", err)
		os.Exit(1)
	}
}

func run(words, taxonomy string, short bool, out string) error {
	t := classify.OpenStack()
	if taxonomy != "" {
		data, err := os.ReadFile(taxonomy)
		if err != nil {
			return err
		}
		if t, err = classify.ParseTaxonomy(taxonomy, data); err != nil {
			return err
		}
	}
	names := t.SpellNames()
	if short {
		names = t.ShortWords()
	}
	near, err := nearWords(words, names)
	if err != nil {
		return err
	}
	text := strings.Join(near, "\n") + "\n"
	if out == "" {
		_, err = os.Stdout.WriteString(text)
		return err
	}
	return os.WriteFile(out, []byte(text), 0o644)
}

// nearWords gives the words of the file that are as near to a name as a
// misspelling of it may be, sorted.
func nearWords(file string, names []string) ([]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	near := map[string]bool{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		word := strings.ToLower(lines.Text())
		if strings.Trim(word, "abcdefghijklmnopqrstuvwxyz") != "" {
			continue
		}
		for _, name := range names {
			if limit := max(1, classify.MaxEdits(name)); osa.Distance(word, name, limit) <= limit {
				near[word] = true
				break
			}
		}
	}
	return slices.Sorted(maps.Keys(near)), lines.Err()
}
