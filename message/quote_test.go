package message

import "testing"

func TestCutQuoteMarks(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"no space behind", "q >one\nq >two\nn new\n"},
		{"spaces between", "q > > > deep\nq > > wide\nq > once\nn new\n"},
		{"blank lines between", "q > one\nq \nq > two\nq \nn new\n"},
		{"quote without attribution", "n To your points:\nn \nq > one\nq > two\nq \nn yes\nn \nq > three\nq \nn no\n"},
		{"name as mark", "n see\nq Ana> one\nq Ana> two\nq Ana>\nq Ana> three\nn yes\n"},
		{"Gnus and supercite", "a >>>>> \"Ana\" == Ana Lee <ana@example.org> writes:\na \nq Ana> one\nq Ana> two\nn yes\n"},
		{"bars", "a Ana Lee wrote:\nq | one\nq | two\nq \nn yes\n"},
		{"braces", "a Ana Lee wrote:\nq } one\nq } two\nn yes\nq } three\nn no\n"},
		{"prompt of a database", "n I say\nn SQL> select 1\nn SQL> select 2\n"},
		{"continued command", "n I ran it as\nn make all \\\nn > /dev/null\nn and it works\n"},
		{"end of a tag", "n like this: <a href=\"x\"\nn >\nn see?\n"},
		{
			"broken by a program",
			"q > I would say that the router is the better place for it, as the machine\nq there\nq > is never off\nn no\n",
		},
		{"answer below a long line", "q > I would say that the router is the better place for it, as it is never off?\nn no it is not\nq > or is it?\nn yes\n"},
		{"answer in mid-sentence", "q > Shall we\nn yes\nq > or not\nn no\n"},
		{"footer between quotes", "q > one\nf > _______________________________________________\nf > ops mailing list\nf > ops@example.org\nf > https://example.org/mailman/listinfo/ops\nn yes\n"},
		{"name first, then the date", "n yes\nn \na Ana Lee schrieb am Mo, 04. Apr 2016 um 21:03 Uhr:\nq > which?\n"},
		{"an example", "n in the patch you add a line that says something like:\nq > it is new\nn so\n"},
		{"an ornament", "n visit us\nn >>> >>>  https://example.org <<<\nn soon\n"},
		{"date and address without a colon", "n yes\nn \na 2011/4/7 Ana Lee <ana@example.org>\na \nq > which?\n"},
		{"From at the begin of a line, as an mbox has it", "n It is so.\nn \nn >From what I see, it works.\nn And you?\n"},
		{"From at the begin of a text, as an mbox has it", "n >From what I see, it works.\n"},
		{"From at the begin of a quote", "q > one\nq >From two\nn three\n"},
		{"From at the begin of a quote of one line", "a Ana wrote:\na \nq >From one\nq \nn three\n"},
		{"quote in code", "c ```\nc > not a quote\nc -- \nc ```\nn that is all\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			checkMarked(t, c.want)
		})
	}
}

