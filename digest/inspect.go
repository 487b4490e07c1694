package digest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"sigpost"
)

// Severity says how much a finding matters.
type Severity string

// The severities.
const (
	// Severe is what keeps an issue from being approved.
	Severe  Severity = "error"
	Warning Severity = "warning"
	Remark  Severity = "info"
)

// Finding is one thing to know before an issue is approved.
type Finding struct {
	Severity Severity `json:"severity"`
	What     string   `json:"what"`
	Do       string   `json:"do,omitempty"` // what to do about it
}

var (
	imageTag  = regexp.MustCompile(`(?is)<img\b[^>]*>`)
	altText   = regexp.MustCompile(`(?is)\balt\s*=\s*("[^"]*\S[^"]*"|'[^']*\S[^']*'|[^\s"'>]+)`)
	anchorTag = regexp.MustCompile(`(?is)<a\b([^>]*)>(.*?)</a>`)
	hrefValue = regexp.MustCompile(`(?is)\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')`)
	anyTag    = regexp.MustCompile(`(?s)<[^>]*>`)
	unnamed   = strings.NewReplacer("&amp;", "&", "&#43;", "+", "&#34;", `"`, "&#39;", "'", "&lt;", "<", "&gt;", ">")
)

// linkMark is the number of a link in the text part.
var linkMark = regexp.MustCompile(`\[\d+\]`)

// readWords counts the words of a text part that are read: not the links.
func readWords(text string) int {
	read, _, _ := strings.Cut(text, "\n\n[1] ")
	return len(strings.Fields(linkMark.ReplaceAllString(read, "")))
}

// Inspect looks at a letter by itself: its size, its parts, its links.
func Inspect(letter sigpost.Letter) (found []Finding) {
	add := func(s Severity, do, format string, args ...any) {
		found = append(found, Finding{s, fmt.Sprintf(format, args...), do})
	}
	if n := len(letter.HTML); n > maxHTML {
		add(Warning, "drop threads, or shorten summaries and notes", "the HTML part has %s bytes; mail programs cut off what is behind some %s", digits(n), digits(maxHTML))
	}
	if n := readWords(letter.Text); n > maxWords {
		add(Warning, "drop threads, or shorten summaries and notes", "the text has %s words; more than %s are seldom read", digits(n), digits(maxWords))
	}
	if strings.TrimSpace(letter.Text) == "" {
		add(Severe, "this is a fault of the templates", "the letter has no text part")
	}
	if strings.TrimSpace(letter.Subject) == "" {
		add(Severe, "this is a fault of the templates", "the letter has no subject")
	}
	for _, image := range imageTag.FindAllString(letter.HTML, -1) {
		if !altText.MatchString(image) {
			add(Severe, "give the image an alternative text", "an image has none: %s", shorten(image, 100))
		}
	}
	for _, a := range anchorTag.FindAllStringSubmatch(letter.HTML, -1) {
		words := clean(unnamed.Replace(anyTag.ReplaceAllString(a[2], "")))
		switch url := href(a[1]); {
		case url == "" || url == "#":
			add(Severe, "give the link an address, or take it out", "the link %q leads nowhere", shorten(words, 60))
		case words == "":
			add(Severe, "write words for it", "the link to %s has no words", url)
		}
	}
	return found
}

func href(attributes string) string {
	v := hrefValue.FindStringSubmatch(attributes)
	if v == nil {
		return ""
	}
	return strings.TrimSpace(unnamed.Replace(v[1] + v[2]))
}

// Links are the web addresses that a letter links to, each once.
func Links(letter sigpost.Letter) (urls []string) {
	for _, a := range anchorTag.FindAllStringSubmatch(letter.HTML, -1) {
		url := href(a[1])
		if (strings.HasPrefix(url, "https://") || strings.HasPrefix(url, "http://")) && !slices.Contains(urls, url) {
			urls = append(urls, url)
		}
	}
	return urls
}
