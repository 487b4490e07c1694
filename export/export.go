// Package export writes a site's pages as files that any web server or object
// store can serve, and the next time only what has changed.
//
// It asks a Source for pages and follows the links in them. What belongs to a
// thread is asked for again only when the thread's stamp is another one; all other
// pages are made anew each time, and written where they are other than before.
// Links between pages are relative. Package web knows what there is to be copied.
package export

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Place is where the answer to a URL is kept.
type Place struct {
	// Folder are the names of the folders, from the root; any text is one.
	Folder []string
	// File is the name of the file; "" is that of a page, which web servers give out
	// for its folder.
	File string
	// Thread is the number of the thread to which it belongs, or 0.
	Thread int64
	// Permalink is the path of the message to which it belongs, or "". What that
	// leads to is the message's thread.
	Permalink string
}

// Answer is what a source says to a URL.
type Answer struct {
	Status   int
	Type     string // as in Content-Type
	Location string // where Status is that of a redirect
	Body     []byte
}

// Source has the pages. Targets are paths with their queries.
type Source interface {
	Get(ctx context.Context, target string) (Answer, error)
	// Place says where the answer is kept; ok is false for what is not copied.
	Place(target *url.URL) (p Place, ok bool)
	// Starts are the targets from which the others are found, but for threads.
	Starts() []string
	// Threads gives the numbers of all threads, ThreadPath where one is, and Stamp
	// what all pages of one depend on.
	Threads(ctx context.Context) ([]int64, error)
	ThreadPath(id int64) string
	Stamp(ctx context.Context, id int64) (string, error)
}

// Options say how to export.
type Options struct {
	// URL is where the files will be served, without a slash at its end. Only feeds
	// and canonical links need it; it may be empty.
	URL string
	// Live is the URL of a site that answers what files cannot; it may be empty.
	Live string
	// Fresh makes and writes everything anew.
	Fresh bool
	// Progress is told how many threads are done; it may be nil.
	Progress func(done, total int)
}

// Report says what was done.
type Report struct {
	Threads   int `json:"threads"`
	Unchanged int `json:"unchanged_threads"`
	Files     int `json:"files"`   // that there are now
	Written   int `json:"written"` // of them, in this run
	Removed   int `json:"removed"`
	// Failed are targets that could not be made, with the reason; what was there of
	// them is kept.
	Failed []string `json:"failed,omitempty"`
}

type exporter struct {
	Options
	source Source
	tree   *tree
	names  *names
	report Report
	// rest are targets outside threads that are still to be made.
	rest   []string
	wanted map[string]string // every target outside threads, by itself
	// places are those of targets that were looked for lately, asked are answers
	// that have come and are not written yet.
	places map[string]placed
	asked  map[string]Answer
	own    *regexp.Regexp
}

// placed is where a target is kept; ok is false where it is not.
type placed struct {
	Place
	file string
	ok   bool
}

// placesKept is how many places are remembered. Most links are on every page.
const placesKept = 20_000

// place says where a target is kept.
func (x *exporter) place(u *url.URL) placed {
	key := target(u)
	if known, ok := x.places[key]; ok {
		return known
	}
	if len(x.places) >= placesKept {
		clear(x.places)
	}
	p, ok := x.source.Place(u)
	known := placed{Place: p, ok: ok}
	if ok {
		known.file = x.names.file(p)
	}
	x.places[key] = known
	return known
}

// get asks for a target.
func (x *exporter) get(ctx context.Context, target string) (Answer, error) {
	if answer, ok := x.asked[target]; ok {
		delete(x.asked, target)
		return answer, nil
	}
	answer, err := x.source.Get(ctx, target)
	if ctx.Err() != nil {
		err = ctx.Err()
	} else if err == nil && answer.Status >= 500 {
		err = fmt.Errorf("it is answered with status %d: see the log", answer.Status)
	}
	return answer, err
}

