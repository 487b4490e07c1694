// Package corpus makes an archive for measuring: lists of mail that nobody wrote,
// with words, threads, lists and tags as uneven as those of real ones. The same
// number gives the same archive.
package corpus

import (
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"sigpost"
	"sigpost/message"
	"sigpost/store"
)

// Words to look for, which no other word of the archive is like.
const (
	RareWord   = "hapaxium"          // in about one message of 5,000, and in 3 at least
	CommonWord = "commonly"          // in about a tenth of all
	Phrase     = "the phrase sought" // in about one message of 200
	Author     = "person7"           // one of the busiest
)

// Lists are the names of the lists, the busiest first.
var Lists = []string{"discuss", "dev", "operators", "announce", "security", "docs", "i18n", "board"}

// Tags are the topics, the most frequent first.
func Tags() []sigpost.Tag {
	var all []sigpost.Tag
	for i := range 40 {
		all = append(all, sigpost.Tag{Kind: sigpost.KindProject, Name: fmt.Sprintf("project-%d", i)})
	}
	for i := range 12 {
		all = append(all, sigpost.Tag{Kind: sigpost.KindScenario, Name: fmt.Sprintf("scenario-%d", i)})
	}
	return all
}

// End is when the last messages of the archive were received, about.
var End = time.Date(2016, 4, 30, 0, 0, 0, 0, time.UTC)

// Options say how large an archive is to be.
type Options struct {
	Messages int
	// Progress is told how many messages are stored; may be nil.
	Progress func(stored int)
}

// Fill fills an empty archive.
func Fill(ctx context.Context, db *store.DB, o Options) error {
	m := newMaker(o.Messages)
	all := m.plan()
	const batch = 500
	stored := 0
	for chunk := range slices.Chunk(all, batch) {
		arrivals := make([]sigpost.Arrival, len(chunk))
		for i, p := range chunk {
			raw := m.mail(p)
			parsed, err := message.Parse(raw)
			if err != nil {
				return fmt.Errorf("mail %d: %w", p.number, err)
			}
			parsed.Received = p.at
			arrivals[i] = sigpost.Arrival{Raw: raw, Message: parsed, List: p.thread.list, Source: "corpus", UID: uint32(p.number + 1)}
		}
		if _, err := db.Add(ctx, nil, arrivals, End); err != nil {
			return err
		}
		if err := db.Tidy(ctx, 0); err != nil {
			return err
		}
		if stored += len(chunk); o.Progress != nil {
			o.Progress(stored)
		}
	}
	if err := m.tag(ctx, db); err != nil {
		return err
	}
	return db.Tidy(ctx, o.Messages)
}

// Mbox writes the mail of an archive of that many messages as an mbox, in the form
// "mboxrd".
func Mbox(w io.Writer, messages int) error {
	m := newMaker(messages)
	for _, p := range m.plan() {
		if _, err := fmt.Fprintf(w, "From mboxrd@z %s\n", p.at.Format(time.ANSIC)); err != nil {
			return err
		}
		for line := range strings.Lines(strings.ReplaceAll(string(m.mail(p)), "\r\n", "\n")) {
			if strings.HasPrefix(strings.TrimLeft(line, ">"), "From ") {
				line = ">" + line
			}
			if _, err := io.WriteString(w, line); err != nil {
				return err
			}
		}
		if _, err := io.WriteString(w, "\n"); err != nil {
			return err
		}
	}
	return nil
}

// maker makes mail.
type maker struct {
	random *rand.Rand
	size   int
	words  []string
	zipf   *rand.Zipf // of words
	topics *rand.Zipf
	people *rand.Zipf
}

// thread is a conversation in the making.
type thread struct {
	number int
	list   string
	length int
	first  time.Time
	words  []string // of the subject
}

// planned is a message that is to be made.
type planned struct {
	number int // in its thread, from 0
	thread *thread
	answer int // which of its thread it answers; -1 for none
	at     time.Time
}

