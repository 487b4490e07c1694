package message

import (
	"testing"

	"sigpost"
)

// attributionCase is an attribution as a mail program writes it, over one or
// more lines, and whom it names.
type attributionCase struct {
	name, text string
	whom, addr string
}

// attributionCases gives the attributions of mail programs in their languages.
func attributionCases() []attributionCase {
	const addr = "ana@example.org"
	return []attributionCase{
		{"Gmail", "On Mon, Apr 4, 2016 at 9:03 PM, Ana Lee <ana@example.org> wrote:", "Ana Lee", addr},
		{"Gmail now", "On Mon, Apr 4, 2016 at 9:03\u202fPM Ana Lee <ana@example.org> wrote:", "Ana Lee", addr},
		{"Gmail without a name", "On Mon, Apr 4, 2016 at 9:03 PM, <ana@example.org> wrote:", "", addr},
		{"Gmail, wrapped inside the address", "On Mon, Apr 4, 2016 at 9:03 PM Ana Lee of Accounts <\nana@example.org> wrote:", "Ana Lee of Accounts", addr},
		{"Gmail, wrapped before the verb", "On Mon, Apr 4, 2016 at 9:03 PM Ana Lee <ana@example.org>\nwrote:", "Ana Lee", addr},
		{"Apple", "On Apr 4, 2016, at 21:03, Ana Lee <ana@example.org> wrote:", "Ana Lee", addr},
		{"Apple, three lines", "On Apr 4, 2016,\nat 21:03,\nAna Lee <ana@example.org> wrote:", "Ana Lee", addr},
		{"Apple with mailto", "On Apr 4, 2016, at 21:03, Ana Lee <ana@example.org<mailto:ana@example.org>> wrote:", "Ana Lee", addr},
		{"Apple in Polish", "Wiadomość napisana przez Ana Lee <ana@example.org> w dniu 4 kwi 2016, o godz. 21:03:", "Ana Lee", addr},
		{"Thunderbird", "On 04/04/2016 09:03 PM, Ana Lee wrote:", "Ana Lee", ""},
		{"Evolution", "On Mon, 2016-04-04 at 21:03 +0200, Ana Lee wrote:", "Ana Lee", ""},
		{"KMail", "On Monday, 4 April 2016 21:03:22 CEST Ana Lee wrote:", "Ana Lee", ""},
		{"mutt", "On Mon, Apr 04, 2016 at 09:03:22PM +0200, Ana Lee wrote:", "Ana Lee", ""},
		{"mutt with a star", "* Ana Lee <ana@example.org> [2016-04-04 21:03]:", "Ana Lee", addr},
		{"Eudora", "At 09:03 PM 4/4/2016, you wrote:", "", ""},
		{"Eudora with a name", "At 09:03 PM 4/4/2016 +0200, Ana Lee wrote:", "Ana Lee", ""},
		{"Lotus Notes", "Ana Lee <ana@example.org> wrote on 04/04/2016 09:03:22 PM:", "Ana Lee", addr},
		{"Lotus Notes without a name", "ana@example.org wrote on 04.04.2016 21:03:22:", "", addr},
		{"Gnus", "Ana Lee <ana@example.org> writes:", "Ana Lee", addr},
		{"Gnus without an address", "Ana Lee writes:", "Ana Lee", ""},
		{"Zimbra mobile", "On April 4, 2016 9:03:22 PM GMT+02:00, Ana Lee <ana@example.org> wrote:", "Ana Lee", addr},
		{"Yahoo", "On Monday, April 4, 2016 9:03 PM, Ana Lee <ana@example.org> wrote:", "Ana Lee", addr},
		{"Yahoo of old", "--- Ana Lee <ana@example.org> wrote:", "Ana Lee", addr},
		{"Roundcube", "On 2016-04-04 21:03, Ana Lee wrote:", "Ana Lee", ""},
		{"ProtonMail", "On Monday, April 4th, 2016 at 9:03 PM, Ana Lee <ana@example.org> wrote:", "Ana Lee", addr},
		{"Zoho", "---- On Mon, 04 Apr 2016 21:03:22 +0200 Ana Lee <ana@example.org> wrote ----", "Ana Lee", addr},
		{"sup", "Excerpts from Ana Lee's message of 2016-04-04 21:03:22 +0200:", "Ana Lee", ""},
		{"alot", "Quoting Ana Lee (2016-04-04 21:03:22)", "Ana Lee", ""},
		{"plus signs", "+++ Ana Lee [2016-04-04 21:03 +0200]:", "Ana Lee", ""},
		{"quoth", "Quoth Ana Lee on Apr 04 at  9:03 pm:", "Ana Lee", ""},
		{"scribbled", "On Apr 04, Ana Lee scribbled:", "Ana Lee", ""},
		{"Tutanota", "Apr 4, 2016, 21:03 by ana@example.org:", "", addr},
		{"Horde", "Quoting Ana Lee <ana@example.org>:", "Ana Lee", addr},
		{"quoted name", `On Mon, 4 Apr 2016, "Lee, Ana" <ana@example.org> wrote:`, "Lee, Ana", addr},
		{"name in brackets behind", "On Mon, 4 Apr 2016, ana@example.org (Ana Lee) wrote:", "Ana Lee", addr},
		{"particle", "On Mon, 4 Apr 2016 21:03 Ludwig von Mises wrote:", "Ludwig von Mises", ""},
		{"weekday as a name", "On Mon, Apr 04, 2016 at 09:03:22PM +0200, Lin Ma wrote:", "Lin Ma", ""},
		{"digits in the name", "On Mon, Apr 04, 2016 at 09:03:22PM +0200, ana42 wrote:", "ana42", ""},
		{"hidden address", "On Monday, April 4, 2016 at 9:03:22 PM UTC+2 anal...@example.org wrote:", "anal", ""},
		{"no year", "On Mon, Apr 4, Ana Lee\n<ana@example.org>\nwrote:", "Ana Lee", addr},

		{"German", "Am 04.04.2016 um 21:03 schrieb Ana Lee:", "Ana Lee", ""},
		{"German Gmail", "Am Mo., 4. Apr. 2016 um 21:03 Uhr schrieb Ana Lee <ana@example.org>:", "Ana Lee", addr},
		{"German Google Inbox", "Ana Lee <ana@example.org> schrieb am Mo., 4. Apr. 2016 um 21:03 Uhr:", "Ana Lee", addr},
		{"German KMail", "Am Montag, 4. April 2016, 21:03:22 CEST schrieb Ana Lee:", "Ana Lee", ""},
		{"German Horde", "Zitat von Ana Lee <ana@example.org>:", "Ana Lee", addr},
		{"French", "Le 04/04/2016 à 21:03, Ana Lee a écrit :", "Ana Lee", ""},
		{"French Gmail", "Le lun. 4 avr. 2016 à 21:03, Ana Lee <ana@example.org> a\nécrit :", "Ana Lee", addr},
		{"Spanish", "El 04/04/2016 a las 21:03, Ana Lee escribió:", "Ana Lee", ""},
		{"Spanish Gmail", "El lun, 4 abr 2016 a las 21:03, Ana Lee (<ana@example.org>) escribió:", "Ana Lee", addr},
		{"Portuguese", "Em 04-04-2016 21:03, Ana Lee escreveu:", "Ana Lee", ""},
		{"Portuguese Gmail", "Em seg., 4 de abr. de 2016 às 21:03, Ana Lee <ana@example.org>\nescreveu:", "Ana Lee", addr},
		{"Portuguese Apple", "No dia 04/04/2016, às 21:03, Ana Lee <ana@example.org> escreveu:", "Ana Lee", addr},
		{"Italian", "Il 04/04/2016 21:03, Ana Lee ha scritto:", "Ana Lee", ""},
		{"Italian Gmail", "Il giorno lun 4 apr 2016 alle ore 21:03 Ana Lee <ana@example.org>\nha scritto:", "Ana Lee", addr},
		{"Italian mobile", "In data 4 aprile 2016 21:03:22 Ana Lee <ana@example.org> ha scritto:", "Ana Lee", addr},
		{"Dutch", "Op 04-04-16 om 21:03 schreef Ana Lee:", "Ana Lee", ""},
		{"Dutch Gmail", "Op ma 4 apr. 2016 om 21:03 schreef Ana Lee <ana@example.org>:", "Ana Lee", addr},
		{"Dutch Apple", "Op 4 apr. 2016, om 21:03 heeft Ana Lee <ana@example.org> het volgende geschreven:", "Ana Lee", addr},
		{"Swedish", "Den 2016-04-04 kl. 21:03, skrev Ana Lee:", "Ana Lee", ""},
		{"Swedish Gmail", "Den mån 4 apr. 2016 kl 21:03 skrev Ana Lee <ana@example.org>:", "Ana Lee", addr},
		{"Swedish Apple", "4 apr. 2016 kl. 21:03 skrev Ana Lee <ana@example.org>:", "Ana Lee", addr},
		{"Danish", "Den 04.04.2016 kl. 21.03 skrev Ana Lee:", "Ana Lee", ""},
		{"Danish Gmail", "Den man. 4. apr. 2016 kl. 21.03 skrev Ana Lee <ana@example.org>:", "Ana Lee", addr},
		{"Norwegian Gmail", "man. 4. apr. 2016 kl. 21:03 skrev Ana Lee <ana@example.org>:", "Ana Lee", addr},
		{"Norwegian", "På 4. april 2016 21:03 skrev Ana Lee:", "Ana Lee", ""},
		{"Finnish", "Ana Lee kirjoitti 4.4.2016 klo 21.03:", "Ana Lee", ""},
		{"Finnish Gmail", "ma 4. huhtikuuta 2016 klo 21.03 Ana Lee\n<ana@example.org> kirjoitti:", "Ana Lee", addr},
		{"Polish", "W dniu 04.04.2016 o 21:03, Ana Lee pisze:", "Ana Lee", ""},
		{"Polish Gmail", "pon., 4 kwi 2016 o 21:03 Ana Lee <ana@example.org> napisał(a):", "Ana Lee", addr},
		{"Polish webmail", "Dnia 4 kwietnia 2016 21:03 Ana Lee <ana@example.org> napisał(a):", "Ana Lee", addr},
		{"Czech", "Dne 04.04.2016 v 21:03 Ana Lee napsal(a):", "Ana Lee", ""},
		{"Czech Gmail", "po 4. 4. 2016 v 21:03 odesílatel Ana Lee <ana@example.org> napsal:", "Ana Lee", addr},
		{"Slovak", "Dňa 04.04.2016 o 21:03 Ana Lee napísal(a):", "Ana Lee", ""},
		{"Slovak Gmail", "po 4. 4. 2016 o 21:03 Ana Lee <ana@example.org> napísal(a):", "Ana Lee", addr},
		{"Hungarian", "2016.04.04. 21:03 keltezéssel, Ana Lee írta:", "Ana Lee", ""},
		{"Hungarian Gmail", "Ana Lee <ana@example.org> ezt írta (időpont: 2016. ápr. 4., H, 21:03):", "Ana Lee", addr},
		{"Romanian Gmail", "În lun., 4 apr. 2016 la 21:03, Ana Lee <ana@example.org> a scris:", "Ana Lee", addr},
		{"Romanian", "Pe 04.04.2016 21:03, Ana Lee a scris:", "Ana Lee", ""},
		{"Russian", "04.04.2016 21:03, Ana Lee пишет:", "Ana Lee", ""},
		{"Russian Gmail", "пн, 4 апр. 2016 г. в 21:03, Ana Lee <ana@example.org>:", "Ana Lee", addr},
		{"Russian Gmail of old", "4 апреля 2016 г., 21:03 пользователь Ana Lee <ana@example.org> написал:", "Ana Lee", addr},
		{"Yandex", `04.04.2016, 21:03, "Ana Lee" <ana@example.org>:`, "Ana Lee", addr},
		{"Mail.ru", "Понедельник, 4 апреля 2016, 21:03 +03:00 от Ana Lee <ana@example.org>:", "Ana Lee", addr},
		{"Ukrainian Gmail", "пн, 4 квіт. 2016 р. о 21:03 Ana Lee <ana@example.org> пише:", "Ana Lee", addr},
		{"Ukrainian", "04.04.16 21:03, Ana Lee пише:", "Ana Lee", ""},
		{"Turkish Gmail", "Ana Lee <ana@example.org>, 4 Nis 2016 Pzt, 21:03 tarihinde şunu yazdı:", "Ana Lee", addr},
		{"Turkish", "4.04.2016 21:03 tarihinde Ana Lee yazdı:", "Ana Lee", ""},
		{"Greek", "Στις 4/4/2016 21:03, ο/η Ana Lee έγραψε:", "Ana Lee", ""},
		{"Greek Gmail", "Στις Δευ, 4 Απρ 2016 στις 9:03 μ.μ., ο χρήστης Ana Lee <ana@example.org>\nέγραψε:", "Ana Lee", addr},
		{"Greek Apple", "4 Απρ 2016, 9:03 μ.μ., ο χρήστης «Ana Lee <ana@example.org>» έγραψε:", "Ana Lee", addr},
		{"Japanese Gmail", "2016年4月4日(月) 21:03 Ana Lee <ana@example.org>:", "Ana Lee", addr},
		{"Japanese Gmail of old", "2016年4月4日 21:03 Ana Lee <ana@example.org>:", "Ana Lee", addr},
		{"Japanese Apple", "2016/04/04 21:03、Ana Lee <ana@example.org>のメール:", "Ana Lee", addr},
		{"Japanese Thunderbird", "On 2016/04/04 21:03, Ana Lee wrote:", "Ana Lee", ""},
		{"Korean Gmail", "2016년 4월 4일 (월) 오후 9:03, Ana Lee <ana@example.org>님이 작성:", "Ana Lee", addr},
		{"Korean Apple", "2016. 4. 4. 오후 9:03, Ana Lee <ana@example.org> 작성:", "Ana Lee", addr},
		{"Simplified Chinese Gmail", "Ana Lee <ana@example.org> 于2016年4月4日周一 21:03写道：", "Ana Lee", addr},
		{"Simplified Chinese Apple", "在 2016年4月4日，下午9:03，Ana Lee <ana@example.org> 写道：", "Ana Lee", addr},
		{"Traditional Chinese Gmail", "Ana Lee <ana@example.org> 於 2016年4月4日 週一 下午9:03寫道：", "Ana Lee", addr},
		{"Traditional Chinese Apple", "Ana Lee <ana@example.org> 於 2016年4月4日 下午9:03 寫道：", "Ana Lee", addr},
		{"Vietnamese Gmail", "Vào Th 2, 4 thg 4, 2016 vào lúc 21:03 Ana Lee <ana@example.org> đã\nviết:", "Ana Lee", addr},
		{"Hebrew Gmail", "\u202bבתאריך יום ב׳, 4 באפר׳ 2016 ב-21:03 מאת \u202aAna Lee\u202c\u200f <\u202aana@example.org\u202c\u200f>:\u202c", "Ana Lee", addr},
		{"Hebrew", "ב-4 באפריל 2016 21:03, Ana Lee <ana@example.org> כתב:", "Ana Lee", addr},
		{"Arabic Gmail", "في الاثنين، 4 أبريل 2016 في 9:03 م تمت كتابة ما يلي بواسطة Ana Lee <ana@example.org>:", "Ana Lee", addr},
		{"Arabic", "في ٤ أبريل ٢٠١٦ كتب Ana Lee <ana@example.org>:", "Ana Lee", addr},
		{"Catalan Gmail", "Missatge de Ana Lee <ana@example.org> del dia dl., 4 d'abr. 2016 a les 21:03:", "Ana Lee", addr},
		{"Croatian", "Dana 4. 4. 2016. 21:03, Ana Lee je napisao/la:", "Ana Lee", ""},
		{"Catalan", "El 4/4/16 a les 21:03, Ana Lee ha escrit:", "Ana Lee", ""},
		{"Portuguese Thunderbird", "Às 21:03 de 04/04/16, Ana Lee escreveu:", "Ana Lee", ""},
		{"Japanese Thunderbird of old", "(2016/04/04 21:03), Ana Lee wrote:", "Ana Lee", ""},
		{"Korean Thunderbird", "2016-04-04 오후 9:03에 Ana Lee 이(가) 쓴 글:", "Ana Lee", ""},
		{"Arabic Gmail with its own digits", "في الاثنين، ٤ أبريل ٢٠١٦ في ٩:٠٣ م تمت كتابة ما يلي بواسطة Ana Lee <ana@example.org>:", "Ana Lee", addr},
		{"Portuguese Gmail, wrapped behind the name", "Ana Lee of the Board of Accounts\n<ana@example.org> escreveu no dia segunda, 4/04/2016 à(s) 21:03:", "Ana Lee of the Board of Accounts", addr},
		{"Chinese Gmail, wrapped behind the name", "Ana Lee of the Board of Accounts\n<ana@example.org> 于2016年4月4日周一 下午9:03写道：", "Ana Lee of the Board of Accounts", addr},
		{"Indonesian", "Pada tanggal Sen, 4 Apr 2016 pukul 21.03 Ana Lee <ana@example.org>\nmenulis:", "Ana Lee", addr},
	}
}

