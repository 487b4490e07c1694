package message

import (
	"strings"

	"sigpost"
)

// markDeviceLines marks the lines with which telephones and webmail end a
// letter. They do so where the cursor is not: what stands below one, behind a
// blank line, is the mail that is answered, without marks.
func markDeviceLines(lines []textLine) {
	above := false
	for i := range lines {
		s := lines[i].content
		if s == "" {
			continue
		}
		alone := i == 0 || lines[i-1].content == "" || lines[i-1].kind != ""
		below := i+1 == len(lines) || lines[i+1].content == ""
		if !(alone || below) || !isDeviceLine(s) {
			above = true
			continue
		}
		lines[i].kind = sigpost.RangeSignature
		if alone && below && above && !isAfterthought(lines[i+1:]) {
			markDeviceBelow(lines[i+1:])
			return
		}
	}
}

// markDeviceBelow decides what stands below a telephone's line.
func markDeviceBelow(lines []textLine) {
	for i := range lines {
		if s := lines[i].content; s != "" && isDeviceLine(s) {
			lines[i].kind = sigpost.RangeSignature
		}
	}
	markKind(lines, sigpost.RangeQuoted)
}

// isAfterthought says whether lines begin as what a person adds below, or
// with nothing but a signature.
func isAfterthought(lines []textLine) bool {
	for _, l := range lines {
		if l.content != "" {
			return l.content == "--" || startsWithAny(strings.ToLower(l.content[:min(len(l.content), 8)]), "ps", "p.s", "p. s", "nb", "edit")
		}
	}
	return true
}

// maxDeviceLine is the longest line of a telephone, in bytes.
const maxDeviceLine = 140

// isDeviceLine knows the lines with which telephones and webmail end a letter.
func isDeviceLine(s string) bool {
	if len(s) > maxDeviceLine {
		return false
	}
	if s[0] < '0' || s[0] > 'z' || s[0] == '<' || s[0] == '[' {
		if s = strings.TrimLeft(s, "<([*_~-–— "); s == "" {
			return false
		}
	}
	if w := (words{s: s}); !w.scan() || s[0] < 0xe0 && !opensDeviceLine(string(w.word())) && !strings.HasSuffix(s, " mobile") {
		return false
	}
	lower := strings.ToLower(s)
	for _, start := range [...]string{"sent from ", "sent by ", "sent via ", "sent with ", "sent using ", "send from ", "sent on ", "sent through "} {
		if rest, ok := strings.CutPrefix(lower, start); ok {
			return isDevice(rest)
		}
	}
	for _, start := range [...]string{"get outlook for ", "get [outlook for ", "get bluemail for ", "from my iphone", "from my ipad", "from my android", "from my mobile", "from my phone", "download outlook", "outlook für ", "outlook for ", "outlook pour ", "téléchargez outlook"} {
		if strings.HasPrefix(lower, start) {
			return strings.Count(lower, " ") < 10
		}
	}
	if containsAny(lower, "www.avast.com", "www.avg.com") {
		return strings.Count(lower, " ") < 8
	}
	if strings.HasSuffix(lower, " from mobile") {
		return strings.Count(lower, " ") < 4
	}
	return strings.Count(lower, " ") < 12 && isDeviceStart(lower)
}

// opensDeviceLine knows the first words of such lines, so that others are not
// looked at further.
func opensDeviceLine(word string) bool {
	switch word {
	case "virus", "virenfrei", "garanti", "libre", "livre", "privo", "virusvrij",
		"sent", "send", "get", "from", "download", "outlook", "von", "gesendet", "diese", "vom", "verschickt", "téléchargez", "envoyé", "envoyée", "provenance", "téléphone", "enviado", "enviat", "obtener", "obter", "o",
		"inviato", "scarica", "ottieni", "verzonden", "verstuurd", "skickat", "skickades", "hämta", "sendt", "hent", "få", "lähetetty", "hanki", "wysłane", "wysłano", "pobierz", "odesláno", "poslané", "odoslané", "posláno", "získejte", "elküldve", "iphone", "az",
		"отправлено", "надіслано", "відправлено", "скачать", "ipad", "ipadimden", "iphonedan", "στάλθηκε", "εστάλη", "αποστολή", "trimis", "poslano", "saadetud", "išsiųsta", "terkirim", "dikirim", "iphoneから送信", "ipadから送信", "androidから送信",
		"đã", "được", "נשלח", "أرسلت", "أُرسلت", "مرسل", "مُرسَل", "إرسال":
		return true
	}
	return false
}