// Write exports to a folder, which is made where it is not there. One that holds
// what export did not write is refused.
func Write(ctx context.Context, dir string, source Source, o Options) (Report, error) {
	t, err := openTree(dir, o.Fresh)
	if err != nil {
		return Report{}, err
	}
	defer t.close()
	x := &exporter{Options: o, source: source, tree: t, names: newNames(), wanted: map[string]string{}, places: map[string]placed{}, asked: map[string]Answer{}}
	for path := range t.old {
		x.names.claim(path)
	}
	if err := x.run(ctx); err != nil {
		return x.report, err
	}
	if err := t.finish(); err != nil {
		return x.report, err
	}
	x.report.Files, x.report.Written, x.report.Removed = len(t.now), t.written, t.removed
	return x.report, nil
}

func (x *exporter) run(ctx context.Context) error {
	ids, err := x.source.Threads(ctx)
	if err != nil {
		return err
	}
	for i, id := range ids {
		if err := x.thread(ctx, id); err != nil {
			return err
		}
		if x.Progress != nil {
			x.Progress(i+1, len(ids))
		}
	}
	x.report.Threads = len(ids)
	for _, start := range x.source.Starts() {
		x.want(start)
	}
	there := make(map[int64]bool, len(ids))
	for _, id := range ids {
		there[id] = true
	}
	rest := &group{}
	for id := range x.tree.groups { // of threads that are not any more: they may have been joined to others
		if id != 0 && !there[id] {
			rest.Moved = append(rest.Moved, id)
		}
	}
	if before := x.tree.groups[0]; before != nil {
		rest.Moved = append(rest.Moved, before.Moved...)
	}
	slices.Sort(rest.Moved)
	return x.outside(ctx, rest, there)
}

// outside makes what belongs to no thread.
func (x *exporter) outside(ctx context.Context, g *group, there map[int64]bool) error {
	g.Moved = slices.DeleteFunc(slices.Compact(g.Moved), func(id int64) bool { return there[id] })
	var moved []int64
	for _, id := range g.Moved {
		answer, err := x.get(ctx, x.source.ThreadPath(id))
		switch {
		case ctx.Err() != nil:
			return err
		case err != nil:
			x.fail(x.source.ThreadPath(id), err)
		case answer.Location == "": // it is gone
			continue
		}
		moved = append(moved, id)
		x.want(x.source.ThreadPath(id))
	}
	g.Moved = moved
	for len(x.rest) > 0 {
		target := x.rest[0]
		x.rest = x.rest[1:]
		links, err := x.make(ctx, target, g, x.keepOutside(g))
		if err != nil {
			return err
		}
		for _, link := range links {
			x.want(link)
		}
	}
	x.tree.groupsNow[0] = g
	return nil
}

// keepOutside keeps a file that cannot be made anew as it was.
func (x *exporter) keepOutside(g *group) func(file string) {
	return func(file string) {
		if x.tree.keep(file) {
			g.Files = append(g.Files, file)
		}
	}
}

// want asks for a target outside threads.
func (x *exporter) want(target string) string {
	if same, ok := x.wanted[target]; ok {
		return same
	}
	x.wanted[target] = target
	x.rest = append(x.rest, target)
	return target
}

// errFailed says that a page could not be made, which is in the report.
var errFailed = errors.New("failed")

// thread makes what belongs to a thread, where that has changed.
func (x *exporter) thread(ctx context.Context, id int64) error {
	stamp, err := x.source.Stamp(ctx, id)
	if err != nil {
		return err
	}
	old := x.tree.groups[id]
	if old != nil && old.Stamp == stamp && x.tree.holds(old) {
		x.keepThread(id, old)
		x.report.Unchanged++
		return nil
	}
	b := &bundle{exporter: x, id: id, group: &group{Stamp: stamp}, seen: map[string]bool{}, mine: map[string]bool{}}
	b.add(x.source.ThreadPath(id))
	err = b.run(ctx)
	if errors.Is(err, errFailed) { // what was there stays, and the next run tries again
		b.group.Stamp, err = "", nil
		if old != nil {
			x.keepThread(id, old)
			b.group.Files = append(b.group.Files, old.Files...)
			b.group.Wants = append(b.group.Wants, old.Wants...)
		}
	}
	x.tree.groupsNow[id] = b.group
	return err
}

