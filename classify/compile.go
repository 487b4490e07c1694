package classify

import (
	"slices"
	"strings"
)

// termKind says what sort of term it is: the first word of its rule.
type termKind uint8

const (
	termAlias termKind = iota
	termFormer
	termAcronym
	termRepository
	termChannel
	termPhrase
	termTogether // one word or phrase of a group
	termClient
	termURL
	termList
	termWeighed
	termAgainst
)

// String is the kind as evidence names it.
func (k termKind) String() string {
	return [...]string{"alias", "former", "acronym", "repository", "channel", "phrase", "together", "client", "url", "list", "term", "against"}[k]
}

// term is something to be found in text that speaks for a tag.
type term struct {
	kind termKind
	tag  int32 // index in Taxonomy.Tags; for termTogether the word's number
	text string
	// guarded terms are ordinary words and need context, silent ones count
	// in a subject's brackets alone.
	guarded, silent bool
	// glued terms match only where their atoms are joined by "-", "_", ".".
	glued  bool
	weight float64 // of a weighted term, below 0 where it speaks against the tag
}

// group is a compiled entry of TagSpec.Together.
type group struct {
	tag   int32
	words []int32
	text  string
}

// node is a state of the trie over atoms.
type node struct {
	terms []int32
}

// edge leads from a node over an atom to the next node.
type edge struct {
	node, word int32
}

// wordFlags say what the taxonomy uses a word for.
type wordFlags uint8

const (
	wordDomain    wordFlags = 1 << iota // shows the taxonomy's field
	wordNeighbour                       // shows a name beside it
	wordTag                             // begins a term of a tag
	wordTogether                        // begins a term of a group
	wordWeighed                         // begins a weighted term
	wordJoined                          // shows where a joined name may stand
	wordHead                            // does so, and is no word of the taxonomy
	wordRun                             // is a joined name without what stands between its words
)

// The trie has a root for terms of each purpose, so that a project's name is
// found inside a scenario's phrase. Kinds follow after these.
const (
	rootTogether = iota
	rootWeighed
	firstKind
)

// program is a taxonomy made ready for matching. It never changes.
type program struct {
	words      map[string]int32 // atoms in lower case; synonyms share a number
	index      table            // the same by hash
	flags      []wordFlags      // by word
	roots      int              // nodes below it are roots
	rootOfKind map[string]int32
	nodes      []node
	edges      map[edge]int32
	terms      []term
	groups     []group
	groupsOf   [][]int32        // groups by their first word's number
	own        map[edge]bool    // tag and word: TagSpec.Neighbours
	paths      map[string]int32 // "org/repo" in repositoryKey's form → term
	orgs       map[string]bool
	pages      map[string][]string // host → path prefixes, longest first
	home       string              // organisation of Pages
	hasDomain  bool
	urls       urlTrie
	joined     []joinedName
	joinedBy   [][]joinedAt // by word
	// lists are those that weigh for tags, domainLists those that show the
	// field, both in lower case.
	lists       map[string][]listWeight
	domainLists map[string]bool
}

func compile(t *Taxonomy) *program {
	p := &program{
		words: map[string]int32{}, rootOfKind: map[string]int32{}, edges: map[edge]int32{},
		own: map[edge]bool{}, paths: map[string]int32{}, orgs: map[string]bool{}, pages: map[string][]string{},
		home: strings.ToLower(t.Organisation), hasDomain: len(t.Domain)+len(t.DomainLists) > 0, roots: firstKind,
		urls: newURLTrie(), lists: map[string][]listWeight{}, domainLists: map[string]bool{},
	}
	for i := range t.Tags {
		if _, ok := p.rootOfKind[t.Tags[i].Kind]; !ok {
			p.rootOfKind[t.Tags[i].Kind] = int32(p.roots)
			p.roots++
		}
	}
	p.nodes = make([]node, p.roots)
	for _, same := range t.Synonyms {
		for _, w := range same {
			p.words[strings.ToLower(w)] = p.word(strings.ToLower(same[0]))
		}
	}
	for _, w := range t.Domain {
		p.flags[p.word(strings.ToLower(w))] |= wordDomain
	}
	for _, l := range t.DomainLists {
		p.domainLists[strings.ToLower(l)] = true
	}
	for _, w := range withPlural(t.Neighbours) {
		p.flags[p.word(w)] |= wordNeighbour
	}
	p.addPages(t)
	for i := range t.Tags {
		p.addTag(t, int32(i))
	}
	p.addRuns(t)
	for w, id := range p.words {
		whole, _ := hashWord([]byte(w))
		p.index.put(whole, id)
	}
	p.addJoined(t)
	p.groupsOf = make([][]int32, len(p.terms))
	for i, g := range p.groups {
		p.groupsOf[g.words[0]] = append(p.groupsOf[g.words[0]], int32(i))
	}
	return p
}

// word gives the number of an atom in lower case.
func (p *program) word(w string) int32 {
	id, ok := p.words[w]
	if !ok {
		id = int32(len(p.flags))
		p.words[w] = id
		p.flags = append(p.flags, 0)
	}
	return id
}

