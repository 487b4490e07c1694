package classify

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sigpost"
	"sigpost/internal/osa"
	"sigpost/internal/tomlfile"
)

// checker collects the mistakes of a taxonomy with their lines.
type checker struct {
	t     *Taxonomy
	file  string
	lines []string
	heads []int          // line index of each tag's [[tag]]
	keys  map[string]int // tomlfile.Lines
	errs  []error
}

// Check says what is wrong with a taxonomy that did not come from a file.
func (t *Taxonomy) Check() error { return t.check("taxonomy", nil) }

// checker prepares a look at a taxonomy that came from the data.
func (t *Taxonomy) checker(file string, data []byte) *checker {
	c := &checker{t: t, file: file, lines: strings.Split(string(data), "\n"), keys: tomlfile.Lines(data)}
	for i, line := range c.lines {
		if strings.HasPrefix(strings.ReplaceAll(strings.TrimSpace(line), " ", ""), "[[tag]]") {
			c.heads = append(c.heads, i)
		}
	}
	return c
}

// check looks for everything that TOML itself does not see.
func (t *Taxonomy) check(file string, data []byte) error {
	c := t.checker(file, data)
	if len(t.Tags) == 0 {
		c.errs = append(c.errs, fmt.Errorf("%s: no tag in it; write at least one [[tag]]", file))
	}
	c.top()
	for i := range t.Tags {
		c.tag(i)
	}
	c.duplicates()
	c.claims()
	c.references()
	return errors.Join(c.errs...)
}

// fail notes a mistake in tag i at the line that holds the value, or at the
// tag's first one.
func (c *checker) fail(i int, value, format string, args ...any) {
	c.failAt(c.tagLine(i, value), i, format, args...)
}

// tagLine is the line of tag i that holds the value, or the tag's first one;
// 0 where there is no file.
func (c *checker) tagLine(i int, value string) int {
	if i >= len(c.heads) {
		return 0
	}
	end := len(c.lines)
	if i+1 < len(c.heads) {
		end = c.heads[i+1]
	}
	return c.lineOf(value, c.heads[i], end)
}

// failAt notes a mistake in tag i at a line, where that is known.
func (c *checker) failAt(line, i int, format string, args ...any) {
	where := c.file
	if line > 0 {
		where = fmt.Sprintf("%s:%d", c.file, line)
	}
	name := c.t.Tags[i].Name
	if name == "" {
		name = strconv.Itoa(i + 1)
	}
	c.errs = append(c.errs, fmt.Errorf("%s: tag %s: %s", where, name, fmt.Sprintf(format, args...)))
}

// lineOf gives the number of the line in [from, to) that holds the value in
// quotes, or of the first.
func (c *checker) lineOf(value string, from, to int) int {
	for n, line := range c.lines[from:to] {
		if strings.Contains(line, strconv.Quote(value)) || strings.Contains(line, "'"+value+"'") {
			return from + n + 1
		}
	}
	return from + 1
}