// isDevice says whether what follows "sent from" names a thing, and does not
// go on as a sentence does. An apology may follow.
func isDevice(s string) bool {
	if i := strings.IndexAny(s, ",.;!"); i >= 0 && i+1 < len(s) && s[i+1] == ' ' {
		rest := strings.TrimLeft(s[i+1:], " ")
		if !startsWithAny(rest, "please", "sorry", "excuse", "pardon", "apolog", "forgive", "so ", "typo", "thus") {
			return false
		}
		s = s[:i]
	}
	s, _, _ = strings.Cut(s, "<")
	s, _, _ = strings.Cut(s, "http")
	n := 0
	for w := (words{s: s}); w.scan(); n++ {
		switch string(w.word()) {
		case "is", "was", "are", "to", "that", "which", "and", "i", "we", "you", "it", "but", "desk", "mistake", "accident", "error":
			return false
		}
	}
	return n > 0 && n <= 8
}

// isDeviceStart knows how such lines begin in other languages, in lower case.
func isDeviceStart(s string) bool {
	return startsWithAny(s,
		"von meinem ", "von meiner ", "gesendet von ", "gesendet mit ", "gesendet über ", "gesendet aus ", "diese nachricht wurde von mein", "diese e-mail wurde von mein", "vom handy gesendet", "vom iphone gesendet", "von unterwegs gesendet", "von outlook für", "verschickt mit ",
		"envoyé de ", "envoyé depuis ", "envoyé à partir ", "envoyé par ", "envoyé avec ", "envoyé via ", "envoyée depuis ", "provenance : courrier", "téléphone envoyé",
		"enviado desde ", "enviado do ", "enviado de ", "enviado a partir d", "enviado con ", "enviado pelo ", "enviado com ", "enviado por ", "enviado via ", "enviado mediante ", "enviat des ", "obtener outlook para", "obter o outlook para",
		"inviato da", "inviato con ", "inviato tramite ", "inviato via ", "scarica outlook per", "ottieni outlook per",
		"verzonden met ", "verzonden vanaf ", "verzonden van", "verstuurd vanaf ", "verstuurd met ", "verzonden via ", "outlook voor ", "download outlook voor",
		"skickat från ", "skickat med ", "skickades från ", "skickat via ", "hämta outlook för", "sendt fra ", "sendt via ", "sendt med ", "hent outlook", "få outlook", "lähetetty ", "hanki outlook",
		"wysłane z ", "wysłano z ", "wysłane przez ", "wysłane za pomocą", "pobierz outlook", "odesláno z ", "odesláno přes ", "poslané z ", "odoslané z ", "posláno z ", "získejte outlook", "elküldve az ", "iphone-ról küldve", "az iphone-omról",
		"отправлено с", "отправлено из", "отправлено через", "отправлено от", "надіслано з", "відправлено з", "надіслано через", "скачать outlook",
		"iphone'umdan gönderildi", "iphone'dan gönderildi", "ipad'imden gönderildi", "iphonedan gönderildi", "στάλθηκε από", "εστάλη από", "αποστολή από", "trimis de pe", "trimis din", "trimis cu ", "poslano z ", "poslano s ", "saadetud minu", "išsiųsta iš", "terkirim dari", "dikirim dari",
		"從我的", "从我的", "发自我的", "發自我的", "发送自", "從我 的", "来自我的", "寄自我的", "iphoneから送信", "ipadから送信", "androidから送信", "나의 iphone에서", "내 iphone에서", "나의 ipad에서", "iphone에서 보냄",
		"đã gửi từ", "được gửi từ", "נשלח מה", "נשלח מ-", "נשלח מ", "أرسلت من", "أُرسلت من", "مرسل من", "مُرسَل من", "إرسال من")
}

// isSignOff says whether a line is a greeting that ends a letter, and nothing
// else, perhaps in two languages ("Viele Grüße / Best regards").
func isSignOff(s string) bool {
	if strings.Count(s, " ") > 6 {
		return false
	}
	for s != "" {
		var part string
		part, s, _ = strings.Cut(s, "/")
		var buf [112]byte
		n := 0
		for w := (words{s: part}); w.scan() && n+1+len(w.buf) < len(buf); {
			if n > 0 {
				buf[n] = ' '
				n++
			}
			n += copy(buf[n:], w.word())
		}
		if isSignOffText(string(buf[:n])) {
			return true
		}
	}
	return false
}

