package classify

import "strings"

// context says why a term counts where it stands.
type context uint8

const (
	contextNone      context = iota // it needs none
	contextOwn                      // beside a word of the tag's own
	contextNeighbour                // beside a word for parts of projects
	contextCapital                  // capital letter inside a sentence
	contextMissing                  // it needs some, and there is none
)

// String is what evidence adds of the context; "" for none.
func (c context) String() string {
	return [...]string{
		"", " beside a word of its own", " beside a word for parts of it",
		" with a capital letter", " in passing",
	}[c]
}

// field is where a term was found: Evidence.Field.
type field uint8

const (
	fieldTag field = iota
	fieldSubject
	fieldPath
	fieldText
	fieldQuoted
	fieldList
)

// String is Evidence.Field.
func (f field) String() string {
	return [...]string{"subject-tag", "subject", "path", "text", "quoted", "list"}[f]
}

// hit is a term that was found, or a group of them.
type hit struct {
	term  int32 // index of program.terms, or of program.groups if grouped
	tag   int32
	field field
	from  field // the text it was found in: subject, text or quoted
	kind  termKind
	edits uint8

	own, neighbour, capital bool
	part                    bool // a further word of a group: it weighs nothing

	start, end int32 // bytes of the text
	doc        int32
	// weigh sets these.
	context       context
	weight, limit float64
}

// word is a part of a group that was found.
type word struct {
	term, atom, start, end int32
}

// scratch is the memory of one classification, used again for the next.
type scratch struct {
	atoms []atom
	hits  []hit
	words []word
	buf   []byte
	spelt table // by word: what spelling.pack made of it
	sums  []sum
	// anchors are the words of the text that joined names may stand at.
	anchors []anchor
	// subjects are those of the thread's documents so far.
	subjects map[string]bool
	// domain says that the document at hand is about the taxonomy's field,
	// anyDomain that one of the thread is.
	domain, anyDomain bool
	alone             bool // a document stands alone
	bag               bag
	all               *wordBag  // of all terms, for who learns; else nil
	margins           []float64 // by tag: see judge.go
	doubtful          []bool    // by tag: a name that may be none speaks for it
	spoken            []bool    // by tag: the words speak for it, all in all
}

// maxSpelt bounds the words whose spelling is remembered; a list's vocabulary
// is far smaller.
const maxSpelt = 1 << 15

// find appends the hits of a text.
func (s *scratch) find(c *Classifier, text string, from field, doc int32) {
	s.atoms = scan(s.atoms[:0], text)
	s.words = s.words[:0]
	s.identify(c, text)
	for i := range s.atoms {
		if s.atoms[i].flags&atomRun != 0 && s.atoms[i].flags&atomAddress == 0 {
			s.findPath(c.program, text, i, from, doc)
		}
	}
	// Roots are walked apart, each leftmost and longest, so that terms of one
	// kind do not hide those of another.
	for root := int32(firstKind); root < int32(c.program.roots); root++ {
		for i := 0; i < len(s.atoms); {
			i = max(i+1, s.findTerm(c.program, text, root, i, from, doc))
		}
	}
	for i := range s.atoms {
		s.findWord(c.program, i)
		s.findWeighed(c.program, i, from, doc)
	}
	s.findGroups(c.program, from, doc)
}

// identify gives the atoms their words, misspelt names those that are meant.
func (s *scratch) identify(c *Classifier, text string) {
	s.anchors = s.anchors[:0]
	for i := range s.atoms {
		a := &s.atoms[i]
		s.buf = appendLower(s.buf[:0], text[a.start:a.end])
		var whole termHash
		whole, a.hash = hashWord(s.buf)
		if id, ok := c.program.index.get(whole); ok {
			flags := c.program.flags[id]
			if flags&wordJoined != 0 {
				s.anchors = append(s.anchors, anchor{int32(i), id})
			}
			if flags&wordDomain != 0 && a.flags&atomAddress == 0 {
				s.domain = true
			}
			if flags&wordHead == 0 {
				if a.id = id; flags&wordRun != 0 {
					a.edits = 1
				}
				continue
			}
		}
		if len(s.buf) < minSpellWord || len(s.buf) > maxSpellWord || a.flags&(atomURL|atomAddress) != 0 {
			continue
		}
		known, ok := s.spelt.get(whole)
		if !ok {
			if s.spelt.size >= maxSpelt {
				s.spelt = table{}
			}
			known = c.speller.spell(string(s.buf)).pack()
			s.spelt.put(whole, known)
		}
		a.id, a.edits = unpack(known)
	}
	s.identifyJoined(c, text)
}