func newMaker(size int) *maker {
	m := &maker{random: rand.New(rand.NewPCG(7, uint64(size))), size: size}
	m.words = vocabulary(m.random, 60_000)
	m.zipf = rand.NewZipf(m.random, 1.08, 4, uint64(len(m.words)-1))
	m.topics = rand.NewZipf(m.random, 1.3, 2, uint64(len(Tags())-1))
	m.people = rand.NewZipf(m.random, 1.2, 8, uint64(max(20, size/40)))
	return m
}

// vocabulary makes different words of syllables, short ones first.
func vocabulary(random *rand.Rand, n int) []string {
	const consonants, vowels = "bdfghklmnprstvwz", "aeiou"
	seen := map[string]bool{CommonWord: true}
	var all []string
	for len(all) < n {
		var b strings.Builder
		for range 1 + random.IntN(2+len(all)*3/n) {
			b.WriteByte(consonants[random.IntN(len(consonants))])
			b.WriteByte(vowels[random.IntN(len(vowels))])
			if random.IntN(2) == 0 {
				b.WriteByte(consonants[random.IntN(len(consonants))])
			}
		}
		if w := b.String(); !seen[w] {
			seen[w] = true
			all = append(all, w)
		}
	}
	return all
}

// plan says which messages there are, in the order in which they come.
func (m *maker) plan() []*planned {
	var all []*planned
	span := time.Duration(m.size) * 30 * time.Minute
	for n := 0; len(all) < m.size; n++ {
		t := &thread{number: n, list: m.list(), length: m.length(), first: End.Add(-time.Duration(m.random.Float64() * float64(span))).Truncate(time.Second)}
		for range 3 + m.random.IntN(5) {
			t.words = append(t.words, m.words[m.zipf.Uint64()])
		}
		at := t.first
		for i := range t.length {
			p := &planned{number: i, thread: t, answer: -1, at: at}
			if i > 0 {
				p.answer = i - 1 - min(i-1, int(m.random.ExpFloat64()*2))
			}
			all = append(all, p)
			at = at.Add(time.Duration(m.random.ExpFloat64() * float64(6*time.Hour) / math.Sqrt(float64(t.length)))).Truncate(time.Second)
		}
	}
	all = all[:m.size]
	slices.SortStableFunc(all, func(a, b *planned) int { return a.at.Compare(b.at) })
	return all
}

func (m *maker) list() string {
	return Lists[min(len(Lists)-1, int(m.random.ExpFloat64()*1.2))]
}

// length of a thread: half of them have one message, few have hundreds.
func (m *maker) length() int {
	return min(400, max(1, int(0.8*math.Pow(1-m.random.Float64(), -0.85))))
}

func (t *thread) id(n int) string { return fmt.Sprintf("%d.%d@mail.example.org", t.number, n) }