// keepThread leaves a thread as it was.
func (x *exporter) keepThread(id int64, g *group) {
	g.Files = slices.DeleteFunc(g.Files, func(file string) bool { return !x.tree.keep(file) })
	x.tree.groupsNow[id] = g
	for _, target := range g.Wants {
		x.want(target)
	}
}

// bundle is a thread in the making.
type bundle struct {
	*exporter
	id    int64
	group *group
	queue []string
	seen  map[string]bool
	mine  map[string]bool // whether a message is of the thread, by its permalink
}

func (b *bundle) add(target string) {
	if !b.seen[target] {
		b.seen[target] = true
		b.queue = append(b.queue, target)
	}
}

func (b *bundle) run(ctx context.Context) error {
	for len(b.queue) > 0 {
		target := b.queue[0]
		b.queue = b.queue[1:]
		failed := false
		links, err := b.make(ctx, target, b.group, func(string) { failed = true })
		if err != nil {
			return err
		}
		if failed {
			return errFailed
		}
		for _, link := range links {
			if err := b.sort(ctx, link); err != nil {
				return err
			}
		}
	}
	return nil
}

// sort puts a link where it belongs: to this thread, or outside.
func (b *bundle) sort(ctx context.Context, link string) error {
	u, err := url.Parse(link)
	if err != nil {
		return err // it was parsed before
	}
	p := b.place(u)
	if p.ok && p.Permalink != "" {
		mine, known := b.mine[p.Permalink]
		if !known {
			if mine, err = b.leadsHere(ctx, p.Permalink); err != nil {
				return err
			}
			b.mine[p.Permalink] = mine
		}
		if mine {
			b.add(p.Permalink)
			p.Thread = b.id
		}
	}
	if p.Thread == b.id {
		b.add(link)
		return nil
	}
	if !slices.Contains(b.group.Wants, link) {
		b.group.Wants = append(b.group.Wants, b.want(link))
	}
	return nil
}

// leadsHere says whether a message is of the thread.
func (b *bundle) leadsHere(ctx context.Context, permalink string) (bool, error) {
	answer, err := b.get(ctx, permalink)
	if ctx.Err() != nil {
		return false, err
	}
	if err != nil {
		b.fail(permalink, err)
		return false, errFailed
	}
	u, ok := b.ours(permalink, answer.Location)
	mine := ok && answer.Location != "" && b.place(u).Thread == b.id
	if mine { // it is written next
		b.asked[permalink] = answer
	}
	return mine, nil
}

// make asks for a target and writes its file, unless that has been done. It gives
// the targets that the page leads to. What cannot be made is reported, and failed
// is told of its file.
func (x *exporter) make(ctx context.Context, target string, g *group, failed func(file string)) (links []string, err error) {
	u, err := url.Parse(target)
	if err != nil {
		return nil, err
	}
	p := x.place(u)
	if !p.ok || x.tree.now[p.file] != "" {
		return nil, nil
	}
	answer, err := x.get(ctx, target)
	if ctx.Err() != nil {
		return nil, err
	}
	if err != nil {
		x.fail(target, err)
		failed(p.file)
		return nil, nil
	}
	c := &copier{exporter: x, file: p.file, at: target}
	body := answer.Body
	switch {
	case answer.Location != "":
		body = c.moved(answer.Location)
	case answer.Status != http.StatusOK && p.File != "":
		body = []byte("This is not shown.\n")
	case strings.HasPrefix(answer.Type, "text/html"):
		body = c.page(answer.Body, answer.Status != http.StatusOK)
	case strings.Contains(answer.Type, "xml"):
		body = c.feed(answer.Body)
	}
	if err := x.tree.write(p.file, body); err != nil {
		return nil, err
	}
	g.Files = append(g.Files, p.file)
	return c.links, nil
}

// maxFailed is how many failures a report has.
const maxFailed = 20

func (x *exporter) fail(target string, err error) {
	if len(x.report.Failed) >= maxFailed {
		return
	}
	x.report.Failed = append(x.report.Failed, target+": "+err.Error())
}