// letter marks each line of s with a letter in front.
func letter(kind, s string) string {
	marked := ""
	for len(s) > 0 {
		i := 0
		for i < len(s) && s[i] != '\n' {
			i++
		}
		marked += kind + " " + s[:i] + "\n"
		s = s[min(i+1, len(s)):]
	}
	return marked
}

func TestCutAttribution(t *testing.T) {
	for _, c := range attributionCases() {
		t.Run(c.name, func(t *testing.T) {
			checkMarked(t, "n yes\nn \n"+letter("a", c.text)+"q > which?\nq >\nq > or that?\n")
			checkMarked(t, "n yes\nn \n"+letter("a", c.text)+"a \nq > which?\n")
			checkMarked(t, letter("a", c.text)+"q > which?\nq \nn that one\n")
			if whom := quoted(t, "yes\n\n"+c.text+"\n> which?\n"); whom.Whom.Name != c.whom || whom.Whom.Addr != c.addr {
				t.Errorf("it quotes %q, %q", whom.Whom.Name, whom.Whom.Addr)
			}
		})
	}
}

// Where the date or the address is there, an attribution is one without marks
// below it.
func TestCutAttributionWithoutMarks(t *testing.T) {
	for _, c := range attributionCases() {
		if dated, _ := hasDate(c.text); !dated && c.addr == "" {
			continue
		}
		switch c.name { // too much like prose to be believed without marks, which these always write
		case "mutt with a star", "Finnish", "sup", "alot", "plus signs", "quoth", "Tutanota":
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			checkMarked(t, "n yes\nn \n"+letter("a", c.text)+"q \nq which?\nq \nq or that?\n")
		})
	}
}