func (c *checker) top() {
	c.reserved()
	for name, values := range map[string][]string{
		"kinds": c.t.Kinds, "pages": c.t.Pages, "domain": c.t.Domain,
		"neighbours": c.t.Neighbours, "ordinary_words": c.t.OrdinaryWords,
		"synonyms": slices.Concat(c.t.Synonyms...),
	} {
		for _, v := range values {
			words := len(splitAtoms(v))
			if words == 0 || words > 1 && name != "pages" && name != "kinds" {
				c.failTop(name, v, "is not a single word")
			}
		}
	}
	for _, v := range c.t.DomainLists {
		if !isListName(v) {
			c.failTop("domain_lists", v, "is no name of a list")
		}
	}
	slices.SortFunc(c.errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
}

// failTop notes a mistake in a value of a key of the whole file.
func (c *checker) failTop(key, value, what string) {
	c.errs = append(c.errs, fmt.Errorf("%s:%d: %s: %q %s", c.file, c.lineOf(value, 0, len(c.lines)), key, value, what))
}

// reserved refuses the kind of what sigpost finds without a taxonomy.
func (c *checker) reserved() {
	const kind = string(sigpost.KindNature)
	if slices.Contains(c.t.Kinds, kind) {
		c.errs = append(c.errs, fmt.Errorf("%s:%d: kinds: %q is reserved for the natures, which no taxonomy changes; name yours otherwise",
			c.file, c.lineOf(kind, 0, len(c.lines)), kind))
	}
}

func (c *checker) kinds() []string {
	return append([]string{string(sigpost.KindProject), string(sigpost.KindScenario)}, c.t.Kinds...)
}

func (c *checker) tag(i int) {
	s := &c.t.Tags[i]
	if kinds := c.kinds(); !slices.Contains(kinds, s.Kind) {
		hint := "; known kinds: " + strings.Join(kinds, ", ")
		if near := osa.Nearest(s.Kind, kinds); near != "" {
			hint = fmt.Sprintf("; did you mean %q?", near)
		}
		if s.Kind == string(sigpost.KindNature) {
			hint = "; it is reserved for the natures, which no taxonomy changes"
		}
		c.fail(i, s.Kind, "unknown kind %q%s", s.Kind, hint)
	}
	if !isTagName(s.Name) {
		c.fail(i, s.Name, "name %q must be lower-case letters and digits with single dashes between", s.Name)
	}
	if s.Title == "" {
		c.fail(i, "", "it has no title")
	}
	if s.CommonWord && s.NeverInText {
		c.fail(i, "", "common_word and never_in_text exclude each other; keep one")
	}
	for _, list := range s.lists() {
		for _, v := range list.values {
			wrong := ""
			switch {
			case len(splitAtoms(v)) == 0:
				c.fail(i, v, "empty entry %q in %s", v, list.key)
			case list.key == "urls":
				wrong = checkURL(v)
			case list.key == "repositories":
				wrong = checkRepository(v)
			case strings.Contains(v, "*"):
				wrong = `"*" may stand only in repositories and urls`
			}
			if wrong != "" {
				c.fail(i, v, "%s: in %q: %s", list.key, v, wrong)
			}
		}
	}
	c.lists(i)
	c.weights(i)
	for _, group := range s.Together {
		if len(group) < 2 {
			c.fail(i, strings.Join(group, ""), "together: a group needs two words or more, %q has %d", group, len(group))
		}
		for _, v := range group {
			if len(splitAtoms(v)) == 0 {
				c.fail(i, v, "empty entry %q in together", v)
			}
		}
	}
}

// list is one of a tag's lists of strings, with its key.
type list struct {
	key    string
	values []string
}

func (s *TagSpec) lists() []list {
	return []list{
		{"aliases", s.Aliases}, {"common_aliases", s.CommonAliases}, {"former", s.Former},
		{"acronyms", s.Acronyms}, {"repositories", s.Repositories}, {"channels", s.Channels},
		{"clients", s.Clients}, {"urls", s.URLs},
		{"neighbours", s.Neighbours}, {"phrases", s.Phrases},
	}
}

func (c *checker) duplicates() {
	first := map[sigpost.Tag]int{}
	for i := range c.t.Tags {
		tag := c.t.Tags[i].Tag()
		if j, ok := first[tag]; ok {
			c.fail(i, tag.Name, "duplicate: %s is described already%s", tag, c.at(j))
			continue
		}
		first[tag] = i
	}
}

// at says where tag i begins, for the end of a sentence.
func (c *checker) at(i int) string {
	if i >= len(c.heads) {
		return ""
	}
	return fmt.Sprintf(" in line %d", c.heads[i]+1)
}

// claims finds names that two tags of a kind both want: none of them could
// ever be told from the other.
func (c *checker) claims() {
	owners := map[string]int{}
	for i := range c.t.Tags {
		s := &c.t.Tags[i]
		claimFor := func(kind, key, value string) {
			key = kind + "\x00" + key
			if j, ok := owners[key]; ok && j != i && c.t.Tags[j].Name != s.Name {
				c.fail(i, value, "%q belongs to the tag %s%s already", value, c.t.Tags[j].Name, c.at(j))
				return
			}
			owners[key] = i
		}
		claim := func(key, value string) { claimFor(s.Kind, key, value) }
		for _, v := range slices.Concat([]string{s.Name}, s.Aliases, s.CommonAliases, s.Former, s.Clients, s.Phrases) {
			claim(strings.Join(splitAtoms(v), " "), v)
		}
		for _, v := range s.Acronyms {
			claim("acronym "+v, v)
		}
		for _, v := range s.Repositories {
			claimFor("", "repository "+c.t.repositoryKey(v), v) // a path is looked up for all kinds at once
		}
		for _, v := range s.URLs {
			claimFor("", "url "+urlKey(v), v)
		}
		for _, v := range s.Channels {
			claim("channel "+strings.ToLower(v), v)
		}
	}
}

// references checks parents and hints: that they exist, and that no tag is a
// part of itself.
func (c *checker) references() {
	index := map[sigpost.Tag]int{}
	for i := range c.t.Tags {
		index[c.t.Tags[i].Tag()] = i
	}
	parents := make([][]int, len(c.t.Tags))
	for i := range c.t.Tags {
		s := &c.t.Tags[i]
		for _, l := range []list{{"parents", s.Parents}, {"hints", s.Hints}} {
			for _, ref := range l.values {
				j, ok := index[reference(ref, s.Kind)]
				if !ok {
					c.fail(i, ref, "unknown tag %q in %s%s", ref, l.key, c.near(ref))
				} else if l.key == "parents" {
					parents[i] = append(parents[i], j)
				}
			}
		}
	}
	for i := range parents {
		if path := cycle(parents, i); path != nil {
			names := make([]string, len(path))
			for n, j := range path {
				names[n] = c.t.Tags[j].Name
			}
			c.fail(i, names[1], "it is its own parent: %s", strings.Join(names, " → "))
			return // one cycle would be told once for each tag in it
		}
	}
}

func (c *checker) near(ref string) string {
	var names []string
	for i := range c.t.Tags {
		tag := c.t.Tags[i].Tag()
		if tag.Name == ref {
			return fmt.Sprintf("; did you mean %q?", tag)
		}
		names = append(names, tag.Name, tag.String())
	}
	if near := osa.Nearest(ref, names); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}

// cycle gives the way from tag i over parents back to itself, or nil.
func cycle(parents [][]int, i int) []int {
	seen := make([]bool, len(parents))
	var walk func(j int, path []int) []int
	walk = func(j int, path []int) []int {
		for _, p := range parents[j] {
			if p == i {
				return append(path, p)
			}
			if !seen[p] {
				seen[p] = true
				if found := walk(p, append(path, p)); found != nil {
					return found
				}
			}
		}
		return nil
	}
	return walk(i, []int{i})
}

// checkRepository says what is wrong with a repository, or "".
func checkRepository(v string) string {
	org, name, two := strings.Cut(v, "/")
	stem, open := strings.CutSuffix(v, "*")
	switch {
	case strings.Contains(v, "://"):
		return "write its name, or organisation/name; whole addresses belong into urls"
	case strings.ContainsAny(v, " \t\r\n"):
		return "there is white space in it"
	case two && (org == "" || name == "" || strings.Contains(name, "/")):
		return "write its name, or organisation/name"
	case strings.Contains(stem, "*"), open && strings.Trim(stem[len(stem)-1:], "-._/") != "":
		return `"*" may stand only at the end, behind "-", "_", "." or "/"`
	}
	return ""
}

func isTagName(s string) bool {
	for _, part := range strings.Split(s, "-") {
		if part == "" || strings.Trim(part, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
			return false
		}
	}
	return true
}
