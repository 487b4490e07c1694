package message

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// marked writes each line of text behind the first letter of its kind.
func marked(text string) string {
	var b strings.Builder
	for _, r := range Cut(text) {
		for _, line := range strings.SplitAfter(text[r.Start:r.End], "\n") {
			if line != "" {
				b.WriteString(string(r.Kind[:1]) + " " + line)
			}
		}
	}
	return b.String()
}

// TestCut gives each case as it has to come out: in front of each line stands
// n for new, q for quoted, a for attribution, s for signature, f for footer,
// c for code, d for diff, l for log.
func TestCut(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"empty", ""},
		{"new", "n hello\nn \nn world\n"},
		{"bottom posting", "a On Mon, 4 Apr 2016, Ann Lee wrote:\nq > which?\nq \nn the second\n"},
		{"top posting", "n the second\nn \na On Mon, 4 Apr 2016 at 10:00, Ann <ann@x> wrote:\na \nq > which?\n"},
		{"between the quotes", "a Ann wrote:\nq > one?\nn yes\nq > two?\nn no\n"},
		{"attribution over three lines", "n yes\nn \na On Mon, 4 Apr 2016 at 10:00 PM, Ann Lee from the desk\na downstairs <\na ann@x> wrote:\nq > which?\n"},
		{"nested quotes", "q > Ann wrote:\nq >> > deep\nq > > wide\nn new\n"},
		{"indented quote mark", "q  > a\nq  >\nn new\n"},
		{"bracket closed on a quoted line", "n yes\na Am 05.04.2016 10:00 schrieb \"Eins\" <noreply@x\na >:\nq > ja\n"},
		{"date and address without a verb", "n yes\nn \na 2016-04-05 10:00 GMT+02:00 Ann Lee <\na ann@x>:\na \nq > which?\n"},
		{"no marks below a full attribution", "n yes\nn \na On Mon, 4 Apr 2016 at 10:00 Ann <ann@x> wrote:\nq \nq which?\nq \nq or not?\n"},
		{"no marks and nothing above", "a On Mon, 4 Apr 2016 at 10:00 Ann <ann@x> wrote:\na \nn which?\nn \nn this one\n"},
		{"no marks, Finnish", "n kyllä\nn \na Ana Lee kirjoitti 4.4.2016 klo 21.03:\nq \nq Montako?\n"},
		{"no marks, Finnish, date first", "n kyllä\nn \na 4.4.2016 klo 21.03 Ana Lee kirjoitti:\nq \nq Montako?\n"},
		{"no marks, Traditional Chinese", "n 是的。\nn \na Ana Lee 於 2016/4/4 下午 09:03 寫道:\nq \nq 幾個?\n"},
		{"no marks, Traditional Chinese of old", "n 是的。\nn \na 於 2016年04月04日 21:03, Ana Lee 提到:\nq \nq 幾個?\n"},
		{"no marks, name first", "n yes\nn \na Ana Lee wrote on 4/4/2016 21:03:\nq \nq which?\n"},
		{"a sentence that ends in a day", "n hi\nn \nn As Ann said in 2016:\nn \nn this is mine\n"},
		{"a sentence about a log", "n hi\nn \nn the log that Ann wrote on 4/4/2016 21:03:\nn \nn error\n"},
		{"a sentence that ends in wrote", "n As Ann wrote:\nn \nn this is mine\n"},
		{"initials", "n see\nq JD> one\nq JD> two\nn yes\n"},
		{"one arrow is no quote", "n A> B is a comparison\nn more\n"},
		{"bars below an attribution", "a Ann wrote:\nq | one\nq | two\nn yes\n"},
		{"a table of bars", "n | a | b |\nn | 1 | 2 |\n"},
		{"old Lotus", "n yes\nn \na Ana Lee <ana@x>\na 04/04/2016 09:03 PM\na \na To\na Joe <joe@x>\na cc\na dev@x\na Subject\na Re: Ports\nq \nq which?\n"},
		{"old Lotus in German, without a subject", "n ja\nn \na Ana Lee/Org/DE@ORG\na 04.04.2016 21:03\na \na An\na Joe/Org/DE@ORG\na Kopie\na \na Thema\na \nq welche?\n"},
		{"names of fields in a text", "n The form has these:\nn \nn To\nn cc\nn Subject\nn and no more\n"},
		{"signature", "n hello\nn \ns -- \ns Joe\ns phone\n"},
		{"signature without the space", "n hello\ns --\ns Joe\n"},
		{"signature above the quote", "n yes\ns -- \ns Joe\ns \na On 4 Apr 2016 Ann wrote:\nq > which?\n"},
		{"signature of a patch", "d  1 file changed\nn ---\nn diff\ns -- \ns 2.7.4\n"},
		{"separator with much below", "n one\nn --\n" + strings.Repeat("n line\n", 20)},
		{"telephone", "n yes\nn \ns Sent from my phone\n"},
		{"telephone above the quote", "n ja\nn \ns Von meinem Telefon gesendet\ns \na Am 4.4.2016 um 10:00 schrieb Ann:\nq > was?\n"},
		{"underscores", "n yes\nn \ns ___________\ns Joe Doe, desk\n"},
		{"PGP", "s -----BEGIN PGP SIGNED MESSAGE-----\ns Hash: SHA256\ns \nn hello\nn \ns - -- \ns Joe\ns -----BEGIN PGP SIGNATURE-----\ns \ns abcd\ns -----END PGP SIGNATURE-----\n"},
		{"no line end at the end", "n hello\nq > you"},
		{"only blank lines", "n \nn \n"},
		{"blank lines first", "q \nq > a\nn b\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			checkMarked(t, c.want)
		})
	}
}