func TestCutPasted(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"fields as paragraphs", "n yes\nn \na From: Ana\na \na Sent: Monday\na \na To: all\na \na Subject: x\nq \nq which?\n"},
		{"value below", "n yes\nn \na From: Ana Lee of the Department\na <ana@example.org>\na Sent: Monday\na To: all\na Subject: x\nq \nq which?\n"},
		{"Hotmail", "n yes\nn \na ________________________________\na Date: Mon, 4 Apr 2016\na From: ana@example.org\na To: all@example.org\na Subject: x\nq \nq which?\n"},
		{"Thunderbird forwards", "n look\nn \na -------- Forwarded Message --------\na Subject: x\na Date: Mon, 4 Apr 2016\na From: Ana\na To: all\nq \nq which?\n"},
		{"Lotus Notes", "n yes\nn \na Ana Lee ---04/04/2016 09:03:22 PM---which? Or that?\na \na From:\tAna Lee <ana@example.org>\na To:\tall@example.org\na Date:\t04/04/2016 09:03 PM\na Subject:\tRe: x\nq \nq which?\n"},
		{"ProtonMail", "n yes\nn \na -------- Original Message --------\na On April 4, 2016 9:03 PM, Ana <ana@example.org> wrote:\na \nq > which?\nq \nn so\n"},
		{"marks below a header", "n yes\nn \na From: Ana\na Sent: Monday\na To: all\na Subject: x\na \nq > which?\nn so\n"},
		{"GroupWise", "n yes\nn \na >>> Ana Lee <ana@example.org> 4/4/2016 9:03 PM >>>\nq which?\nq \nq and why?\n"},
		{"QQ Mail", "n yes\nn \na ------------------ Original ------------------\na From: \"Ana\";<ana@example.org>;\na Date: Mon, Apr 4, 2016 09:03 PM\na To: \"all\"<all@example.org>;\na Subject: x\nq \nq which?\n"},
		{"hyphens that are not ASCII", "n yes\nn \na ‐‐‐‐‐‐‐ Original Message ‐‐‐‐‐‐‐\na On Monday, Ana wrote:\na \nq > which?\n"},
		{"sender and date alone", "n yes\nn \na From: ana@example.org\na Date: Mon, 4 Apr 2016 21:03:22 +0200\nq \nq which?\n"},
		{"sender and date with bars", "a     Date:        Mon, 4 Apr 2016 21:03:22 +0200\na     From:        Ana Lee <ana@example.org>\na     Message-ID:  <1@example.org>\na \na \nq   | which?\nq \nn that one\nn \nq   | and then?\nq \nn no more\n"},
		{"sender and date with nothing above", "n From: ana@example.org\nn Date: Mon, 4 Apr 2016 21:03:22 +0200\nn \nn which?\n"},
		{"sender and date above marks", "a From: Ana Lee <ana@example.org>\na Date: Mon, 4 Apr 2016 21:03:22 +0200\nq > which?\nn that one\n"},
		{"help desk", "n yes\nn \na ##- Please type your reply above this line -##\na \nq which?\n"},
		{"several answers", "n yes\nn \na From: Ana\na Sent: Monday\na To: all\na Subject: x\nq \nq no\nq \nq From: Bob\nq Sent: Sunday\nq To: all\nq Subject: x\nq \nq which?\n"},
		{"only forwarded", "a ---------- Forwarded message ---------\na From: Ana\na Date: Monday\na Subject: x\na To: all\nq \nq which?\n"},
		{"two fields of prose", "n From: here\nn To: there\nn is a long way.\n"},
		{"form with names", "n Name: Ana\nn Date: Monday\nn Subject: x\nn Time: four\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			checkMarked(t, c.want)
		})
	}
}

