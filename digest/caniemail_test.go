package digest

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aymerick/douceur/css"
	"github.com/aymerick/douceur/parser"
	"golang.org/x/net/html"

	"sigpost/internal/peertest"
)

// reviewed are the features of the letter that a mail program does not know, or
// only in part, with what a reader sees there instead. A feature that is used and
// is not here must be known to all of them.
var reviewed = map[string]string{
	"css-at-media":                      "narrow screens: where it is unknown the two columns stay side by side, and everything can be read",
	"css-at-media-prefers-color-scheme": "dark mode: where it is unknown the letter stays light, or the program turns the colours itself",
	"css-color-scheme":                  "says that the letter has a dark mode: where it is unknown nothing happens",
	"html-meta-color-scheme":            "the same",
	"css-max-width":                     "Word: the table in its conditional comment is 640 pixels wide instead; the picture has its width as an attribute and is narrower than that",
	"css-important":                     "stands in media queries alone, and goes with them",
	"css-display":                       "block: in media queries, and for the picture, which has its paragraph for itself",
	"css-display-none":                  "the words beside the subject: where it is unknown they are the first line of the letter",
	"css-max-height":                    "goes with display: none",
	"css-overflow":                      "goes with display: none",
	"css-letter-spacing":                "small headings stand closer",
	"css-height":                        "auto, of the picture, where it is narrower than its attribute",
	"css-padding":                       "Word: on paragraphs a little less air; cells, which hold the letter, have it",
	"css-margin":                        "of the body alone, and negative or auto: the letter's are none of these",
	"css-list-style":                    "sessions have a mark in front",
	"css-white-space":                   "code in notes is wrapped: where it is unknown a line of code may be long",
	"css-width":                         "of the tables also given as an attribute",
	"css-border":                        "Word: the line beside a quotation may be missing; its words and marks say what it is",
	"css-text-decoration":               "links are underlined by default",
	"css-text-transform":                "small headings are not in capitals",
	"html-style":                        "Gmail drops it where it is too large, and with it dark mode and narrow screens: all else is inlined",
	"html-role":                         "says that tables are for layout: where it is dropped a screen reader may name rows",
	"html-aria-hidden":                  "of the words beside the subject: where it is dropped they are read once more",
	"html-bdi":                          "where it is unknown a name in another direction may stand on the other side of its comma",
	"html-body":                         "the programs make another element of it; its ground is the table's, too",
	"html-width":                        "of the tables, in pixels: Word shows them narrower on screens of 120 dpi",
	"html-align":                        "Outlook for Mac does not align tables to a side: the letter's is in the middle",
	"css-font-size":                     "only rem, percent and words are unknown: the letter has pixels",
	"html-lists":                        "only reversed and value are unknown, which the letter does not use",
	"html-height":                       "of the picture, in pixels: Word shows it smaller on screens of 120 dpi",
	"html-dir":                          "left to right, of the whole letter, which is the programs' default",
	"html-doctype":                      "the programs have one of their own",
	"css-selector-descendant":           "in media queries alone",
	"css-selector-grouping":             "in media queries alone",
	"css-selector-class":                "in media queries alone",
	"css-selector-type":                 "in media queries alone",
}

// notInData are properties of which caniemail says nothing.
var notInData = map[string]string{
	"color":                    "every program knows it",
	"mso-hide":                 "Word's own: it hides the words beside the subject",
	"-webkit-text-size-adjust": "keeps phones from enlarging single paragraphs; elsewhere it is unknown and does nothing",
	"supported-color-schemes":  "the older name of color-scheme",
}

// programs are the mail programs that the letter must do in.
var programs = []string{"gmail", "outlook", "apple-mail", "thunderbird"}

type caniemailFeature struct {
	Slug, Title string
	Stats       map[string]map[string]map[string]string // program, platform, version: "y", "a #1", "n", "u"
}

// Every feature of HTML and CSS in the letter is known to Gmail, Outlook, Apple
// Mail and Thunderbird, or was looked at with what there is instead.
func TestCaniemail(t *testing.T) {
	data, err := os.ReadFile(peertest.Caniemail(t))
	check(t, err)
	var known struct{ Data []caniemailFeature }
	check(t, json.Unmarshal(data, &known))
	if len(known.Data) < 250 {
		t.Fatalf("caniemail has %d features", len(known.Data))
	}
	features := map[string]caniemailFeature{}
	for _, f := range known.Data {
		features[f.Slug] = f
	}
	used := &usage{features: features, used: map[string]bool{}, unknown: map[string]bool{}}
	issue, readers := trial()
	for _, r := range readers {
		letter, err := Render(issue, r)
		check(t, err)
		used.page(t, letter.HTML)
	}
	rich, err := Render(richIssue(t), readers[1])
	check(t, err)
	used.page(t, rich.HTML)
	if len(used.used) < 30 {
		t.Fatalf("only %d features were found in the letter", len(used.used))
	}
	for property := range used.unknown {
		if notInData[property] == "" {
			t.Errorf("the letter uses %s, of which caniemail says nothing and which nobody has looked at", property)
		}
	}
	partly := map[string]bool{}
	for slug := range used.used {
		gaps := gaps(features[slug])
		if len(gaps) == 0 {
			continue
		}
		partly[slug] = true
		t.Logf("%s: %s", slug, strings.Join(gaps, ", "))
		if reviewed[slug] == "" {
			t.Errorf("the letter uses %s (%s), which is not known everywhere, and nobody has looked at what there is instead: %s",
				features[slug].Title, slug, strings.Join(gaps, ", "))
		}
	}
	t.Logf("%d features, of which %d are not known everywhere", len(used.used), len(partly))
	for slug := range reviewed {
		if !partly[slug] {
			t.Errorf("%s was reviewed, and is not used or is known everywhere: take it off the list", slug)
		}
	}
}

