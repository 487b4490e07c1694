package deliver_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sigpost"
	"sigpost/deliver"
)

// cast builds a letter around text and html, in which "{U}" and "{P}" stand for
// the tokens.
func cast(h deliver.Header, l sigpost.Letter) deliver.Casting {
	return func(p deliver.Personal) ([]byte, error) {
		h, l := h, l
		tokens := strings.NewReplacer("{U}", p.Unsubscribe, "{P}", p.Preferences)
		h.To, h.MessageID = p.To, p.MessageID
		h.UnsubscribeURL = "https://digest.example.org/unsubscribe/" + p.Unsubscribe
		h.UnsubscribeMailto = "mailto:leave@example.org?subject=unsubscribe%20" + p.Unsubscribe
		l.Text, l.HTML = tokens.Replace(l.Text), tokens.Replace(l.HTML)
		return deliver.Build(h, l)
	}
}

var weeklyHeader = deliver.Header{From: sigpost.Address{Name: "Weekly", Addr: "digest@example.org"}, Date: noon,
	ListID: "weekly.example.org", ListTitle: "Weekly", Seed: "seed"}

func person(t *rapid.T, label string) deliver.Personal {
	token := rapid.StringMatching(`[A-Za-z0-9_-]{36}`)
	return deliver.Personal{
		To: sigpost.Address{
			Name: rapid.OneOf(rapid.StringN(0, 60, 100), rapid.StringMatching(`[A-Z][a-z]{1,12} [A-Z][a-z]{1,12}`)).Draw(t, label+" name"),
			Addr: rapid.StringMatching(`[a-z0-9.+_-]{1,20}x@[a-z]{1,30}\.example`).Draw(t, label+" addr"),
		},
		MessageID:   sigpost.MessageID("weekly.20160424." + rapid.StringMatching(`[0-9a-f]{20}`).Draw(t, label+" id") + "@example.org"),
		Unsubscribe: token.Draw(t, label+" unsubscribe"), Preferences: token.Draw(t, label+" preferences"),
	}
}

// Whatever a letter says, and wherever its personal parts stand, a mold gives
// each reader the bytes that go-mail builds for them.
func TestMoldGivesWhatIsBuilt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.SampledFrom([]string{"{U}", "{P}", "\n", ".", "\n.", " ", "=", "word ", "é", "<a href=\"https://e.example/{P}\">", "\r\n..", strings.Repeat("y", 70)})
		text := strings.Join(rapid.SliceOfN(part, 1, 60).Draw(t, "text"), "")
		html := strings.Join(rapid.SliceOfN(part, 0, 60).Draw(t, "html"), "")
		letter := sigpost.Letter{Subject: rapid.String().Draw(t, "subject"), Text: "x" + text + "\n", HTML: html}
		if rapid.Bool().Draw(t, "calendar") {
			letter.Calendar = []byte("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")
		}
		build := cast(weeklyHeader, letter)
		mold, err := deliver.NewMold(person(t, "first"), build, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			p := person(t, fmt.Sprint("reader ", i))
			want, err := build(p)
			if err != nil {
				t.Fatal(err)
			}
			got, err := mold.Letter(p)
			if err != nil {
				t.Fatal(err)
			}
			if data, _ := got.Append(nil, false); !bytes.Equal(data, want) {
				t.Fatalf("got\n%s\nwant\n%s", data, want)
			}
			if wire, _ := got.Append(nil, true); !bytes.Equal(wire, stuffed(want)) {
				t.Fatalf("on the wire\n%s\nwant\n%s", wire, stuffed(want))
			}
		}
	})
}

// stuffed doubles dots the slow way, line by line.
func stuffed(data []byte) []byte {
	var b bytes.Buffer
	for line := range bytes.Lines(data) {
		if line[0] == '.' {
			b.WriteByte('.')
		}
		b.Write(line)
	}
	return b.Bytes()
}

func TestMoldNoticesWhatItDoesNotKnow(t *testing.T) {
	like := deliver.Personal{To: sigpost.Address{Name: "Ada", Addr: "ada@example.org"}, MessageID: "weekly.1@example.org",
		Unsubscribe: strings.Repeat("u", 36), Preferences: strings.Repeat("p", 36)}
	letter := sigpost.Letter{Subject: "s", Text: "Leave: {U}\n"}
	for name, change := range map[string]func(p deliver.Personal, data []byte) []byte{
		"the address in the text": func(p deliver.Personal, data []byte) []byte {
			return append(data, "You are "+p.To.Addr+"\r\n"...)
		},
		"a token in capitals": func(p deliver.Personal, data []byte) []byte {
			return append(data, strings.ToUpper(p.Unsubscribe)+"\r\n"...)
		},
		"the time": func(_ deliver.Personal, data []byte) []byte {
			return append(data, time.Now().String()...)
		},
	} {
		build := cast(weeklyHeader, letter)
		_, err := deliver.NewMold(like, func(p deliver.Personal) ([]byte, error) {
			data, err := build(p)
			return change(p, data), err
		}, nil)
		if err == nil {
			t.Errorf("%s: a mold was made", name)
		}
	}
	mold, err := deliver.NewMold(like, cast(weeklyHeader, letter), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []deliver.Personal{
		{To: like.To, MessageID: like.MessageID, Unsubscribe: "short", Preferences: like.Preferences},
		{To: like.To, MessageID: like.MessageID, Unsubscribe: strings.Repeat("=", 36), Preferences: like.Preferences},
		{To: sigpost.Address{Addr: "a@b>\r\nBcc: c@d.example"}, MessageID: like.MessageID, Unsubscribe: like.Unsubscribe, Preferences: like.Preferences},
	} {
		if _, err := mold.Letter(wrong); err == nil {
			t.Errorf("%+v was taken", wrong)
		}
	}
}

// A mold's signatures are those of the whole letter, and others find them good.
func TestMoldSigns(t *testing.T) {
	signer := dkimSigner(t)
	letter := sigpost.Letter{Subject: "News", Text: "Some  words \n.\n{U}\nand {P}\n\n\n", HTML: strings.Repeat("<p>long long long {P} text</p>\n", 50)}
	build := cast(weeklyHeader, letter)
	mold, err := deliver.NewMold(rapid.Custom(func(t *rapid.T) deliver.Personal { return person(t, "like") }).Example(1), build, signer)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		p := person(t, "reader")
		whole, err := build(p)
		if err != nil {
			t.Fatal(err)
		}
		want, err := signer.SignMessage(whole)
		if err != nil {
			t.Fatal(err)
		}
		got, err := mold.Letter(p)
		if err != nil {
			t.Fatal(err)
		}
		data, err := got.Append([]byte("before"), false)
		if err != nil || !bytes.Equal(data, append([]byte("before"), want...)) {
			t.Fatalf("got (%v)\n%s\nwant\n%s", err, data, want)
		}
		if err := verified(want, 2); err != nil {
			t.Fatal(err)
		}
	})
}