// checkMarked cuts a text that is given with the kinds of its lines.
func checkMarked(t *testing.T, want string) {
	t.Helper()
	var text strings.Builder
	for _, line := range strings.SplitAfter(want, "\n") {
		if line != "" {
			text.WriteString(line[2:])
		}
	}
	checkRanges(t, text.String(), Cut(text.String()))
	if got := marked(text.String()); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestCutFooter(t *testing.T) {
	const google = `f -- 
f You received this message because you are subscribed to the Google Groups "sig" group.
f To unsubscribe from this group and stop receiving emails from it, send an email to sig+unsubscribe@googlegroups.com.
f To view this discussion on the web visit https://groups.google.com/d/msgid/sig/1%40x.
f For more options, visit https://groups.google.com/d/optout.
`
	for _, c := range []struct{ name, want string }{
		{"Google Groups", "n hello\nn \n" + google},
		{"behind a signature", "n hello\ns -- \ns Joe\ns \n" + google},
		{"twice", "n hello\nn \n" + google + "f \n" + google},
		{"in the middle", "n hello\nn \n" + google + "n more of it\n"},
		{
			"old Google Groups", "n hello\nn \nf --~--~---------~--~----~------------~-------~--~----~\n" +
				"f You received this message because you are subscribed to the Google Groups \"sig\" group.\nf To post to this group, send email to sig@googlegroups.com\n" +
				"f For more options, visit this group at http://groups.google.com/group/sig?hl=en\nf -~----------~----~----~----~------~----~------~--~---\n",
		},
		{
			"wrapped", "n hello\nf -- \nf You received this message because you are subscribed to the Google\nf Groups \"sig\" group.\n" +
				"f To unsubscribe from this group and stop receiving emails from it, send an\nf email to sig+unsubscribe@googlegroups.com.\nf To view\nf this discussion visit\nf https://groups.google.com/d/msgid/sig/1.\n",
		},
		{"quoted", "q > yes\nf > -- \nf > You received this message because you are subscribed to the Google Groups \"sig\" group.\nf > To unsubscribe from this group, send\nn new\n"},
		{"German", "n hallo\nf -- \nf Sie haben diese Nachricht erhalten, weil Sie der Google Groups-Gruppe sig angehören.\nf Schreiben Sie an sig+unsubscribe@googlegroups.com\n"},
		{"a talk about Google Groups", "n I moved to Google Groups last year.\nn It has googlegroups.com in it.\n"},
		{
			"Mailman 2", "n hello\nn \nf _______________________________________________\nf Ops mailing list\nf Ops@lists.example.org\n" +
				"f https://lists.example.org/mailman/listinfo/ops\n",
		},
		{
			"Mailman 3", "n hello\nf _______________________________________________\nf Ops mailing list -- ops@lists.example.org\nf To unsubscribe send an email to ops-leave@lists.example.org\n" +
				"f https://lists.example.org/mailman3/lists/ops.example.org/\n",
		},
		{"a talk about a mailing list", "n Is there a mailing list?\nn See https://x.org/mailman/listinfo/ops for it.\n"},
		{"a bare address of a list", "n hello\nn \nf http://x.org/mailman/listinfo/ops\n"},
		{"Majordomo", "n hello\nn \nf -\nf To unsubscribe from this list: send the line \"unsubscribe dev\" in\nf the body of a message to majordomo@example.org\nf More majordomo info at  http://example.org/info\n"},
		{"ezmlm", "n hello\nf ---------------------------------------------------------------------\nf To unsubscribe, e-mail: dev-unsubscribe@example.org\nf For additional commands, e-mail: dev-help@example.org\n"},
		{"below an unmarked quote", "n yes\nn \na -----Original Message-----\na From: Ann\na Sent: Monday\na To: all\na Subject: x\nq \nq which?\n" + google},
	} {
		t.Run(c.name, func(t *testing.T) {
			checkMarked(t, c.want)
		})
	}
}

func TestCutAttributionLanguages(t *testing.T) {
	for name, line := range map[string]string{
		"English":    "On Mon, Apr 4, 2016 at 9:03 PM, Ann Lee <ann@x> wrote:",
		"at":         "At 10:00 AM 4/5/2016, you wrote:",
		"German":     "Am 12.03.2016 um 10:00 schrieb Ann Lee:",
		"German 2":   "Ann Lee <ann@x> schrieb am Fr., 5. Apr. 2016 um 10:00 Uhr:",
		"French":     "Le 2016-04-05 10:00, Ann Lee a écrit :",
		"Spanish":    "El jueves, 5 de abril de 2016, Ann Lee escribió:",
		"Italian":    "Il giorno 4 aprile 2016 10:00, Ann Lee <ann@x> ha scritto:",
		"Portuguese": "Em 2 de fevereiro de 2015 10:58, Ann <ann@x> escreveu:",
		"Dutch":      "Op 4 april 2016 10:00 schreef Ann Lee <ann@x>:",
		"Polish":     "W dniu 4 kwietnia 2016 10:00 użytkownik Ann <ann@x> napisał:",
		"Russian":    "4 апреля 2016 г., 10:00 пользователь Ann <ann@x> написал:",
		"Ukrainian":  "30 серп. 2016 р. 20:45 \"Ann\" <ann@x> пише:",
		"Swedish":    "Den 4 april 2016 10:00 skrev Ann Lee <ann@x>:",
		"Finnish":    "4. huhtikuuta 2016 klo 10.00 Ann Lee <ann@x> kirjoitti:",
		"Czech":      "Dne 4. dubna 2016 10:00 Ann Lee <ann@x> napsal(a):",
		"Hungarian":  "Ann Lee <ann@x> ezt írta (időpont: 2016. ápr. 4., 10:00):",
		"Turkish":    "4 Nisan 2016 10:00 tarihinde Ann Lee <ann@x> yazdı:",
		"Chinese":    "在 2016年4月4日，下午8:45，Ann Lee <ann@x> 写道：",
		"Japanese":   "2016年4月4日 10:00 Ann Lee <ann@x> のメール:",
		"Korean":     "2016년 4월 4일 오후 10:00, Ann Lee <ann@x>님이 작성:",
	} {
		t.Run(name, func(t *testing.T) {
			checkMarked(t, "n yes\nn \na "+line+"\na \nq > which?\n")
			checkMarked(t, "n yes\nn \na "+line+"\nq \nq without marks\n")
		})
	}
}

func TestCutEmbedded(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"Outlook", "n yes\nn \na -----Original Message-----\na From: Ann\na Sent: Monday\na To: all\na Subject: x\nq \nq which?\nq \nq Ann\n"},
		{"German Outlook", "n ja\nn \na -----Ursprüngliche Nachricht-----\na Von: Ann\na Gesendet: Montag\na An: alle\na Betreff: x\nq \nq was?\n"},
		{"marker alone", "n yes\nn \na -------- Original Message --------\na \nq which?\n"},
		{"emphasis", "n yes\nn \na *-------- Original Message --------*\na \nq which?\n"},
		{"no marker", "n yes\nn \na From: Ann <ann@x>\na Sent: Monday\na To: all\na Subject: x\nq which?\n"},
		{"bold", "n yes\nn \na *From:* Ann\na *Sent:* Monday\na *To:* all\na *Subject:* x\nq \nq which?\n"},
		{"ruled off", "n yes\nn \na ________________________________\na From: Ann\na Sent: Monday\na To: all\na Subject: x\nq \nq which?\n"},
		{"Swedish", "n ja\nn \na Från: Ann\na Skickat: måndag\na Till: alla\na Ämne: x\nq \nq vad?\n"},
		{"Russian", "n да\nn \na От: Ann\na Отправлено: 4\na Кому: x\na Тема: x\nq \nq что?\n"},
		{"long list of readers", "n yes\nn \na From: Ann\na Sent: Monday\na To: a@x; b@x;\na  c@x\na Subject: x\nq \nq which?\n"},
		{"forwarded", "n look\nn \na ---------- Forwarded message ----------\na From: Ann <ann@x>\na Date: Mon, 4 Apr 2016\na Subject: x\na To: all\nq \nq which?\n"},
		{"Apple", "n look\nn \na Begin forwarded message:\na \na From: Ann\na Subject: x\na Date: 4 April 2016\na To: all\nq \nq which?\n"},
		{"what git puts above a patch", "n From: Ann <ann@x>\nn Date: Mon, 4 Apr 2016\nn Subject: fix it\nn \nn text\n"},
		{"prose with colons", "n From: here to there\nn it is far.\nn To: nobody\n"},
		{"a heading between dashes", "n --- results ---\nn good\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			checkMarked(t, c.want)
		})
	}
}