// isSignOffText knows the greetings: words in lower case with a space between.
func isSignOffText(s string) bool {
	switch s {
	case "regards", "best regards", "kind regards", "warm regards", "warmest regards", "kindest regards", "with best regards", "with kind regards", "with regards", "many regards", "best", "all the best", "best wishes", "with best wishes", "cheers", "cordially", "sincerely", "sincerely yours", "yours sincerely", "yours truly", "very truly yours", "yours", "yours faithfully", "respectfully", "respectfully yours", "thanks", "many thanks", "thanks again", "thank you", "thanks a lot", "thanks and regards", "thanks regards", "thanks and best regards", "thanks in advance", "thank you and best regards", "rgds", "br", "brgds", "kr", "thx", "take care", "warmly", "with appreciation", "kind greetings", "greetings", "best greetings", "thanks best regards",
		"mit freundlichen grüßen", "mit freundlichen grüssen", "mit freundlichem gruß", "mit freundlichem gruss", "freundliche grüße", "freundliche grüsse", "viele grüße", "viele grüsse", "beste grüße", "beste grüsse", "liebe grüße", "liebe grüsse", "schöne grüße", "herzliche grüße", "mit besten grüßen", "mit bestem gruß", "gruß", "grüße", "gruss", "grüsse", "mfg", "lg", "vg", "hochachtungsvoll", "vielen dank", "danke", "danke und gruß", "besten dank",
		"cordialement", "bien cordialement", "très cordialement", "bien à vous", "salutations", "salutations distinguées", "sincères salutations", "meilleures salutations", "amicalement", "bonne journée", "bonne soirée", "merci", "merci d avance", "cdt", "cdlt", "respectueusement",
		"saludos", "un saludo", "saludos cordiales", "un cordial saludo", "cordialmente", "atentamente", "muchos saludos", "gracias", "muchas gracias", "atte", "un abrazo", "salutacions", "salutacions cordials",
		"atenciosamente", "att", "abraços", "abraço", "obrigado", "obrigada", "cumprimentos", "com os melhores cumprimentos", "melhores cumprimentos", "saudações",
		"cordiali saluti", "distinti saluti", "saluti", "un saluto", "grazie", "cordialità", "un cordiale saluto", "con i migliori saluti", "buona giornata", "ciao",
		"met vriendelijke groet", "met vriendelijke groeten", "vriendelijke groet", "vriendelijke groeten", "groeten", "groet", "hartelijke groet", "mvg", "bedankt", "hoogachtend",
		"med vänlig hälsning", "med vänliga hälsningar", "vänliga hälsningar", "vänligen", "hälsningar", "mvh", "bästa hälsningar", "tack", "med venlig hilsen", "venlig hilsen", "venlige hilsner", "mange hilsner", "hilsen", "hilsner", "tak", "med vennlig hilsen", "vennlig hilsen", "beste hilsen", "takk", "ystävällisin terveisin", "terveisin", "parhain terveisin", "kiitos", "yst terv", "t",
		"pozdrawiam", "pozdrawiam serdecznie", "z poważaniem", "z pozdrowieniami", "pozdrowienia", "serdecznie pozdrawiam", "dziękuję", "s pozdravem", "s přátelským pozdravem", "děkuji", "zdravím", "hezký den", "s pozdravom", "s priateľským pozdravom", "ďakujem", "üdvözlettel", "tisztelettel", "üdv", "köszönettel", "köszönöm", "szép napot",
		"с уважением", "с наилучшими пожеланиями", "всего доброго", "спасибо", "удачи", "с наилучшими", "з повагою", "з найкращими побажаннями", "дякую", "поздрави", "с уважение", "srdačan pozdrav", "pozdrav", "lep pozdrav", "lp",
		"saygılarımla", "saygılarımızla", "iyi çalışmalar", "teşekkürler", "sevgiler", "selamlar", "με εκτίμηση", "φιλικά", "ευχαριστώ", "με φιλικούς χαιρετισμούς", "cu stimă", "cu respect", "toate cele bune", "mulțumesc", "cu drag", "o zi bună",
		"よろしくお願いします", "よろしくお願いいたします", "宜しくお願い致します", "敬具", "以上", "此致", "敬礼", "祝好", "谢谢", "謝謝", "順頌商祺", "敬上", "감사합니다", "고맙습니다", "드림", "trân trọng", "cảm ơn", "thân mến", "בברכה", "תודה", "مع تحياتي", "تحياتي", "شكرا", "مع أطيب التحيات", "salam", "hormat saya", "terima kasih":
		return true
	}
	return false
}