// The header that Outlook puts above what it answers, in its languages.
func TestCutPastedLanguages(t *testing.T) {
	for _, c := range []struct{ name, marker, from, sent, to, subject string }{
		{"English", "-----Original Message-----", "From", "Sent", "To", "Subject"},
		{"German", "-----Ursprüngliche Nachricht-----", "Von", "Gesendet", "An", "Betreff"},
		{"French", "-----Message d'origine-----", "De ", "Envoyé ", "À ", "Objet "},
		{"Spanish", "-----Mensaje original-----", "De", "Enviado el", "Para", "Asunto"},
		{"Portuguese", "-----Mensagem original-----", "De", "Enviada em", "Para", "Assunto"},
		{"Italian", "-----Messaggio originale-----", "Da", "Inviato", "A", "Oggetto"},
		{"Dutch", "-----Oorspronkelijk bericht-----", "Van", "Verzonden", "Aan", "Onderwerp"},
		{"Swedish", "-----Ursprungligt meddelande-----", "Från", "Skickat", "Till", "Ämne"},
		{"Danish", "-----Oprindelig meddelelse-----", "Fra", "Sendt", "Til", "Emne"},
		{"Norwegian", "-----Opprinnelig melding-----", "Fra", "Sendt", "Til", "Emne"},
		{"Finnish", "-----Alkuperäinen viesti-----", "Lähettäjä", "Lähetetty", "Vastaanottaja", "Aihe"},
		{"Polish", "-----Oryginalna wiadomość-----", "Od", "Wysłano", "Do", "Temat"},
		{"Czech", "-----Původní zpráva-----", "Od", "Odesláno", "Komu", "Předmět"},
		{"Slovak", "-----Pôvodná správa-----", "Od", "Odoslané", "Komu", "Predmet"},
		{"Hungarian", "-----Eredeti üzenet-----", "Feladó", "Elküldve", "Címzett", "Tárgy"},
		{"Romanian", "-----Mesaj original-----", "De la", "Trimis", "Către", "Subiect"},
		{"Russian", "-----Исходное сообщение-----", "От", "Отправлено", "Кому", "Тема"},
		{"Ukrainian", "-----Вихідне повідомлення-----", "Від", "Надіслано", "Кому", "Тема"},
		{"Turkish", "-----Özgün İleti-----", "Kimden", "Gönderildi", "Kime", "Konu"},
		{"Greek", "-----Αρχικό μήνυμα-----", "Από", "Στάλθηκε", "Προς", "Θέμα"},
		{"Japanese", "-----元のメッセージ-----", "差出人", "送信日時", "宛先", "件名"},
		{"Korean", "-----원본 메시지-----", "보낸 사람", "보낸 날짜", "받는 사람", "제목"},
		{"Simplified Chinese", "-----原始邮件-----", "发件人", "发送时间", "收件人", "主题"},
		{"Traditional Chinese", "-----原始郵件-----", "寄件者", "寄件日期", "收件者", "主旨"},
		{"Vietnamese", "-----Thư gốc-----", "Từ", "Đã gửi", "Tới", "Chủ đề"},
		{"Hebrew", "-----הודעה מקורית-----", "מאת", "נשלח", "אל", "נושא"},
		{"Turkish Thunderbird", "-------- İletilmiş İleti --------", "Kimden", "Tarih", "Kime", "Konu"},
		{"Chinese Thunderbird", "-------- 转发的消息 --------", "发件人", "日期", "收件人", "主题"},
		{"Bulgarian", "-----Оригинално съобщение-----", "От", "Изпратено", "До", "Относно"},
		{"Serbian", "-----Изворна порука-----", "Од", "Послато", "За", "Наслов"},
		{"Croatian", "-----Izvorna poruka-----", "Šalje", "Poslano", "Prima", "Predmet"},
		{"Estonian", "-----Algne sõnum-----", "Saatja", "Saadetud", "Adressaat", "Teema"},
		{"Latvian", "-----Sākotnējais ziņojums-----", "No", "Nosūtīts", "Kam", "Tēma"},
		{"Lithuanian", "-----Pradinis pranešimas-----", "Nuo", "Išsiųsta", "Kam", "Tema"},
		{"Thai", "-----ข้อความต้นฉบับ-----", "จาก", "ส่ง", "ถึง", "เรื่อง"},
		{"Persian", "-----پیام اصلی-----", "از", "ارسال", "به", "موضوع"},
		{"Arabic", "-----الرسالة الأصلية-----", "من", "تم الإرسال", "إلى", "الموضوع"},
	} {
		t.Run(c.name, func(t *testing.T) {
			header := "a " + c.from + ": Ana Lee <ana@example.org>\na " + c.sent + ": 4.4.2016 21:03\na " + c.to + ": all@example.org\na " + c.subject + ": x\n"
			checkMarked(t, "n yes\nn \n"+header+"q \nq which?\n")
			checkMarked(t, "n yes\nn \na "+c.marker+"\n"+header+"q \nq which?\n")
			checkMarked(t, "n yes\nn \na "+c.marker+"\na \nq which?\n")
			if whom := quoted(t, "yes\n\n"+c.from+": Ana Lee <ana@example.org>\n"+c.sent+": 4.4.2016\n"+c.to+": all\n"+c.subject+": x\n\nwhich?\n").Whom; whom.Name != "Ana Lee" || whom.Addr != "ana@example.org" {
				t.Errorf("it quotes %+v", whom)
			}
		})
	}
}
