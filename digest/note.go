package digest

import (
	"fmt"
	"strings"
	texttemplate "text/template"

	"sigpost"
)

// noteHeadlines is how many headlines the note in a channel has, each of at most
// so many characters.
const (
	noteHeadlines     = 3
	noteHeadlineLimit = 110
)

// note is what a channel is told of an issue.
type note struct {
	Title, Number, Dates string
	Lead                 string // how much there is, and what waits
	Headlines            []string
	URL                  string // of the web copy; may be empty
}

// Note makes the few lines for a channel of a kind, "slack" or "irc", that say
// that an issue is out. url is its web copy, or "".
func (t *Templates) Note(kind string, issue sigpost.Issue, url string) (string, error) {
	templates := map[string]*texttemplate.Template{"slack": t.slack, "irc": t.irc}
	if templates[kind] == nil {
		return "", fmt.Errorf("there is no note for a channel of the kind %q", kind)
	}
	n := note{Title: clean(issue.Title), Lead: lead(issue, false), URL: linkable(url),
		Dates: Dates(issue.Window, location(issue.Zone, issue.Window.From.Location()))}
	if issue.Number > 0 {
		n.Number = fmt.Sprintf("No. %d", issue.Number)
	}
	told := map[string]bool{}
	for _, e := range issue.Entries {
		if line := shorten(Told(issue, e), noteHeadlineLimit); !told[line] && len(n.Headlines) < noteHeadlines {
			told[line] = true
			n.Headlines = append(n.Headlines, line)
		}
	}
	if len(n.Headlines) == 0 && len(issue.Events) > 0 {
		n.Headlines = []string{shorten("Coming up: "+clean(issue.Events[0].Title), noteHeadlineLimit)}
	}
	text, err := execute(templates[kind], "a note for "+kind, issue, n)
	return strings.TrimSpace(text), err
}

// slackText takes from a text what Slack would read as more: its three control
// characters become entities, and what makes words bold, slanted, struck or code
// is kept from standing at a word's edge.
func slackText(s string) string {
	s = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
	// A zero-width space beside a mark: Slack has no escape for them.
	return strings.NewReplacer("*", "*\u200b", "_", "_\u200b", "~", "~\u200b", "`", "\u02cb").Replace(s)
}
