package message

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sigpost"
)

func TestAnswering(t *testing.T) {
	for _, subject := range []string{
		"Re: quota", "RE: quota", "re:quota", "Re[2]: quota", "Re(3): quota", "Re^2: quota", "Re-2: quota", "RE : quota", "Re：quota",
		"[dev] Re: quota", "[dev][ops] AW: quota", "  [dev]  Re: [dev] quota",
		"AW: Kontingent", "Antwort: Kontingent", "Antw: quotum", "SV: kvot", "VS: kiintiö", "Svar: kvote", "RÉF: quota", "Rép: quota",
		"R: quota", "RIF: quota", "RES: cota", "Resposta: cota", "Odp: limit", "Odpověď: limit", "Vá: kvóta", "Răsp: cotă", "YNT: kota",
		"Atb: kvota", "Ats: kvota", "ΑΠ: όριο", "Απ: όριο", "Отв: квота", "Ответ: квота", "Відп: квота", "Отг: квота", "Одг: kvota",
		"השב: מכסה", "رد: حصة", "پاسخ: سهمیه", "ตอบ: โควตา", "Trả lời: hạn ngạch", "Bls: kuota", "回复: 配额", "回覆：配額", "答复: 配额", "返信: 割り当て", "회신: 할당량",
	} {
		if !sigpost.IsAnswer(subject) {
			t.Errorf("%q is no answer", subject)
		}
	}
	for _, subject := range []string{
		"", "quota", "Fwd: quota", "Fwd: Re: quota", "[dev] quota", "[dev Re: quota", "Reminder: quota", "Research: a paper",
		"nova: Re: what", "real: time", ":", "Re", "[Re: a] b", "WG: Kontingent", "https://example.org", "2: two",
	} {
		if sigpost.IsAnswer(subject) {
			t.Errorf("%q is an answer", subject)
		}
	}
	m := mustParse(t, "From: a@x\nSubject: =?utf-8?b?5Zue5aSNOiA=?= quota\n\n> asked\nanswered\n")
	if !m.Answering || !m.Quoting || m.Reader != Version {
		t.Errorf("answering %v, quoting %v, reader %d", m.Answering, m.Quoting, m.Reader)
	}
	if m = mustParse(t, "From: a@x\nSubject: quota\n\nasked\n"); m.Answering || m.Quoting {
		t.Errorf("answering %v, quoting %v", m.Answering, m.Quoting)
	}
}

// TestFingerprint sends one mail on several ways and compares what arrives.
func TestFingerprint(t *testing.T) {
	const mail = "From: a@x\nMessage-ID: <1@x>\n\n> asked\n\nOne  answer,\nin two lines: é.\n"
	const encoded = "From: a@x\nMessage-ID: <1@x>\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\n> asked\n\nOne answer, in two lin=\nes: =E9.\n"
	const footer = "\n-- \nYou received this message because you are subscribed to the Google Groups \"dev\" group.\nTo unsubscribe from this group and stop receiving emails from it, send an email to x.\n"
	for _, c := range []struct {
		name, other string
		want        sigpost.Sameness
	}{
		{"itself", mail, sigpost.Identical},
		{"other line ends", strings.ReplaceAll(mail, "\n", "\r\n"), sigpost.Identical},
		{"out of an mbox", "From a@x Mon Jan  1 00:00:00 2001\n" + mail + "\n", sigpost.Identical},
		{"another header", "Received: by b; Mon, 4 Apr 2016 10:00:00 +0000\n" + mail, sigpost.Redelivered},
		{"a footer", mail + footer, sigpost.Modified},
		{"another encoding", encoded, sigpost.Modified},
		{"other words", strings.Replace(mail, "One", "No", 1), sigpost.Different},
		{"only quotes", "From: a@x\nMessage-ID: <1@x>\n\n> asked\n", sigpost.Different},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := mustParse(t, mail).Fingerprint.Compare(mustParse(t, c.other).Fingerprint); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
	// Two pictures under one id say nothing, but not the same.
	one := mustParse(t, "From: a@x\nContent-Type: image/png\n\none").Fingerprint
	two := mustParse(t, "From: a@x\nContent-Type: image/png\n\ntwo").Fingerprint
	if one.Compare(two) != sigpost.Different {
		t.Error("two pictures are one")
	}
}

func TestDerivedIDOfBytes(t *testing.T) {
	const mail = "From: a@x\n\nhello\n"
	if got, want := DerivedID([]byte("From a@x Mon\r\n"+strings.ReplaceAll(mail, "\n", "\r\n")+"\r\n")), mustParse(t, mail).MessageID; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestExplain(t *testing.T) {
	e, err := Explain([]byte("Received: by a; Mon, 4 Apr 2016 10:00:00 +0000\nFrom: =?iso-8859-1?q?J=F6rg?= <j@x>\nMessage-ID: <2@x>\n" +
		"References: <0@x> <1@x>\nIn-Reply-To: Your message <1@x>, <7777777.q@y>\nSubject: Re: quota\nPrecedence: junk\nDate: yesterday\n" +
		"Content-Type: text/plain; charset=utf-8\n\n> asked\ncaf\xe9\n"))
	if err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"message_id":"2@x","in_reply_to":"7777777.q@y","references":["0@x","1@x"],"author":{"name":"Jörg","address":"j@x"},` +
		`"sender":{"name":"Jörg","address":"j@x"},"subject":"Re: quota","base_subject":"","sent":null,"received":"2016-04-04T10:00:00Z","list_ids":[],` +
		`"charset_notes":["part 1: declared \"utf-8\", read as windows-1252 (guessed)","the from field: declared \"iso-8859-1\", read as windows-1252"],` +
		`"text":"\u003e asked\ncafé\n","new_text":"café","ranges":[{"kind":"quoted","start":0,"end":8,"of":"1@x"},{"kind":"new","start":8,"end":14}],` +
		`"attachments":[],"robot":true,"robot_rule":"Precedence: junk","defects":["its Date field cannot be read: \"yesterday\"",` +
		`"text that says it is UTF-8 and is not was read as windows-1252"]}`
	if string(out) != want {
		t.Errorf("got\n%s\nwant\n%s", out, want)
	}
	if e.Message == nil || e.Message.MessageID != "2@x" {
		t.Error("the message is not there")
	}
	if _, err := Explain(nil); err == nil {
		t.Error("nothing was explained")
	}
}

func TestAppendWords(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.StringOf(rapid.SampledFrom([]rune(" \n\tab1é中\u00a0\u3000.😀"))).Draw(rt, "text")
		want := strings.Join(strings.Fields(s), " ")
		if got := strings.TrimSuffix(string(appendWords(nil, trimSpace(s))), " "); got != want {
			rt.Fatalf("%q: got %q, want %q", s, got, want)
		}
	})
}

// TestFirstUnclean compares the fast loop with the definition.
func TestFirstUnclean(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.StringMatching(`[ a~]{0,20}`).Draw(rt, "clean") + string(rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(rt, "rest"))
		got := firstUnclean(s)
		if rest := s[got:]; rest != "" && cleanText(rest) == rest || cleanText(s[:got]) != s[:got] || firstUnclean(s[:got]) != got {
			rt.Fatalf("%q: got %d", s, got)
		}
	})
}