// quoted gives the first quoted range of a text.
func quoted(t *testing.T, text string) sigpost.Range {
	t.Helper()
	for _, r := range Cut(text) {
		if r.Kind == sigpost.RangeQuoted {
			return r
		}
	}
	t.Fatalf("nothing is quoted in\n%s", text)
	return sigpost.Range{}
}

func TestCutSource(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       sigpost.Range
	}{
		{"message", "In message <20160404.1@example.org>, Ana Lee writes:\n> which?\n", sigpost.Range{Whom: sigpost.Address{Name: "Ana Lee"}, Of: "20160404.1@example.org"}},
		{"article and address", "In article <1@example.org>,\nAna Lee <ana@example.org> wrote:\n> which?\n", sigpost.Range{Whom: sigpost.Address{Name: "Ana Lee", Addr: "ana@example.org"}, Of: "1@example.org"}},
		{"behind the date", "On 4 Apr 2016 in <1@example.org> Ana Lee wrote:\n> which?\n", sigpost.Range{Whom: sigpost.Address{Name: "Ana Lee"}, Of: "1@example.org"}},
		{"GroupWise", ">>> Ana Lee <ana@example.org> schrieb am 04.04.2016 um 21:03 in Nachricht\n<1234567890123456789012345678@mail.example.org>:\n> was?\n", sigpost.Range{Whom: sigpost.Address{Name: "Ana Lee", Addr: "ana@example.org"}, Of: "1234567890123456789012345678@mail.example.org"}},
		{"pasted header", "yes\n\nFrom: Ana Lee <ana@example.org>\nSent: Monday\nTo: all\nSubject: x\nMessage-ID: <1@example.org>\n\nwhich?\n", sigpost.Range{Whom: sigpost.Address{Name: "Ana Lee", Addr: "ana@example.org"}, Of: "1@example.org"}},
		{"mailto in brackets", "yes\n\nVon: Ana Lee [mailto:ana@example.org]\nGesendet: Montag\nAn: alle\nBetreff: x\n\nwas?\n", sigpost.Range{Whom: sigpost.Address{Name: "Ana Lee", Addr: "ana@example.org"}}},
		{"on behalf", "yes\n\nFrom: list-bounces@example.org On Behalf Of Ana Lee\nSent: Monday\nTo: all\nSubject: x\n\nwhich?\n", sigpost.Range{Whom: sigpost.Address{Name: "Ana Lee"}}},
		{"name alone", "yes\n\nFrom: Ana Lee\nSent: Monday\nTo: all\nSubject: x\n\nwhich?\n", sigpost.Range{Whom: sigpost.Address{Name: "Ana Lee"}}},
		{"inside the quote", "yes\n\n> On Apr 4, 2016, at 21:03, Ana Lee <ana@example.org> wrote:\n>\n> which?\n", sigpost.Range{Whom: sigpost.Address{Name: "Ana Lee", Addr: "ana@example.org"}}},
		{"header inside the quote", "yes\n\n> From: Ana Lee <ana@example.org>\n> Date: Monday\n> Subject: x\n>\n> which?\n", sigpost.Range{Whom: sigpost.Address{Name: "Ana Lee", Addr: "ana@example.org"}}},
		{"Gnus with marks", ">>>>> \"Ana\" == Ana Lee <ana@example.org> writes:\n> which?\n", sigpost.Range{Whom: sigpost.Address{Name: "Ana Lee", Addr: "ana@example.org"}}},
		{"nobody", "> which?\nyes\n", sigpost.Range{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := quoted(t, c.text); got.Whom != c.want.Whom || got.Of != c.want.Of {
				t.Errorf("it quotes %+v of %q\n%s", got.Whom, got.Of, marked(c.text))
			}
		})
	}
}

