package web

import (
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"sigpost"
	"sigpost/store"
)

// ThreadsPath is where all threads are, and those that a filter leaves.
const ThreadsPath = "/threads"

// maxTopics is how many topics a filter may have.
const maxTopics = 5

// topicPath is the page of a tag: a nature's is a list of threads.
func topicPath(t sigpost.Tag) string {
	if t.Kind == sigpost.KindNature {
		return ThreadsPath + "?nature=" + url.QueryEscape(t.Name)
	}
	return "/topics/" + url.PathEscape(string(t.Kind)) + "/" + url.PathEscape(t.Name)
}

// tagLinks are the links to what threads are about. They are on every row of a
// list, and a template would take most of a page's time for them.
func tagLinks(tags []sigpost.Tagging) template.HTML {
	var b strings.Builder
	for _, t := range tags {
		b.WriteString(`<a class="tag" href="` + template.HTMLEscapeString(topicPath(t.Tag)) + `">` + template.HTMLEscapeString(t.Title) + "</a> ")
	}
	return template.HTML(b.String())
}

// topicOptions are the topics to choose from in a form, by kind.
func topicOptions(topics []topicCount) template.HTML {
	var b strings.Builder
	for _, g := range groups(topics) {
		b.WriteString(`<optgroup label="` + template.HTMLEscapeString(g.Title) + "\">\n")
		for _, t := range g.Topics {
			b.WriteString(`<option value="` + template.HTMLEscapeString(t.Tag.String()) + `">` + template.HTMLEscapeString(t.Title) + "</option>\n")
		}
		b.WriteString("</optgroup>\n")
	}
	return template.HTML(b.String())
}

func listPath(name string) string { return "/lists/" + url.PathEscape(name) }

// filter says which threads somebody wants to see: those for which all of it
// holds.
type filter struct {
	Topics        []sigpost.Tag
	Nature        sigpost.Nature
	List          string
	After, Before string // days, as in a date field
	Unanswered    bool
	Author, Words string
	after, before time.Time
	at            store.ThreadPosition
}

// readFilter reads a query. What is wrong with what people type is in words in
// problem; what only a broken link has is an error.
func readFilter(r *http.Request) (f filter, problem string, err error) {
	for _, name := range r.Form["topic"] {
		tag, ok := sigpost.ParseTag(name)
		switch {
		case name == "": // the form's "any"
		case !ok || tag.Kind == sigpost.KindNature:
			return f, "", sigpost.ErrNotFound
		case !slices.Contains(f.Topics, tag):
			f.Topics = append(f.Topics, tag)
		}
	}
	if len(f.Topics) > maxTopics {
		return f, "", sigpost.Usage(fmt.Errorf("more than %d topics", maxTopics))
	}
	f.Nature = sigpost.Nature(r.FormValue("nature"))
	if f.Nature != "" && f.Nature.Title() == "" {
		return f, "", sigpost.ErrNotFound
	}
	f.List, f.Unanswered = r.FormValue("list"), r.FormValue("unanswered") != ""
	f.Author, f.Words = brief(r.FormValue("author")), brief(r.FormValue("q"))
	f.After, f.Before = brief(r.FormValue("after")), brief(r.FormValue("before"))
	for _, day := range []struct {
		text string
		at   *time.Time
	}{{f.After, &f.after}, {f.Before, &f.before}} {
		if day.text == "" {
			continue
		}
		if *day.at, err = time.Parse(time.DateOnly, day.text); err != nil {
			problem = fmt.Sprintf("%q is no day. Please write days as 2016-04-30.", day.text)
		}
	}
	f.at, err = readCursor(r.FormValue("from"))
	return f, problem, err
}

// IsDay says whether a field for days can show a text. What is none is shown as text,
// for whoever typed it to mend.
func (filter) IsDay(text string) bool {
	_, err := time.Parse(time.DateOnly, text)
	return text == "" || err == nil
}

// brief is what somebody typed, without what no field needs.
func brief(text string) string {
	text = strings.TrimSpace(text)
	if len(text) > 200 {
		text = strings.ToValidUTF8(text[:200], "")
	}
	return text
}

