package app

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"

	"sigpost"
	"sigpost/config"
	"sigpost/digest"
	"sigpost/web"
)

// Formats are the outputs of an issue that Copy makes.
const (
	FormatText     = "text"     // of the letter
	FormatHTML     = "html"     // of the letter
	FormatMail     = "eml"      // the whole letter
	FormatWeb      = "web"      // the page of the site
	FormatMarkdown = "markdown" // for a blog
	FormatAtom     = "atom"     // an entry (RFC 4287)
	FormatSlack    = "slack"    // the note in a channel
	FormatIRC      = "irc"
)

// Copy renders an issue that need not be stored, for looking at it: whole, or
// as one reader would get it. One that was published is without what has been taken out of
// sight since, as on its page: whoever renders it may give it to others. A draft is as it
// would go out, so that its editors see what it quotes.
func (a *App) Copy(ctx context.Context, d config.Digest, issue sigpost.Issue, format, reader string) ([]byte, error) {
	s := sigpost.Subscription{Digest: d.Name, Subscriber: sigpost.Subscriber{Addr: address(d.From).Address}}
	if reader != "" {
		var err error
		if s, err = a.Store.SubscriptionFor(ctx, d.Name, reader); err != nil {
			return nil, fmt.Errorf("%s does not get %s: %w", reader, d.Name, err)
		}
	}
	if issue.State.Public() {
		shown, err := web.Shown(ctx, a.Store, []sigpost.Issue{issue})
		if err != nil {
			return nil, err
		}
		issue = shown[0]
	}
	t, err := a.templates(d)
	if err != nil {
		return nil, err
	}
	r := a.Reader(d, issue, s)
	switch format {
	case FormatMail:
		e, err := a.edition(d, issue)
		if err != nil {
			return nil, err
		}
		return a.Letter(d, e, s, a.messageID(d, issue, s.ID))
	case FormatWeb:
		o, err := a.webOptions()
		if err != nil {
			return nil, err
		}
		page, err := web.RenderIssue(o, issue)
		return page, a.inTheme(a.themeOfSite(), err)
	case FormatMarkdown:
		text, err := t.Markdown(issue, r)
		return []byte(text), err
	case FormatAtom:
		entry, err := t.Entry(issue, r)
		if err != nil {
			return nil, err
		}
		entry.ID, entry.Author = digest.EntryID(domain(d.From), issue), publisher(d)
		return entry.XML()
	case FormatSlack, FormatIRC:
		note, err := t.Note(format, issue, r.IssueURL)
		return []byte(note + "\n"), err
	}
	letter, err := t.Render(issue, r)
	if format == FormatHTML {
		return []byte(letter.HTML), err
	}
	return []byte(letter.Text), err
}

// publisher is who a digest is from, for people.
func publisher(d config.Digest) string {
	if from := address(d.From); from.Name != "" {
		return from.Name
	}
	return d.Title
}

// pictured is a letter's HTML with its pictures in it, for a browser, to which
// a Content-ID says nothing.
func (a *App) pictured(d config.Digest, issue sigpost.Issue, html string) (string, error) {
	t, err := a.templates(d)
	if err != nil {
		return "", err
	}
	letter, err := t.Render(issue, digest.Reader{})
	return withPictures(html, letter.Images), err
}

func withPictures(html string, images []sigpost.Image) string {
	for _, i := range images {
		html = strings.ReplaceAll(html, "cid:"+i.ID, "data:"+i.Type+";base64,"+base64.StdEncoding.EncodeToString(i.Data))
	}
	return html
}
