package digest

import (
	"cmp"
	"math"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"sigpost"
)

// What a thread's rank is made of. How many messages it has is no part of it:
// two people who send each other fifty mails are no news.
const (
	rankPerson     = 1.0 // for the logarithm of how many people wrote anew
	rankNewPerson  = 0.6 // of those among them who had not written in the thread before
	rankOrg        = 0.8 // of the organisations that they write from
	rankDecision   = 1.5
	rankAdvisory   = 1.5
	rankRelease    = 0.5
	rankNews       = 0.5 // an announcement, a call
	rankMaintainer = 0.7 // a maintainer has answered somebody
	rankTopic      = 0.2 // it is about something that readers can follow
	rankScenario   = 0.3 // it is about what the group is for
)

// highlightRank is the least rank of a highlight: three people of two
// organisations, say, or a decision of two.
const highlightRank = 2.6

// ranking adds up a rank, with the reasons for it.
type ranking struct {
	sum float64
	why []string
}

func (r *ranking) add(much float64, why string) {
	r.sum += much
	if why != "" {
		r.why = append(r.why, why)
	}
}

// rank says how much what is new in a thread matters. told are its new messages
// by persons, before the older ones.
func rank(e *sigpost.Entry, told, before []*sigpost.Message, maintainers map[string]bool) (float64, []string) {
	var r ranking
	knew := map[string]bool{}
	for _, m := range before {
		knew[strings.ToLower(m.Author.Addr)] = true
	}
	joined := map[string]bool{}
	answered := ""
	for _, m := range told {
		addr := strings.ToLower(m.Author.Addr)
		if !knew[addr] {
			joined[addr] = true
		}
		if maintainers[addr] && m.Parent() != "" {
			answered = addr
		}
	}
	if n := len(e.People); n > 0 {
		r.add(rankPerson*math.Log2(float64(n)), "")
		if n > 2 {
			r.why = append(r.why, count(n, "person", "people"))
		}
	}
	r.add(rankNewPerson*math.Log2(float64(1+len(joined))), "")
	if n := len(e.Organisations); n > 1 {
		r.add(rankOrg*math.Log2(float64(n)), count(n, "organisation", "organisations"))
	}
	switch e.Nature {
	case sigpost.NatureDecision:
		r.add(rankDecision, "a decision")
	case sigpost.NatureAdvisory:
		r.add(rankAdvisory, "a security advisory")
	case sigpost.NatureRelease:
		r.add(rankRelease, "a release")
	case sigpost.NatureAnnouncement, sigpost.NatureCall:
		r.add(rankNews, strings.ToLower(e.Nature.Title()))
	}
	if answered != "" {
		r.add(rankMaintainer, "a maintainer has answered")
	}
	if best(*e, sigpost.KindProject) != (sigpost.Tag{}) {
		r.add(rankTopic, "")
	}
	if tag := best(*e, sigpost.KindScenario); tag != (sigpost.Tag{}) {
		r.add(rankScenario, "about "+tag.Name)
	}
	return math.Round(r.sum*1000) / 1000, r.why
}

// byRank puts first what matters most, then what was written last.
func byRank(a, b sigpost.Entry) int {
	return cmp.Or(cmp.Compare(b.Rank, a.Rank), b.Last.Compare(a.Last), cmp.Compare(a.ThreadID, b.ThreadID))
}

// patience is how long a question may go without an answer before it is said
// that it waits for one.
const patience = 48 * time.Hour

// waits says whether an entry's question waits for an answer at the end of a
// window.
func waits(e sigpost.Entry, w sigpost.Window) bool {
	return e.Unanswered && w.To.Sub(e.First) >= patience
}

// anybodys are the providers at which anybody gets an address, by their domain
// or its first part: who writes from there may be of any organisation.
var anybodys = map[string]bool{
	"gmail": true, "googlemail": true, "yahoo": true, "ymail": true, "hotmail": true, "outlook": true, "gmx": true, "icloud": true,
	"protonmail": true, "fastmail": true, "yandex": true, "posteo": true, "tutanota": true, "riseup": true, "rediffmail": true,
	"live.com": true, "msn.com": true, "web.de": true, "me.com": true, "mac.com": true, "proton.me": true, "pm.me": true,
	"aol.com": true, "qq.com": true, "163.com": true, "126.com": true, "foxmail.com": true, "mail.ru": true, "mail.com": true,
	"zoho.com": true, "mailbox.org": true, "t-online.de": true, "free.fr": true, "orange.fr": true, "wanadoo.fr": true,
	"naver.com": true, "hey.com": true, "comcast.net": true, "users.noreply.github.com": true,
}

// organisation is the registered domain that somebody writes from, or "" where
// it says nothing of where they belong.
func organisation(addr string) string {
	_, host, ok := strings.Cut(strings.ToLower(addr), "@")
	if !ok {
		return ""
	}
	domain, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil {
		return ""
	}
	name, _, _ := strings.Cut(domain, ".")
	if anybodys[name] || anybodys[domain] {
		return ""
	}
	return domain
}