func (p *program) addTag(t *Taxonomy, i int32) {
	s := &t.Tags[i]
	root := p.rootOfKind[s.Kind]
	// Where the same words are several terms, the first that fits is found: what
	// needs context comes last, so that "#heat" is the channel and "LOCI" the
	// acronym, and not a word in passing.
	for _, v := range s.Channels {
		p.addTerm(root, term{kind: termChannel, tag: i, text: v, glued: true})
	}
	name := term{kind: termAlias, tag: i, text: s.Name, guarded: s.CommonWord, silent: s.NeverInText}
	if !name.guarded && !name.silent {
		p.addTerm(root, name)
	}
	for _, v := range s.Aliases {
		p.addTerm(root, term{kind: termAlias, tag: i, text: v})
	}
	for _, v := range s.Acronyms {
		p.addTerm(root, term{kind: termAcronym, tag: i, text: v})
	}
	p.addTerm(root, name)
	for _, v := range s.CommonAliases {
		p.addTerm(root, term{kind: termAlias, tag: i, text: v, guarded: !s.NeverInText, silent: s.NeverInText})
	}
	for _, v := range s.Former {
		p.addTerm(root, term{kind: termFormer, tag: i, text: v, guarded: true})
	}
	for _, v := range s.Phrases {
		p.addTerm(root, term{kind: termPhrase, tag: i, text: v})
	}
	for _, v := range s.Clients {
		p.addTerm(root, term{kind: termClient, tag: i, text: v, glued: isProgram(v)})
	}
	for _, v := range s.URLs {
		p.terms = append(p.terms, term{kind: termURL, tag: i, text: v})
		p.urls.add(v, int32(len(p.terms)-1))
	}
	p.addLists(s, i)
	p.addWeighed(s, i)
	for _, v := range s.Repositories {
		p.addRepository(t, root, i, v)
	}
	for _, w := range withPlural(s.Neighbours) {
		p.own[edge{i, p.word(w)}] = true
	}
	for _, words := range s.Together {
		g := group{tag: i, text: strings.Join(words, " + ")}
		for _, w := range words {
			g.words = append(g.words, p.addTerm(rootTogether, term{kind: termTogether, text: w}))
		}
		p.groups = append(p.groups, g)
	}
}

// addTerm puts a term into the trie below root and gives its number. A term
// that a tag says twice is there once.
func (p *program) addTerm(root int32, t term) int32 {
	at := p.path(root, splitAtoms(t.text))
	for _, other := range p.nodes[at].terms {
		if p.terms[other].kind == t.kind && p.terms[other].tag == t.tag {
			return other
		}
	}
	p.terms = append(p.terms, t)
	p.nodes[at].terms = append(p.nodes[at].terms, int32(len(p.terms)-1))
	return int32(len(p.terms) - 1)
}

// path gives the node to which words lead from a root, and makes the way.
func (p *program) path(root int32, words []string) int32 {
	at := root
	for i, w := range words {
		id := p.word(w)
		if i == 0 {
			p.flags[id] |= beginning(root)
		}
		next, ok := p.edges[edge{at, id}]
		if !ok {
			next = int32(len(p.nodes))
			p.nodes = append(p.nodes, node{})
			p.edges[edge{at, id}] = next
		}
		at = next
	}
	return at
}

// beginning says what a word is used for that begins a term below a root.
func beginning(root int32) wordFlags {
	switch root {
	case rootTogether:
		return wordTogether
	case rootWeighed:
		return wordWeighed
	}
	return wordTag
}

// isProgram says whether a client is one word with marks in it: "heat-engine",
// which is not what "heat engine" is.
func isProgram(client string) bool {
	return strings.ContainsAny(client, "-_.") && !strings.ContainsAny(client, " \t")
}

// addRepository makes a repository known by its path, and by its bare name
// where that cannot be an ordinary word. What is called python-x is also known
// as x: nobody writes python-novaclient for novaclient.
func (p *program) addRepository(t *Taxonomy, root, tag int32, name string) {
	key := t.repositoryKey(name)
	org, bare, _ := strings.Cut(key, "/")
	p.orgs[org] = true
	r := term{kind: termRepository, tag: tag, text: name, glued: true}
	if strings.HasSuffix(name, "*") {
		p.terms = append(p.terms, r)
		p.paths[key] = int32(len(p.terms) - 1)
		return
	}
	if client, ok := strings.CutPrefix(bare, "python-"); ok && strings.HasSuffix(client, "client") {
		p.addTerm(root, term{kind: termRepository, tag: tag, text: client, glued: true})
	}
	if strings.Contains(bare, "-") {
		if _, after, ok := strings.Cut(name, "/"); ok {
			r.text = after
		}
		p.paths[key] = p.addTerm(root, r)
		return
	}
	p.terms = append(p.terms, r)
	p.paths[key] = int32(len(p.terms) - 1)
}

// repositoryKey is the form in which paths are looked up: lower case, with
// the organisation, and "-" for "_" and ".".
func (t *Taxonomy) repositoryKey(name string) string {
	if !strings.Contains(name, "/") {
		name = t.Organisation + "/" + name
	}
	return string(appendKey(nil, name))
}

// appendKey appends the part of a repository's path in repositoryKey's form.
func appendKey(buf []byte, text string) []byte {
	from := len(buf)
	buf = appendLower(buf, text)
	for i := from; i < len(buf); i++ {
		if buf[i] == '_' || buf[i] == '.' {
			buf[i] = '-'
		}
	}
	return buf
}

func (p *program) addPages(t *Taxonomy) {
	for _, page := range t.Pages {
		host, path, _ := strings.Cut(page, "/")
		key := string(appendKey(nil, host))
		p.pages[key] = append(p.pages[key], path)
		slices.SortStableFunc(p.pages[key], func(a, b string) int { return len(b) - len(a) })
	}
}

// withPlural gives the words in lower case, each also with an "s".
func withPlural(words []string) []string {
	var all []string
	for _, w := range words {
		w = strings.ToLower(w)
		all = append(all, w, w+"s")
	}
	return all
}