// mail is the bytes of a message.
func (m *maker) mail(p *planned) []byte {
	var b strings.Builder
	person := m.people.Uint64()
	fmt.Fprintf(&b, "From: Person%d Family%d <person%d@example.org>\r\n", person, person%97, person)
	subject := strings.Join(p.thread.words, " ")
	if p.answer >= 0 {
		subject = "Re: " + subject
		fmt.Fprintf(&b, "In-Reply-To: <%s>\r\nReferences: <%s> <%s>\r\n", p.thread.id(p.answer), p.thread.id(0), p.thread.id(p.answer))
	}
	fmt.Fprintf(&b, "Subject: %s\r\nMessage-ID: <%s>\r\nDate: %s\r\nList-Id: <%s.example.org>\r\n", subject, p.thread.id(p.number), p.at.Format(time.RFC1123Z), p.thread.list)
	for i := range 12 {
		fmt.Fprintf(&b, "Received: from mail%d.example.org by mail%d.example.net with ESMTPS id %x; %s\r\n", i%3, i, m.random.Uint64(), p.at.Format(time.RFC1123Z))
	}
	attached := m.random.IntN(50) == 0
	if attached {
		b.WriteString("Content-Type: multipart/mixed; boundary=\"-cut-\"\r\n\r\n---cut-\r\n")
	}
	b.WriteString("Content-Type: text/plain; charset=utf-8\r\n\r\n")
	if p.answer >= 0 {
		b.WriteString("On Monday, somebody wrote:\r\n")
		m.text(&b, "> ", 10+m.random.IntN(60))
		b.WriteString("\r\n")
	}
	m.text(&b, "", int(20+m.random.ExpFloat64()*120))
	b.WriteString(m.sought(p))
	fmt.Fprintf(&b, "\r\n-- \r\nPerson%d\r\n", person)
	if attached {
		fmt.Fprintf(&b, "\r\n---cut-\r\nContent-Type: text/x-log\r\nContent-Disposition: attachment; filename=a.log\r\n\r\n%s\r\n---cut---\r\n", strings.Repeat("log line\r\n", 50))
	}
	return []byte(b.String())
}

// sought are the words to look for that a message has.
func (m *maker) sought(p *planned) string {
	said := ""
	if m.random.IntN(10) == 0 {
		said += "It is " + CommonWord + " so.\r\n"
	}
	if m.random.IntN(5000) == 0 || p.number == 0 && p.thread.number < 3 {
		said += "Of the " + RareWord + " kind.\r\n"
	}
	if m.random.IntN(200) == 0 {
		said += "This is " + Phrase + " here.\r\n"
	} else if m.random.IntN(20) == 0 {
		said += "The sought is not the phrase.\r\n"
	}
	return said
}

func (m *maker) text(b *strings.Builder, prefix string, words int) {
	column := 0
	for i := range words {
		if column == 0 {
			b.WriteString(prefix)
		}
		w := m.words[m.zipf.Uint64()]
		b.WriteString(w)
		if column += len(w) + 1; column > 68 || i == words-1 {
			b.WriteString("\r\n")
			column = 0
			if m.random.IntN(6) == 0 {
				b.WriteString(strings.TrimSpace(prefix) + "\r\n")
			}
			continue
		}
		b.WriteByte(' ')
	}
}

// tag gives each thread its nature, and most of them some topics.
func (m *maker) tag(ctx context.Context, db *store.DB) error {
	natures := sigpost.Natures()
	for after := int64(0); ; {
		threads, err := db.ThreadsToClassify(ctx, "corpus", after, 1000)
		if err != nil || len(threads) == 0 {
			return err
		}
		err = db.Tx(ctx, func(tx *store.DB) error {
			for _, t := range threads {
				after = t.ID
				taggings := []sigpost.Tagging{m.tagging(natures[1+m.random.IntN(len(natures)-1)].Tag())}
				for range m.random.IntN(4) {
					tagging := m.tagging(Tags()[m.topics.Uint64()])
					if !slices.ContainsFunc(taggings, func(had sigpost.Tagging) bool { return had.Tag == tagging.Tag }) {
						taggings = append(taggings, tagging)
					}
				}
				if err := tx.SaveTaggings(ctx, t.ID, t.Revision, "corpus", taggings); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}

func (m *maker) tagging(tag sigpost.Tag) sigpost.Tagging {
	t := sigpost.Tagging{Tag: tag, Title: strings.ToUpper(tag.Name[:1]) + tag.Name[1:], Score: 0.9, State: sigpost.TagAccepted}
	for range 1 + m.random.IntN(3) {
		t.Evidence = append(t.Evidence, sigpost.Evidence{Rule: "alias " + tag.Name, Field: "text", Excerpt: "somebody wrote of " + tag.Name + " in passing", Spans: []sigpost.Span{{Start: 18, End: 18 + len(tag.Name)}}, Weight: 1})
	}
	return t
}
