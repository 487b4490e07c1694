package classify

import (
	"bytes"
	"fmt"
	"strings"
)

// URL patterns are kept as a trie over the segments of a URL: its host, the
// parts of its path, and what stands behind "?", "#" and "&". A URL is looked up
// segment by segment, each with a few looks into a map, so the time depends on
// the URL's length and not on how many patterns there are.

// What of a URL is looked at. Longer ones are cut.
const (
	maxURL        = 512
	maxURLSegment = 64
)

// anySegment stands for one whole segment of a URL. Segments never hold it.
const anySegment = "*"

// urlEdge leads from a node over a segment, in lower case, to the next. A
// segment with a "*" at its end leads to what begins like it.
type urlEdge struct {
	node    int32
	segment string
}

// urlNode is a state of the trie over segments. Terms are -1 where there is
// none.
type urlNode struct {
	exact int32 // the URL ends here
	below int32 // there is more of it, whatever it is
	any   int32 // node over any one segment, or 0
	// starts says that some pattern goes on with the beginning of a segment.
	starts bool
}

// urlTrie is all URL patterns of a taxonomy. Node 0 is before the host.
type urlTrie struct {
	nodes []urlNode
	edges map[urlEdge]int32
}

func newURLTrie() urlTrie {
	return urlTrie{nodes: []urlNode{{exact: -1, below: -1}}, edges: map[urlEdge]int32{}}
}

// next gives the node behind segment, which it makes where there is none.
func (t *urlTrie) next(at int32, segment string) int32 {
	e := urlEdge{at, segment}
	to, ok := t.edges[e]
	if !ok {
		to = int32(len(t.nodes))
		t.nodes = append(t.nodes, urlNode{exact: -1, below: -1})
		t.edges[e] = to
	}
	return to
}

// add puts a pattern that checkURL has found well-formed into the trie.
func (t *urlTrie) add(pattern string, term int32) {
	segments := urlSegments(pattern)
	at := t.next(0, string(appendKey(nil, segments[0])))
	for i, s := range segments[1:] {
		switch stem, open := strings.CutSuffix(s, "*"); {
		case !open:
			at = t.next(at, s)
		case i+2 == len(segments) && stem == "":
			t.nodes[at].below = term
			return
		case i+2 == len(segments):
			t.nodes[at].starts = true
			at = t.next(at, s)
			t.nodes[at].exact, t.nodes[at].below = term, term
			return
		default:
			if t.nodes[at].any == 0 {
				any := t.next(at, anySegment) // before the node itself: next moves the nodes
				t.nodes[at].any = any
			}
			at = t.nodes[at].any
		}
	}
	t.nodes[at].exact = term
}

// urlSegments cuts a URL without its scheme, in lower case, into segments.
func urlSegments(url string) []string {
	return strings.FieldsFunc(string(appendLower(nil, url)), isURLMark)
}

func isURLMark(r rune) bool { return r == '/' || r == '?' || r == '#' || r == '&' }

// urlKey is the form in which two patterns for the same URLs are the same.
func urlKey(pattern string) string { return strings.Join(urlSegments(pattern), "/") }

// checkURL says what is wrong with a URL pattern, or "".
func checkURL(pattern string) string {
	if scheme, rest, ok := strings.Cut(pattern, "://"); ok {
		return fmt.Sprintf("write %q without %s://", rest, scheme)
	}
	segments := urlSegments(pattern)
	switch {
	case strings.ContainsAny(pattern, " \t\r\n"):
		return "there is white space in it"
	case len(segments) == 0 || isURLMark(rune(pattern[0])):
		return "it must begin with a host, such as wiki.example.org"
	case strings.Contains(segments[0], "*"):
		return `its host must be a whole name, without "*"`
	case !isHost(segments[0]):
		return fmt.Sprintf("%q is no host: letters, digits and dashes with dots between", segments[0])
	}
	for i, s := range segments[1:] {
		stars := strings.Count(s, "*")
		if stars > 1 || stars == 1 && s != anySegment && (i+2 < len(segments) || !strings.HasSuffix(s, "*")) {
			return `a "*" may stand for one whole part between slashes, or at the very end`
		}
		if len(s) > maxURLSegment {
			return fmt.Sprintf("a part of it has more than %d bytes", maxURLSegment)
		}
	}
	return ""
}

