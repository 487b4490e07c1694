package message

import (
	"strings"

	"sigpost"
)

// markEmbedded finds where another mail is pasted below the text, as Outlook
// answers and as everybody forwards: a line such as "-----Original
// Message-----", or a block of "From:", "Sent:", "To:" lines. What follows is
// quoted to the end.
func markEmbedded(lines []textLine) {
	for i := range lines {
		l := lines[i]
		if l.kind != "" || l.content == "" {
			continue
		}
		end := i
		if isEmbeddedMarker(l.content) {
			end = i + 1
			for end < len(lines) && lines[end].content == "" {
				end++
			}
			_, end = headerBlock(lines, end)
		} else if known, after := headerBlock(lines, i); known {
			end = after
		}
		if end == i {
			continue
		}
		from := i
		for up := i - 1; up >= 0 && i-up <= 2 && lines[up].kind == ""; up-- {
			if isRule(lines[up].content) && len(lines[up].content) >= 4 {
				from = up
			}
		}
		markKind(lines[from:end], sigpost.RangeAttribution)
		markKind(lines[end:], sigpost.RangeQuoted)
		return
	}
}

// isEmbeddedMarker tells a line such as "-----Original Message-----", with or
// without emphasis around it.
func isEmbeddedMarker(s string) bool {
	if len(s) > 100 {
		return false
	}
	s = strings.ToLower(strings.Trim(s, "*_ "))
	switch s {
	case "begin forwarded message:", "anfang der weitergeleiteten nachricht:", "début du message réexpédié :",
		"inicio del mensaje reenviado:", "inizio messaggio inoltrato:":
		return true
	}
	words := strings.Trim(s, "- ")
	if !strings.HasPrefix(s, "--") || !strings.HasSuffix(s, "--") || words == "" {
		return false
	}
	for _, known := range []string{
		"original message", "original appointment", "forwarded message", "reply message",
		"ursprüngliche nachricht", "originalnachricht", "weitergeleitete nachricht",
		"message d'origine", "message d’origine", "message original", "message transféré", "mensaje original", "mensaje reenviado",
		"messaggio originale", "messaggio inoltrato", "mensagem original", "mensagem encaminhada",
		"oorspronkelijk bericht", "originele bericht", "doorgestuurd bericht", "wiadomość oryginalna", "oryginalna wiadomość",
		"исходное сообщение", "пересылаемое сообщение", "ursprungligt meddelande", "originalmeddelande", "vidarebefordrat meddelande",
		"oprindelig meddelelse", "opprinnelig melding", "alkuperäinen viesti", "původní zpráva", "eredeti üzenet", "原始邮件", "邮件原件", "原始郵件", "元のメッセージ",
	} {
		if strings.Contains(words, known) {
			return true
		}
	}
	return false
}

// maxHeaderBlock is the longest pasted header, in lines.
const maxHeaderBlock = 12

// headerBlock reads the pasted header that begins at line i and gives the line
// behind it. known says whether it is one beyond doubt: From with two more
// fields, one of which only mail programs write. "From, Date, Subject" alone
// may be what git puts above a patch.
func headerBlock(lines []textLine, i int) (known bool, end int) {
	var from, sent, date, to, subject bool
	for end = i; end < len(lines) && end-i < maxHeaderBlock; end++ {
		l := lines[end]
		if l.kind != "" || l.content == "" {
			break
		}
		switch pastedField(l.content) {
		case "from":
			from = true
		case "sent":
			sent, date = true, true
		case "date":
			date = true
		case "to":
			to = true
		case "subject":
			subject = true
		case "other":
		default:
			if end == i { // a long value may be wrapped, but not the first
				return false, i
			}
			if subject { // what follows is the text
				return from && date && (to || sent), end
			}
			continue
		}
		if end == i && !from {
			return false, i
		}
	}
	return from && (to || sent) && (date || subject), end
}

// pastedField gives the meaning of a line's field name in any of the languages
// that Outlook and others write, or "".
func pastedField(s string) string {
	s = strings.TrimLeft(s, "*_ ")
	name, _, ok := strings.Cut(s, ":")
	if !ok {
		name, _, ok = strings.Cut(s, "：")
	}
	if !ok || len(name) > 32 {
		return ""
	}
	switch strings.ToLower(strings.Trim(name, "*_ \u00a0")) {
	case "from", "von", "de", "da", "van", "od", "от", "від", "från", "fra", "lähettäjä", "feladó", "kimden", "发件人", "寄件者", "差出人", "보낸 사람":
		return "from"
	case "sent", "gesendet", "envoyé", "enviado", "enviado el", "inviato", "enviada em", "enviado em", "verzonden", "wysłano", "wysłane",
		"отправлено", "надіслано", "skickat", "sendt", "lähetetty", "odesláno", "elküldve", "gönderildi", "发送时间", "寄件日期", "送信日時":
		return "sent"
	case "date", "datum", "data", "fecha", "дата", "dato", "päivämäärä", "日期":
		return "date"
	case "to", "an", "à", "a", "para", "aan", "do", "кому", "till", "til", "vastaanottaja", "komu", "címzett", "kime", "收件人", "收件者", "宛先":
		return "to"
	case "subject", "betreff", "objet", "asunto", "oggetto", "assunto", "onderwerp", "temat", "тема", "ämne", "emne", "aihe", "předmět", "tárgy", "konu", "主题", "主旨", "件名":
		return "subject"
	case "cc", "kopie", "копия", "копія", "kopia", "reply-to", "antwort an", "répondre à", "responder a", "bcc", "importance", "wichtigkeit", "dw", "attachments", "organization":
		return "other"
	}
	return ""
}