// Who is named once is quoted until somebody else is.
func TestCutSourceOfLaterQuotes(t *testing.T) {
	var got []string
	for _, r := range Cut("Ana wrote:\n> one?\nyes\n> two?\nno\n\nBob wrote:\n> three?\nperhaps\n") {
		if r.Kind == sigpost.RangeQuoted {
			got = append(got, r.Whom.Name)
		}
	}
	if len(got) != 3 || got[0] != "Ana" || got[1] != "Ana" || got[2] != "Bob" {
		t.Errorf("they quote %q", got)
	}
}

// Sentences that are no attributions, with something unmarked below.
func TestCutNoAttribution(t *testing.T) {
	for _, c := range []struct{ name, text string }{
		{"colon", "I tried this on 4 April 2016:\n\nit failed\n"},
		{"an address", "Please write to ana@example.org:\n\nshe knows\n"},
		{"a date and an address", "The report of 2016 was sent by Ana Lee <ana@example.org>:\n\nit is long\n"},
		{"somebody wrote", "As Ana wrote:\n\nit is mine\n"},
		{"a year and a verb", "In 2016 the board wrote:\n\nall is well\n"},
		{"On in a sentence", "On the one hand it works.\nOn the other it does not:\n\nsee below\n"},
		{"times", "We meet at these times:\n\n2016-04-04 21:03:22\n2016-04-05 09:00:00\n"},
		{"a link", "See https://example.org/on-monday-ana-wrote:\n\nit is there\n"},
		{"from", "The data comes From: our base\nand goes To: nowhere\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			checkMarked(t, letter("n", c.text))
			checkMarked(t, "n first\nn \n"+letter("n", c.text))
		})
	}
}