// run gives the end of the run of glued atoms that begins with atom i.
func (s *scratch) run(i int) int {
	for i++; i < len(s.atoms) && s.atoms[i].gap == gapGlue; i++ {
	}
	return i
}

// findPath looks at atom i as the beginning of a URL that a pattern matches, of
// "organisation/repository" or of the address of a page.
func (s *scratch) findPath(p *program, text string, i int, from field, doc int32) {
	end := s.run(i)
	head := text[s.atoms[i].start:s.atoms[end-1].end]
	if end-i > 1 && s.findURL(p, text, head, i, end, from, doc) {
		return
	}
	if end >= len(s.atoms) || s.atoms[end].gap != gapSlash {
		return
	}
	s.buf = appendKey(s.buf[:0], head)
	if p.orgs[string(s.buf)] {
		s.buf = append(s.buf, '/')
		s.findRepository(p, text, i, end, from, doc)
		return
	}
	for _, path := range p.pages[string(s.buf)] {
		rest := text[s.atoms[end].start:]
		if !strings.HasPrefix(rest, path) {
			continue
		}
		next := end
		for next < len(s.atoms) && int(s.atoms[next].start) < int(s.atoms[end].start)+len(path) {
			next++
		}
		if next < len(s.atoms) && (next == end || s.atoms[next].gap == gapSlash) {
			s.buf = append(appendKey(s.buf[:0], p.home), '/')
			s.findRepository(p, text, i, next, from, doc)
		}
		return
	}
}

// maxRepository bounds the words of a repository's name that are looked up.
const maxRepository = 10

// findRepository looks up the run that begins with atom at, behind the
// organisation in s.buf. The path itself begins with atom i.
func (s *scratch) findRepository(p *program, text string, i, at int, from field, doc int32) {
	end := min(s.run(at), at+maxRepository)
	org := len(s.buf)
	for ; end > at; end-- {
		// "nova.git" and "nova.html" are nova: the longest name counts.
		name := text[s.atoms[at].start:s.atoms[end-1].end]
		if len(name) > maxLine {
			continue
		}
		s.buf = appendKey(s.buf[:org], name)
		id, ok := p.paths[string(s.buf)]
		for cut := len(s.buf); !ok && cut >= org; cut-- {
			if c := s.buf[cut-1]; c == '-' || c == '/' {
				s.buf = append(s.buf[:cut], '*')
				id, ok = p.paths[string(s.buf)]
			}
		}
		if !ok {
			continue
		}
		s.domain = true
		f := fieldPath
		if from == fieldQuoted {
			f = fieldQuoted
		}
		t := p.terms[id]
		s.hits = append(s.hits, hit{
			term: id, tag: t.tag, kind: t.kind, field: f, from: from, doc: doc,
			start: s.atoms[i].start, end: s.atoms[end-1].end,
		})
		for j := i; j < end; j++ {
			s.atoms[j].flags |= atomTaken
		}
		return
	}
}

// findTerm looks for the longest term of a kind that begins with atom i, and
// gives the index of the first atom behind it, or 0.
func (s *scratch) findTerm(p *program, text string, root int32, i int, from field, doc int32) int {
	a := &s.atoms[i]
	if a.id == noWord || p.flags[a.id]&wordTag == 0 || a.flags&(atomURL|atomAddress|atomTaken) != 0 {
		return 0
	}
	at, glued, edits := root, true, uint8(0)
	end, best := 0, int32(-1)
	var bestEdits uint8
	for j := i; j < len(s.atoms); j++ {
		b := &s.atoms[j]
		if j > i && b.gap == gapBreak {
			break
		}
		next, ok := p.edges[edge{at, b.id}]
		if !ok {
			break
		}
		at, glued, edits = next, glued && (j == i || b.gap == gapGlue), max(edits, b.edits)
		for _, id := range p.nodes[at].terms {
			if p.terms[id].fits(text[a.start:b.end], a, glued, edits) {
				end, best, bestEdits = j+1, id, edits
				break
			}
		}
	}
	if best < 0 {
		return 0
	}
	t := &p.terms[best]
	h := hit{
		term: best, tag: t.tag, kind: t.kind, edits: bestEdits, field: from, from: from, doc: doc,
		start: a.start, end: s.atoms[end-1].end,
	}
	h.capital = a.flags&atomCapital != 0 && a.flags&atomSentence == 0
	s.neighbours(p, &h, i, end)
	if (!t.guarded || h.own) && !t.silent && h.edits == 0 && t.kind != termPhrase && t.kind != termAcronym {
		s.domain = true
	}
	s.hits = append(s.hits, h)
	return end
}