// gaps says which programs do not know a feature, or only in part, in the
// versions that are in use: the last one of which there is data, and of Outlook
// for Windows, which is Word, the one before it, too.
func gaps(f caniemailFeature) []string {
	var all []string
	for _, program := range programs {
		for platform, versions := range f.Stats[program] {
			var names []string
			for v := range versions {
				names = append(names, v)
			}
			slices.SortFunc(names, compareVersions)
			last := names[len(names)-1:]
			if program == "outlook" && platform == "windows" && len(names) > 1 {
				last = names[len(names)-2:]
			}
			for _, v := range last {
				if known := versions[v]; strings.HasPrefix(known, "n") || strings.HasPrefix(known, "a") {
					all = append(all, fmt.Sprintf("%s %s %s (%s)", program, platform, v, known))
				}
			}
		}
	}
	slices.Sort(all)
	return all
}

var number = regexp.MustCompile(`\d+`)

func compareVersions(a, b string) int {
	x, y := number.FindAllString(a, -1), number.FindAllString(b, -1)
	for i := range min(len(x), len(y)) {
		m, _ := strconv.Atoi(x[i])
		n, _ := strconv.Atoi(y[i])
		if m != n {
			return m - n
		}
	}
	return len(x) - len(y)
}

// usage gathers the features of pages.
type usage struct {
	features      map[string]caniemailFeature
	used, unknown map[string]bool
}

func (u *usage) use(slugs ...string) (known bool) {
	for _, s := range slugs {
		if _, ok := u.features[s]; ok {
			u.used[s], known = true, true
		}
	}
	return known
}

// elements are those that caniemail has under another name.
var elements = map[string]string{
	"h1": "h1-h6", "h2": "h1-h6", "h3": "h1-h6", "ul": "lists", "ol": "lists", "li": "lists", "em": "strong", "b": "strong",
	"tr": "table", "td": "table", "main": "semantics", "a": "anchor-links",
}

func (u *usage) page(t *testing.T, page string) {
	t.Helper()
	for z := html.NewTokenizer(strings.NewReader(page)); ; {
		switch z.Next() {
		case html.ErrorToken:
			return
		case html.DoctypeToken:
			u.use("html-doctype")
		case html.CommentToken:
			u.use("html-comments")
		case html.StartTagToken, html.SelfClosingTagToken:
			token := z.Token()
			u.element(t, token)
			if token.Data == "style" {
				z.Next()
				sheet, err := parser.Parse(string(z.Text()))
				check(t, err)
				u.rules(sheet.Rules)
			}
		}
	}
}

func (u *usage) element(t *testing.T, token html.Token) {
	t.Helper()
	name := token.Data
	if other := elements[name]; other != "" && other != "anchor-links" {
		name = other
	}
	u.use("html-" + name)
	for _, a := range token.Attr {
		u.use("html-" + a.Key)
		switch {
		case a.Key == "style":
			declarations, err := parser.ParseDeclarations(a.Val)
			check(t, err)
			u.declarations(declarations)
		case a.Key == "href" && strings.HasPrefix(a.Val, "mailto:"):
			u.use("html-mailto-links")
		case a.Key == "href" && strings.HasPrefix(a.Val, "#"):
			u.use("html-anchor-links")
		case a.Key == "name" && a.Val == "color-scheme":
			u.use("html-meta-color-scheme")
		}
	}
}

func (u *usage) rules(rules []*css.Rule) {
	for _, r := range rules {
		if r.Kind == css.AtRule {
			u.use("css-at-" + strings.TrimPrefix(r.Name, "@"))
			for _, feature := range []string{"prefers-color-scheme", "orientation", "hover", "prefers-reduced-motion"} {
				if strings.Contains(r.Prelude, feature) {
					u.use("css-at-media-" + feature)
				}
			}
			u.rules(r.Rules)
		}
		if len(r.Selectors) > 1 {
			u.use("css-selector-grouping")
		}
		for _, s := range r.Selectors {
			for mark, slug := range map[string]string{".": "class", "#": "id", " ": "descendant", ">": "child", "+": "adjacent-sibling", "[": "attribute", "*": "universal"} {
				if strings.Contains(s, mark) {
					u.use("css-selector-" + slug)
				}
			}
			if s[0] >= 'a' && s[0] <= 'z' {
				u.use("css-selector-type")
			}
			if _, pseudo, ok := strings.Cut(s, ":"); ok {
				u.use("css-pseudo-class-" + pseudo)
			}
		}
		u.declarations(r.Declarations)
	}
}

// longhands are properties that caniemail has under their shorthand's name.
var longhands = regexp.MustCompile(`^(border|padding|margin|font|text-decoration)-.*$`)

var units = regexp.MustCompile(`\d(px|%|em|rem|vh|vw|pt)(?:[^a-z]|$)`)

func (u *usage) declarations(declarations []*css.Declaration) {
	for _, d := range declarations {
		if !u.use("css-"+d.Property) && !u.use("css-"+longhands.ReplaceAllString(d.Property, "$1")) {
			u.unknown[d.Property] = true
		}
		if d.Important {
			u.use("css-important")
		}
		u.use("css-" + d.Property + "-" + d.Value) // display-none
		for _, unit := range units.FindAllStringSubmatch(d.Value, -1) {
			u.use("css-unit-" + strings.Replace(unit[1], "%", "percent", 1))
		}
		for _, function := range []string{"rgb", "rgba", "calc", "min", "max", "clamp"} {
			if strings.Contains(d.Value, function+"(") {
				u.use("css-"+function, "css-function-"+function, "css-unit-"+function)
			}
		}
	}
}