// TestCutCovers is the promise that ranges cover any text, and that a quoted
// line never counts as new.
func TestCutCovers(t *testing.T) {
	lines := []string{
		"", "text", "> quoted", ">> deep", "-- ", "--", "On 4 Apr 2016 10:00 Ann <a@x> wrote:", "wrote:", "_______________",
		"Ops mailing list", "-----Original Message-----", "From: a", "Sent: b", "To: c", "Subject: d", "To unsubscribe from this group",
		"googlegroups.com", "-----BEGIN PGP SIGNATURE-----", "-----END PGP SIGNATURE-----", "Sent from my phone", "A> b", "| x", "http://x/mailman/listinfo/y",
	}
	rapid.Check(t, func(rt *rapid.T) {
		text := strings.Join(rapid.SliceOf(rapid.SampledFrom(lines)).Draw(rt, "lines"), "\n")
		ranges := Cut(text)
		checkRanges(t, text, ranges)
		for _, r := range ranges {
			part := text[r.Start:r.End]
			if r.Kind == "new" && (strings.HasPrefix(part, ">") || strings.Contains(part, "\n>")) {
				rt.Fatalf("a quoted line is new:\n%s", marked(text))
			}
			if r.Kind == "new" && strings.Contains(part, "To unsubscribe from this group") {
				rt.Fatalf("a footer is new:\n%s", marked(text))
			}
		}
	})
}
