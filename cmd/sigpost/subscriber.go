package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"sigpost"
	"sigpost/app"
)

type subscriberCommand struct {
	Add    subscriberAdd    `cmd:"" help:"Subscribe a reader who has agreed, or change their topics."`
	Remove subscriberRemove `cmd:"" help:"End a reader's subscription at once."`
	Pause  subscriberPause  `cmd:"" help:"Send a reader nothing before a day."`
	Resume subscriberResume `cmd:"" help:"Mail a reader again: ends a pause, or a suspension since letters came back."`
	List   subscriberList   `cmd:"" help:"List the readers."`
	Export subscriberExport `cmd:"" help:"Write all that is stored about a person, or all readers for an import elsewhere."`
	Import subscriberImport `cmd:"" help:"Take in the readers of a file. All of it, or nothing."`
	Erase  subscriberErase  `cmd:"" help:"Forget a person, such that no import brings them back."`
}

type digestFlag struct {
	Digest string `placeholder:"NAME" help:"The digest, where the configuration has several."`
}

type subscriberAdd struct {
	digestFlag
	Address string   `arg:"" help:"\"ada@example.org\" or \"Ada <ada@example.org>\"."`
	Topics  []string `placeholder:"TOPIC,..." help:"What the reader follows, such as kuryr,magnum; all for everything, as a new reader without this gets."`
	Mute    []string `placeholder:"TOPIC,..." help:"What the reader wants to hear nothing of, whatever else a thread is about; none to take it back."`
	Zone    string   `placeholder:"ZONE" help:"The reader's time zone, such as Europe/Berlin (a new reader's default: the digest's)."`
	Consent string   `placeholder:"TEXT" help:"How and when they agreed; nobody new is subscribed without it."`
	Text    *bool    `negatable:"" help:"Letters as plain text alone."`
	News    *bool    `name:"news-only" negatable:"" help:"Issues with news on the reader's topics alone, of a digest that sends all of them."`
}

// Run subscribes one reader.
func (c subscriberAdd) Run(s *session) error {
	a, d, err := s.openDigest(c.Digest, app.Options{})
	if err != nil {
		return err
	}
	defer a.Close()
	sub, err := a.Subscribe(s.ctx, d, app.NewReader{Address: c.Address, Topics: c.Topics, Muted: c.Mute, Zone: c.Zone, Consent: c.Consent, Text: c.Text, NewsOnly: c.News})
	if err != nil {
		return err
	}
	line := lineOf(sub)
	line.Warnings = app.Doubts(sub.Subscriber.Addr)
	return s.tell(line, func(w io.Writer) {
		fmt.Fprintf(w, "%s gets %s: %s%s\n", sub.Subscriber.Addr, d.Title, selectionWords(sub.Selection), formWords(sub))
		for _, doubt := range line.Warnings {
			fmt.Fprintln(w, doubt)
		}
	})
}

// formWords say how letters come, where that is out of the ordinary.
func formWords(sub sigpost.Subscription) (words string) {
	if sub.NewsOnly {
		words += "; only news"
	}
	if sub.Text {
		words += "; plain text"
	}
	return words
}

type subscriberRemove struct {
	digestFlag
	Address string `arg:"" help:"The reader's address."`
}

// Run ends one subscription.
func (c subscriberRemove) Run(s *session) error {
	a, d, err := s.openDigest(c.Digest, app.Options{})
	if err != nil {
		return err
	}
	defer a.Close()
	if err := a.Unsubscribe(s.ctx, d, c.Address); err != nil {
		return err
	}
	return s.tell(struct {
		Address string                    `json:"address"`
		State   sigpost.SubscriptionState `json:"state"`
	}{c.Address, sigpost.SubscriptionEnded}, func(w io.Writer) {
		fmt.Fprintf(w, "%s does not get %s any more.\n", c.Address, d.Title)
	})
}

type subscriberList struct{ digestFlag }

// subscriberLine is a reader as the list has them: one JSON object a line.
type subscriberLine struct {
	Address string                    `json:"address"`
	Name    string                    `json:"name,omitempty"`
	Digest  string                    `json:"digest"`
	State   sigpost.SubscriptionState `json:"state"`
	Topics  []sigpost.Tag             `json:"topics"`
	Muted   []sigpost.Tag             `json:"muted,omitempty"`
	Zone    string                    `json:"zone,omitempty"`
	Text    bool                      `json:"text_only,omitempty"`
	News    bool                      `json:"news_only,omitempty"`
	Paused  time.Time                 `json:"paused_until,omitzero"`
	Since   time.Time                 `json:"since"`
	Consent string                    `json:"consent"`
	// Warnings are what should be looked at once more, of one who was just added.
	Warnings []string `json:"warnings,omitempty"`
}

func lineOf(sub sigpost.Subscription) subscriberLine {
	return subscriberLine{
		Address: sub.Subscriber.Addr, Name: sub.Subscriber.Name, Digest: sub.Digest, State: sub.State, Topics: append([]sigpost.Tag{}, sub.Topics...), Muted: sub.Muted,
		Zone: sub.Subscriber.Zone, Text: sub.Text, News: sub.NewsOnly, Paused: sub.PausedUntil, Since: sub.Since, Consent: sub.Subscriber.Consent,
	}
}

// Run lists as it reads, so that a million readers need no memory.
func (c subscriberList) Run(s *session) error {
	a, d, err := s.openDigest(c.Digest, app.Options{})
	if err != nil {
		return err
	}
	defer a.Close()
	lines := json.NewEncoder(s.stdout)
	nobody := true
	err = a.Subscriptions(s.ctx, d, func(sub sigpost.Subscription) error {
		nobody = false
		if s.JSON {
			return lines.Encode(lineOf(sub))
		}
		words := selectionWords(sub.Selection) + formWords(sub)
		if sub.Digest != d.Name { // another edition
			words += "; " + sub.Digest
		}
		if sub.PausedUntil.After(s.now()) {
			words += "; paused until " + sub.PausedUntil.In(d.Location()).Format(time.DateOnly)
		}
		_, err := fmt.Fprintf(s.stdout, "%-9s %s  since %s  %s\n", sub.State, sub.Subscriber.Addr, sub.Since.Format(time.DateOnly), words)
		return err
	})
	if err == nil && nobody && !s.JSON {
		fmt.Fprintf(s.stdout, "Nobody is subscribed to %s yet: \"sigpost subscriber add\" adds readers.\n", d.Title)
	}
	return err
}

func selectionWords(s sigpost.Selection) string {
	words := topicWords(s.Topics)
	if len(s.Muted) > 0 {
		words += ", but nothing on " + topicWords(s.Muted)
	}
	return words
}

func topicWords(topics []sigpost.Tag) string {
	if len(topics) == 0 {
		return "everything"
	}
	var words []string
	for _, t := range topics {
		words = append(words, t.Name)
	}
	return strings.Join(words, ", ")
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func sorted(words []string) []string {
	slices.Sort(words)
	return words
}