// isHost says whether it could be the name of a host (RFC 1123, section 2.1) in
// lower case, with a dot in it.
func isHost(s string) bool {
	labels := strings.Split(s, ".")
	for _, label := range labels {
		if label == "" || strings.Trim(label, "-") != label || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	return len(labels) > 1
}

// findURL looks at head, the atoms [i, end), as the host of a URL that a pattern
// matches. It says whether one does.
func (s *scratch) findURL(p *program, text, head string, i, end int, from field, doc int32) bool {
	s.buf = appendKey(s.buf[:0], head)
	host, ok := p.urls.edges[urlEdge{0, string(s.buf)}]
	if bare, www := bytes.CutPrefix(s.buf, []byte("www-")); !ok && www {
		host, ok = p.urls.edges[urlEdge{0, string(bare)}]
	}
	if !ok {
		return false
	}
	begin := int(s.atoms[end-1].end)
	rest := text[begin:min(len(text), begin+maxURL)]
	rest = strings.TrimRight(rest[:urlSize(rest)], ".,;:!?'*_)]}")
	if rest != "" && !isURLMark(rune(rest[0])) {
		return false // a port, or no URL at all
	}
	id, size := s.walkURL(&p.urls, host, rest, 0)
	if id < 0 {
		return false
	}
	s.domain = true
	f := fieldPath
	if from == fieldQuoted {
		f = fieldQuoted
	}
	t := &p.terms[id]
	s.hits = append(s.hits, hit{
		term: id, tag: t.tag, kind: t.kind, field: f, from: from, doc: doc,
		start: s.atoms[i].start, end: int32(begin + size),
	})
	for j := i; j < len(s.atoms) && int(s.atoms[j].start) < begin+size; j++ {
		s.atoms[j].flags |= atomTaken
	}
	return true
}

// walkURL goes over the segments of rest from byte at on, and gives the term
// of the pattern that says most of it, with where it ends, or -1. What is
// named goes before what "*" stands for.
func (s *scratch) walkURL(t *urlTrie, node int32, rest string, at int) (term int32, size int) {
	n := &t.nodes[node]
	start := at
	for start < len(rest) && isURLMark(rune(rest[start])) {
		start++
	}
	if start == len(rest) {
		return n.exact, start
	}
	end := start
	for end < len(rest) && !isURLMark(rune(rest[end])) {
		end++
	}
	if end-start <= maxURLSegment {
		s.buf = appendLower(s.buf[:0], rest[start:end])
		if next, ok := t.edges[urlEdge{node, string(s.buf)}]; ok {
			if term, size = s.walkURL(t, next, rest, end); term >= 0 {
				return term, size
			}
		}
	}
	if n.starts {
		s.buf = append(appendLower(s.buf[:0], rest[start:min(end, start+maxURLSegment)]), 0)
		for cut := len(s.buf) - 1; cut > 0; cut-- {
			s.buf[cut] = '*'
			if next, ok := t.edges[urlEdge{node, string(s.buf[:cut+1])}]; ok {
				return t.nodes[next].below, end
			}
		}
	}
	if n.any > 0 {
		if term, size = s.walkURL(t, n.any, rest, end); term >= 0 {
			return term, size
		}
	}
	if n.below >= 0 {
		return n.below, end
	}
	// A query or a fragment is a place in the same page.
	if mark := rest[at]; n.exact >= 0 && (mark == '?' || mark == '#') {
		return n.exact, at
	}
	return -1, 0
}
