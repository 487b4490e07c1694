package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"sigpost/export"
	"sigpost/store"
)

// copied says how the answers of a route are kept as files.
type copied struct {
	// file is the name of the file, which stands for the last part of the path; ""
	// for a page. "*" is the last part itself, and "*.bin" that with an ending.
	file string
	// query are the parts of the query that make another page. What has others is
	// not copied.
	query []string
}

// copies are the routes whose answers are copied. Attachments have an ending of
// which no web server makes anything but bytes, and mail is text: a copy has no
// headers that keep a stranger's bytes from being a page.
var copies = map[string]copied{
	"GET /{$}":                                 {},
	"GET /threads":                             {query: []string{"nature", "unanswered"}},
	"GET /months/{month}":                      {query: []string{"nature", "unanswered", "from"}},
	"GET /threads/{id}":                        {query: []string{"from"}},
	"GET /threads/{id}/mbox":                   {file: "thread.mbox"},
	"GET /threads/{id}/feed":                   {file: "feed.xml"},
	"GET /m/{id}":                              {},
	"GET /m/{id}/raw":                          {file: "raw.txt"},
	"GET /m/{id}/attachments/{part}":           {file: "*.bin"},
	"GET /topics":                              {},
	"GET /topics/{kind}/{name}":                {},
	"GET /topics/{kind}/{name}/months/{month}": {query: []string{"from"}},
	"GET /topics/{kind}/{name}/feed":           {file: "feed.xml"},
	"GET /topics/{kind}/{name}/events.ics":     {file: "*"},
	"GET /lists":                               {},
	"GET /lists/{name}":                        {},
	"GET /lists/{name}/months/{month}":         {query: []string{"from"}},
	"GET /lists/{name}/feed":                   {file: "feed.xml"},
	"GET /issues":                              {query: []string{"digest", "below"}},
	"GET /issues/{digest}/{number}":            {},
	"GET /issues/{digest}/feed":                {file: "feed.xml"},
	"GET /feed":                                {file: "feed.xml"},
	"GET /events":                              {},
	"GET " + CalendarPath:                      {file: "*"},
	"GET /statistics":                          {},
	"GET /privacy":                             {},
	"GET /static/{file}":                       {file: "*"},
	"GET /robots.txt":                          {file: "*"},
}

// Copy gives the pages to be written as files. It is an export.Source.
type Copy struct {
	s       *site
	handler http.Handler
	mux     *http.ServeMux
	stamp   string
}

// NewCopy makes one. stamp stands for all that the pages depend on beside the
// archive: the program, its configuration.
func NewCopy(o Options, stamp string) (*Copy, error) {
	o.Copied, o.RequestsPerMinute, o.People = true, 0, nil
	s, err := newSite(o)
	if err != nil {
		return nil, err
	}
	c := &Copy{s: s, mux: http.NewServeMux()}
	routes := s.routes()
	for _, to := range routes {
		c.mux.Handle(to.pattern, http.NotFoundHandler())
	}
	if c.handler, err = s.handler(routes); err != nil {
		return nil, err
	}
	sum := sha256.New()
	fmt.Fprintln(sum, stamp, s.URL, s.Live)
	err = fs.WalkDir(s.files, "web", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(s.files, path)
		sum.Write(data)
		return err
	})
	c.stamp = hex.EncodeToString(sum.Sum(nil))
	return c, err
}

// Place says where the answer to a URL is kept.
func (c *Copy) Place(u *url.URL) (p export.Place, ok bool) {
	_, pattern := c.mux.Handler(&http.Request{Method: http.MethodGet, URL: u, Host: "copy"})
	how, ok := copies[pattern]
	if !ok {
		return p, false
	}
	for _, part := range strings.Split(strings.Trim(u.EscapedPath(), "/"), "/") {
		name, err := url.PathUnescape(part)
		if err != nil {
			return p, false
		}
		if name != "" {
			p.Folder = append(p.Folder, name)
		}
	}
	query := u.Query()
	for name, values := range query {
		if pattern != "GET /static/{file}" && (!slices.Contains(how.query, name) || len(values) != 1 || values[0] == "") {
			return p, false
		}
	}
	switch {
	case len(p.Folder) < 2:
	case p.Folder[0] == "m":
		p.Permalink = "/m/" + url.PathEscape(p.Folder[1])
	case p.Folder[0] == "threads":
		var err error
		if p.Thread, err = strconv.ParseInt(p.Folder[1], 10, 64); err != nil {
			return p, false
		}
	}
	for _, name := range how.query {
		if query.Get(name) != "" {
			p.Folder = append(p.Folder, name+"="+query.Get(name))
		}
	}
	if how.file != "" {
		last := len(p.Folder) - 1
		p.File = strings.Replace(how.file, "*", p.Folder[last], 1)
		p.Folder = p.Folder[:last]
	}
	return p, true
}

// Starts are the pages from which all others are found, but for threads.
func (c *Copy) Starts() []string {
	return []string{"/", ThreadsPath, ThreadsPath + "?unanswered=1", "/topics", "/lists", "/issues", "/events", CalendarPath, "/statistics", "/privacy", "/feed", "/robots.txt"}
}

// Threads gives the numbers of all threads.
func (c *Copy) Threads(ctx context.Context) (all []int64, err error) {
	q := store.ThreadQuery{Limit: 1000}
	for {
		list, err := c.s.Store.ListThreads(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, t := range list.Threads {
			all = append(all, t.ID)
		}
		if q.Before = list.Next; q.Before == (store.ThreadPosition{}) {
			return all, nil
		}
	}
}

// ThreadPath is where a thread is.
func (c *Copy) ThreadPath(id int64) string { return ThreadsPath + "/" + strconv.FormatInt(id, 10) }

// Stamp stands for all that the pages of a thread depend on.
func (c *Copy) Stamp(ctx context.Context, id int64) (string, error) {
	state, err := c.s.Store.ThreadState(ctx, id)
	if err != nil {
		return "", err
	}
	t, err := c.s.Store.Thread(ctx, id)
	if err != nil {
		return "", err
	}
	from, ledTo, err := c.s.Store.Linked(ctx, t)
	sum := sha256.New()
	fmt.Fprintln(sum, c.stamp, state)
	if from != nil {
		fmt.Fprintln(sum, from.ID, from.BaseSubject)
	}
	for _, other := range ledTo {
		fmt.Fprintln(sum, other.ID, other.BaseSubject)
	}
	return hex.EncodeToString(sum.Sum(nil)[:12]), err
}

// Get asks for a page as anybody.
func (c *Copy) Get(ctx context.Context, target string) (a export.Answer, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return a, err
	}
	r.RequestURI, r.RemoteAddr, r.Host = target, "127.0.0.1:1", "copy"
	w := &given{header: http.Header{}}
	defer func() {
		if fault := recover(); fault != nil { // it could not be read to its end
			err = fmt.Errorf("asking for %s: %v", target, fault)
		}
	}()
	c.handler.ServeHTTP(w, r)
	return export.Answer{Status: w.status, Type: w.header.Get("Content-Type"), Location: w.header.Get("Location"), Body: w.body.Bytes()}, nil
}

// given keeps what a handler says.
type given struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header is the answer's header, to be written to.
func (a *given) Header() http.Header { return a.header }

// WriteHeader keeps the status.
func (a *given) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

// Write keeps a piece of the answer's body.
func (a *given) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}