// cursor writes a place in the order of threads: two numbers to base 36.
func cursor(p store.ThreadPosition) string {
	return strconv.FormatInt(p.Last.UnixMicro(), 36) + "." + strconv.FormatInt(p.ID, 36)
}

func readCursor(text string) (p store.ThreadPosition, err error) {
	if text == "" {
		return p, nil
	}
	last, id, _ := strings.Cut(text, ".")
	at, err := strconv.ParseInt(last, 36, 64)
	if err == nil {
		p.ID, err = strconv.ParseInt(id, 36, 64)
	}
	if err != nil {
		return p, sigpost.Usage(err)
	}
	p.Last = time.UnixMicro(at)
	return p, nil
}

// query is what the store is asked.
func (f filter) query() store.ThreadQuery {
	q := store.ThreadQuery{Tags: slices.Clone(f.Topics), List: f.List, Unanswered: f.Unanswered, Author: f.Author, From: f.after, Until: f.before, Before: f.at, Limit: threadsShown}
	if f.Nature != "" {
		q.Tags = append(q.Tags, f.Nature.Tag())
	}
	return q
}

// values are the filter as a query, without its place.
func (f filter) values() url.Values {
	v := url.Values{}
	for _, t := range f.Topics {
		v.Add("topic", t.String())
	}
	for name, value := range map[string]string{"nature": string(f.Nature), "list": f.List, "after": f.After, "before": f.Before, "author": f.Author} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if f.Unanswered {
		v.Set("unanswered", "1")
	}
	return v
}

// without is the URL of the threads that there are without a part of the filter.
func (f filter) without(name, value string) string {
	v := f.values()
	v[name] = slices.DeleteFunc(v[name], func(has string) bool { return has == value })
	if len(v[name]) == 0 {
		delete(v, name)
	}
	return withQuery(ThreadsPath, v)
}

// next is the URL of the page behind a place; "" where there is none.
func next(path string, v url.Values, p store.ThreadPosition) string {
	if p == (store.ThreadPosition{}) {
		return ""
	}
	v.Set("from", cursor(p))
	return withQuery(path, v)
}

func withQuery(path string, v url.Values) string {
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

// search is the filter as a search for its words.
func (f filter) search() string {
	words := []string{f.Words}
	add := func(name, value string) {
		if value == "" {
			return
		}
		if strings.ContainsAny(value, ` "():`) {
			value = `"` + strings.ReplaceAll(value, `"`, " ") + `"`
		}
		words = append(words, name+":"+value)
	}
	for _, t := range f.Topics {
		name := "tag"
		if t.Kind == sigpost.KindScenario {
			name = "scenario"
		}
		add(name, t.Name)
	}
	add("nature", string(f.Nature))
	add("list", f.List)
	add("from", f.Author)
	add("after", f.After)
	add("before", f.Before)
	if f.Unanswered {
		add("is", "unanswered")
	}
	return "/search?" + url.Values{"q": {strings.Join(words, " ")}}.Encode()
}

// activeFilter is a part of the filter in words, and where it is gone.
type activeFilter struct{ Words, URL string }

// active are the parts of the filter.
func (s *site) active(f filter, topics []topicCount) (all []activeFilter) {
	add := func(words, name, value string) { all = append(all, activeFilter{words, f.without(name, value)}) }
	for _, t := range topics {
		add("about "+t.Title, "topic", t.Tag.String())
	}
	if f.Nature != "" {
		add("of the kind “"+f.Nature.Title()+"”", "nature", string(f.Nature))
	}
	if f.List != "" {
		add("on the list "+f.List, "list", f.List)
	}
	if f.Unanswered {
		add("waiting for an answer", "unanswered", "1")
	}
	if f.Author != "" {
		add("with a message by “"+f.Author+"”", "author", f.Author)
	}
	if f.After != "" {
		add("last message on "+dayWords(f.after, f.After)+" or after", "after", f.After)
	}
	if f.Before != "" {
		add("last message before "+dayWords(f.before, f.Before), "before", f.Before)
	}
	return all
}

func dayWords(day time.Time, typed string) string {
	if day.IsZero() {
		return typed
	}
	return day.Format("2 January 2006")
}
