package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"syscall"
	"time"

	"sigpost"
	"sigpost/config"
	"sigpost/digest"
	"sigpost/message"
	"sigpost/subscribe"
	"sigpost/thread"
	"sigpost/web"
)

// Handler is the site's pages.
func (a *App) Handler() (http.Handler, error) {
	o, err := a.webOptions()
	if err != nil {
		return nil, err
	}
	a.Store.KeepBlocks(blocksKept)
	handler, err := web.New(o)
	return a.underOurName(handler), a.inTheme(a.themeOfSite(), err)
}

// underOurName answers, where pages are served to this machine alone, only who asks
// for this machine: another site's page could give its own name the address
// 127.0.0.1, and read as this site what nobody else is to read. Where readers are told
// a URL, the pages are for all who come.
func (a *App) underOurName(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a.Config.Web.URL == "" && !namedByAddress(r) && a.people.servesHereAlone() {
			http.Error(w, "These pages are for this machine alone: ask for them as localhost. If they are meant for others, give web.url in the configuration.", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// webOptions are what the pages show and who they ask.
func (a *App) webOptions() (web.Options, error) {
	o := web.Options{
		Title: "sigpost", Store: a.Store, Mail: a.mail(), ArchiveURL: a.archiveURL, Digests: map[string]string{}, Titles: a.titles(), Log: a.log,
		Door: subscribe.NewDoor(a.tokens, a.rows(), a.now),
		Reader: func(issue sigpost.Issue) digest.Reader {
			d, err := a.Config.Digest(issue.Digest)
			if err != nil { // a digest that the configuration does not have any more
				return digest.Reader{}
			}
			return digest.Reader{Footer: d.PostalAddress, CalendarURL: a.calendarURL()}
		},
	}
	for _, d := range a.Config.Digests {
		o.Digests[d.Name] = d.Title
	}
	if d, err := a.Config.Digest(""); err == nil {
		o.Title = d.Title
	}
	o.Title = cmp.Or(a.Config.Web.Title, o.Title)
	o.URL, o.Theme = a.Config.Web.URL, a.theme(a.themeOfSite())
	o.Templates = func(name string) (*digest.Templates, error) {
		d, err := a.Config.Digest(name)
		if err != nil {
			return nil, err
		}
		return a.templates(d)
	}
	o.Domain = func(name string) string { d, _ := a.Config.Digest(name); return domain(d.From) }
	o.Author = func(name string) string { d, _ := a.Config.Digest(name); return publisher(d) }
	o.Calendar, o.TopicCalendar = a.Feed, a.TopicFeed
	o.CORSOrigins = a.Config.Web.CORSOrigins
	o.Browse = web.Browse{Lists: map[string]string{}, Events: func(ctx context.Context) ([]sigpost.Occurrence, error) { return a.events(ctx, a.now()) }}
	for _, l := range a.Config.Lists {
		o.Browse.Lists[l.Name] = cmp.Or(l.Title, l.Name)
	}
	o.SearchNames = a.SearchNames
	a.doors(&o)
	o.People, o.LinksByMail = a.SignIn(), a.linksByMail()
	o.Review = reviewDesk{a}
	o.Editing = editing{a}
	o.RequestsPerMinute = a.Config.Web.RequestsPerMinute
	o.Ready, o.LogRequests = a.Ready, a.Config.Log.Requests
	if m := a.seen(); m != nil {
		o.Watch = m
	}
	o.CanUndo = a.CanUndo
	o.Undo = func(ctx context.Context, e sigpost.AuditEntry, by sigpost.Person) error { return a.Undo(ctx, e.ID, by) }
	for _, d := range a.Config.Digests { // what is wrong with one is said now, not to a reader
		if _, err := a.templates(d); err != nil {
			return o, err
		}
	}
	return o, nil
}

// answerTime is far more than what a request needs at the database, and less than
// what anybody minds.
const answerTime = 250 * time.Millisecond

// doors are the options of the pages on which readers subscribe. They need web.url:
// the links in mails lead there.
func (a *App) doors(o *web.Options) {
	o.Now, o.Publication, o.Desk, o.AnswerTime = a.now, a.publicationOf, a.desk(), answerTime
	for _, d := range a.Config.Digests {
		if d.Publication() == d.Name && a.Config.Web.URL != "" {
			o.Publications = append(o.Publications, d.Name)
		}
	}
	o.Volume = func(ctx context.Context, name string, since time.Time) ([][]sigpost.Tag, time.Time, error) {
		d, err := a.Config.Digest(name)
		if err != nil {
			return nil, since, err
		}
		return a.volume(ctx, d, since)
	}
	o.Wishes = func(s sigpost.Subscription) string {
		d, _ := a.Config.Digest(s.Digest)
		return a.wishWords(d, s)
	}
	o.Zone = func(name string) string { d, _ := a.Config.Digest(name); return d.Zone }
	o.Contact = func(name string) string {
		d, _ := a.Config.Digest(name)
		return address(cmp.Or(d.ReplyTo, d.From)).Address
	}
	for _, p := range a.Config.Web.TrustedProxies {
		if network, err := config.Network(p); err == nil { // they were checked
			o.TrustedProxies = append(o.TrustedProxies, network)
		}
	}
}

// volume gives the tags of each thread since a time that a digest would tell of,
// and from when on they are.
func (a *App) volume(ctx context.Context, d config.Digest, since time.Time) (threads [][]sigpost.Tag, from time.Time, err error) {
	threads, from, err = a.Store.Volume(ctx, d.Lists, since)
	if err != nil || len(d.Topics) == 0 {
		return threads, from, err
	}
	topics, err := a.topics(d.Topics)
	return slices.DeleteFunc(threads, func(tags []sigpost.Tag) bool {
		return !slices.ContainsFunc(tags, func(t sigpost.Tag) bool { return slices.Contains(topics, t) })
	}), from, err
}

// shutdown is how long requests may go on after an interrupt.
const shutdown = 4 * time.Second

// blocksKept is how many bytes of mail the pages keep expanded: those of a long
// thread lie in some dozens of blocks.
const blocksKept = 8 << 20

// mail is how the pages read what is stored.
func (a *App) mail() web.Mail {
	return web.Mail{Order: a.inOrder, Read: message.Parse, HTML: message.HTML, Attached: message.Attached, Masked: message.Masked, Hide: a.hideMessage, Show: a.showMessage}
}

// inOrder puts messages of a thread as a reader wants them: answers behind what
// they answer, whenever they came in.
func (a *App) inOrder(ctx context.Context, msgs []*sigpost.Message) ([]web.Place, error) {
	decisions, err := a.decisions(ctx)
	if err != nil {
		return nil, err
	}
	places := make([]web.Place, 0, len(msgs))
	index := make(map[*thread.Node]int, len(msgs)) // of what is answered
	thread.Walk(thread.Tree(msgs, decisions...), func(n *thread.Node, depth int) {
		answers, known := index[n]
		if !known {
			answers = -1
		} else if answers >= 0 {
			depth = places[answers].Depth + 1
		}
		if answers < 0 {
			depth = 0
		}
		here := -1 // of a message that has not been seen
		if n.Message != nil {
			here = len(places)
			places = append(places, web.Place{Message: n.Message, Depth: depth, Answers: answers, BySubject: n.BySubject})
		}
		for _, c := range n.Children {
			index[c] = here
		}
	})
	return places, nil
}

// Listen takes an address for Serve.
func Listen(addr string) (net.Listener, error) {
	return listen("the pages", "web.listen or --listen", addr)
}

// listen takes an address to serve something at, which the setting names.
func listen(what, setting, addr string) (net.Listener, error) {
	if err := config.CheckListen(addr); err != nil {
		return nil, sigpost.Usage(fmt.Errorf("%s cannot be served: %w", what, err))
	}
	listener, err := net.Listen("tcp", addr)
	advice := "check the address that " + setting + " gives"
	switch {
	case err == nil:
		return listener, nil
	case errors.Is(err, syscall.EADDRINUSE):
		advice = "another program has the port: " + setting + " names another"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		advice = "this machine does not have the address: " + setting + " names another"
	case errors.Is(err, syscall.EACCES):
		advice = "ports below 1024 are not for every user: " + setting + " names another"
	}
	return nil, fmt.Errorf("%s cannot be served at %s: %w; %s", what, addr, err, advice)
}
