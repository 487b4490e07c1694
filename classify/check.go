package classify

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sigpost"
	"sigpost/internal/osa"
)

// checker collects the mistakes of a taxonomy with their lines.
type checker struct {
	t     *Taxonomy
	file  string
	lines []string
	heads []int // line index of each tag's [[tag]]
	errs  []error
}

// check looks for everything that TOML itself does not see.
func (t *Taxonomy) check(file string, data []byte) error {
	c := &checker{t: t, file: file, lines: strings.Split(string(data), "\n")}
	for i, line := range c.lines {
		if strings.HasPrefix(strings.ReplaceAll(strings.TrimSpace(line), " ", ""), "[[tag]]") {
			c.heads = append(c.heads, i)
		}
	}
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
	where := c.file
	if i < len(c.heads) {
		end := len(c.lines)
		if i+1 < len(c.heads) {
			end = c.heads[i+1]
		}
		where = fmt.Sprintf("%s:%d", c.file, c.lineOf(value, c.heads[i], end))
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
				line := c.lineOf(v, 0, len(c.lines))
				c.errs = append(c.errs, fmt.Errorf("%s:%d: %s: %q is not a single word", c.file, line, name, v))
			}
		}
	}
	slices.SortFunc(c.errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
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
			if len(splitAtoms(v)) == 0 {
				c.fail(i, v, "empty entry %q in %s", v, list.key)
			} else if strings.Contains(v, "*") && (list.key != "repositories" || !isPattern(v)) {
				c.fail(i, v, `%s: in %q, "*" may stand only at the end of a repository, behind "-", "." or "/"`, list.key, v)
			}
		}
	}
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
		claim := func(key, value string) {
			key = s.Kind + "\x00" + key
			if j, ok := owners[key]; ok && j != i && c.t.Tags[j].Name != s.Name {
				c.fail(i, value, "%q belongs to the tag %s%s already", value, c.t.Tags[j].Name, c.at(j))
				return
			}
			owners[key] = i
		}
		for _, v := range slices.Concat([]string{s.Name}, s.Aliases, s.CommonAliases, s.Former, s.Phrases) {
			claim(strings.Join(splitAtoms(v), " "), v)
		}
		for _, v := range s.Acronyms {
			claim("acronym "+v, v)
		}
		for _, v := range s.Repositories {
			claim("repository "+c.t.repositoryKey(v), v)
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

// isPattern says whether the only "*" of a repository stands where one may.
func isPattern(repository string) bool {
	before, ok := strings.CutSuffix(repository, "*")
	return ok && !strings.Contains(before, "*") && strings.Trim(before[len(before)-1:], "-._/") == ""
}

func isTagName(s string) bool {
	for _, part := range strings.Split(s, "-") {
		if part == "" || strings.Trim(part, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
			return false
		}
	}
	return true
}