// beginsDisclaimer says whether a paragraph is a company's: its first line
// begins like one, and it speaks of secrets or of trees.
func beginsDisclaimer(s string, lines []textLine) bool {
	s = strings.TrimLeft(s[:min(len(s), 100)], "*_<>-#=~\" ")
	if w := (words{s: s}); !w.scan() || s[0] < 0xe0 && !opensDisclaimer(string(w.word())) {
		return false
	}
	s = strings.ToLower(s)
	if !startsWithAny(s,
		"this e-mail", "this email", "this message", "this transmission", "this communication", "the information", "the contents of this", "the content of this", "confidentiality", "confidential", "privileged", "notice", "important notice", "important:", "legal notice", "disclaimer", "e-mail confidential", "email confidential", "warning:", "caution:", "please consider the environment", "consider the environment", "think before you print", "please think before", "save a tree", "before printing", "p please consider", "any views", "unless otherwise stated", "if you are not the intended", "if you have received this", "if you received this", "registered in england",
		"diese e-mail", "diese nachricht", "dieses e-mail", "der inhalt dieser", "die information", "bitte denken sie", "bitte prüfen sie", "vertraulich", "wichtiger hinweis", "hinweis:",
		"ce message", "ce courriel", "cet e-mail", "cet email", "ce mail", "les informations contenues", "le présent message", "avis de confidentialité", "n'imprimez", "pensez à l'environnement", "merci de penser",
		"este mensaje", "este correo", "esta mensaje", "la información contenida", "aviso legal", "aviso de confidencialidad", "antes de imprimir", "por favor, piense", "esta mensagem", "este e-mail", "este email", "as informações contidas", "aviso:",
		"le informazioni contenute", "questo messaggio", "questa e-mail", "la presente", "il presente messaggio", "informativa", "ai sensi", "prima di stampare",
		"dit bericht", "deze e-mail", "dit e-mail", "de informatie", "denk aan het milieu", "aan dit bericht", "detta meddelande", "detta e-post", "denne e-mail", "denne meddelelse", "denne e-post", "tämä viesti", "tämä sähköposti",
		"niniejsza wiadomość", "ta wiadomość", "informacje zawarte", "treść tej", "tento e-mail", "tato zpráva", "táto správa", "ez az üzenet", "ez az e-mail", "jelen üzenet",
		"это сообщение", "данное сообщение", "настоящее сообщение", "информация, содержащаяся", "це повідомлення", "bu e-posta", "bu mesaj", "bu ileti", "αυτό το μήνυμα", "το παρόν", "acest mesaj", "acest e-mail", "本邮件", "此邮件", "本郵件", "此郵件", "このメール", "本メール", "이 메일", "본 메일", "هذه الرسالة", "הודעה זו") {
		return false
	}
	for n, l := range lines {
		if l.content == "" && n > 0 || n > 12 {
			break
		}
		if containsAny(strings.ToLower(l.content),
			"confidential", "intended recipient", "intended solely", "intended only", "intended for", "privileged", "environment", "proprietary", "not necessarily", "received this", "virus", "registered office",
			"vertraulich", "confidentiel", "confidencial", "riservat", "vertrouwelijk", "konfident", "fortrolig", "luottamuksell", "poufn", "důvěrn", "dôvern", "bizalmas", "конфиденц", "конфіденц", "gizli", "εμπιστευτικ", "confidenț", "保密", "机密", "機密", "기밀", "سري", "סוד", "destinat", "empfänger", "umwelt", "environnement", "medio ambiente", "ambiente", "geadresseerde", "adresat", "адресат") {
			return true
		}
	}
	return false
}

// opensDisclaimer knows the first words of disclaimers, so that other
// paragraphs are not looked at further.
func opensDisclaimer(word string) bool {
	switch word {
	case "this", "the", "confidentiality", "confidential", "privileged", "notice", "important", "legal", "disclaimer", "e", "email", "warning", "caution", "please", "consider", "think", "save", "before", "p", "any", "unless", "if", "registered",
		"diese", "dieses", "der", "die", "bitte", "vertraulich", "wichtiger", "hinweis", "ce", "cet", "les", "le", "avis", "n", "pensez", "merci", "este", "esta", "la", "aviso", "antes", "por", "as", "questo", "questa", "il", "informativa", "ai", "prima",
		"dit", "deze", "de", "denk", "aan", "detta", "denne", "tämä", "niniejsza", "ta", "informacje", "treść", "tento", "tato", "táto", "ez", "jelen", "это", "данное", "настоящее", "информация", "це", "bu", "αυτό", "το", "acest", "هذه", "הודעה":
		return true
	}
	return false
}