// fits says whether a term may match here, beyond its words.
func (t *term) fits(matched string, first *atom, glued bool, edits uint8) bool {
	switch t.kind {
	case termAcronym:
		return matched == t.text
	case termChannel:
		return glued && edits == 0 && first.flags&atomHash != 0
	case termRepository:
		return glued && edits == 0
	case termClient:
		return (glued || !t.glued) && edits == 0
	case termAlias, termFormer:
		return true
	}
	return edits == 0
}

// neighbours looks at the words on both sides of the atoms [i, end).
func (s *scratch) neighbours(p *program, h *hit, i, end int) {
	look := func(j int) {
		if id := s.atoms[j].id; id != noWord && s.atoms[j].edits == 0 {
			h.own = h.own || p.own[edge{h.tag, id}]
			h.neighbour = h.neighbour || p.flags[id]&wordNeighbour != 0
		}
	}
	if i > 0 && s.atoms[i].gap != gapBreak {
		look(i - 1)
	}
	if end+1 < len(s.atoms) && s.atoms[end].end-s.atoms[end].start == 1 && s.atoms[end].gap != gapBreak {
		end++ // the "s" of "Heat's"
	}
	if end < len(s.atoms) && s.atoms[end].gap != gapBreak {
		look(end)
	}
}

// findWord notes the longest part of a group that begins with atom i.
func (s *scratch) findWord(p *program, i int) {
	a := &s.atoms[i]
	if a.id == noWord || p.flags[a.id]&wordTogether == 0 || a.edits > 0 || a.flags&(atomURL|atomAddress) != 0 {
		return
	}
	at, found := int32(rootTogether), word{term: -1}
	for j := i; j < len(s.atoms) && (j == i || s.atoms[j].gap != gapBreak); j++ {
		next, ok := p.edges[edge{at, s.atoms[j].id}]
		if !ok {
			break
		}
		at = next
		if terms := p.nodes[at].terms; len(terms) > 0 {
			found = word{term: terms[0], atom: int32(i), start: a.start, end: s.atoms[j].end}
		}
	}
	if found.term >= 0 {
		s.words = append(s.words, found)
	}
}

// window is how many words apart the parts of a group may stand.
const window = 12

// findGroups finds the groups of which every word stands close to the first.
// Each word becomes a hit, of which the first has the weight.
func (s *scratch) findGroups(p *program, from field, doc int32) {
	for i, first := range s.words {
		for _, id := range p.groupsOf[first.term] {
			g := &p.groups[id]
			h := hit{term: id, tag: g.tag, kind: termTogether, field: from, from: from, doc: doc}
			h.start, h.end = first.start, first.end
			before := len(s.hits)
			s.hits = append(s.hits, h)
			for _, want := range g.words[1:] {
				w, ok := s.near(i, want)
				if !ok {
					s.hits = s.hits[:before]
					break
				}
				h.part, h.start, h.end = true, w.start, w.end
				s.hits = append(s.hits, h)
			}
		}
	}
}

// near finds the wanted word that is closest to words[i].
func (s *scratch) near(i int, want int32) (word, bool) {
	at := s.words[i].atom
	for d := 1; d < len(s.words); d++ {
		before, after := i-d, i+d
		inside := false
		if before >= 0 && at-s.words[before].atom <= window {
			inside = true
			if s.words[before].term == want {
				return s.words[before], true
			}
		}
		if after < len(s.words) && s.words[after].atom-at <= window {
			inside = true
			if s.words[after].term == want {
				return s.words[after], true
			}
		}
		if !inside {
			break
		}
	}
	return word{}, false
}
