package message

import "strings"

// isForwardLine knows, in lower case, the lines that announce a forwarded mail
// without a rule around them, as Apple Mail writes them.
func isForwardLine(s string) bool {
	switch strings.TrimRight(strings.Trim(s, "*_ \u00a0"), ":： \u00a0") {
	case "begin forwarded message", "anfang der weitergeleiteten nachricht", "anfang der weitergeleiteten e-mail", "début du message réexpédié", "début du message transféré",
		"inicio del mensaje reenviado", "inizio messaggio inoltrato", "inizio del messaggio inoltrato", "início da mensagem encaminhada", "início da mensagem reencaminhada", "begin doorgestuurd bericht",
		"vidarebefordrat brev", "vidarebefordrat mejl", "påbörja vidarebefordrat brev", "start på videresendt besked", "starten på videresendt besked", "videresendt melding", "start på videresendt melding", "välitetty viesti alkaa",
		"początek przekazywanej wiadomości", "rozpoczęcie przekazywanej wiadomości", "začátek přeposílané zprávy", "začiatok preposlanej správy", "továbbított levél kezdete", "továbbított levél",
		"начало переадресованного сообщения", "начало переадресованного письма", "начало пересылаемого сообщения", "початок листа, що пересилається", "початок пересланого повідомлення", "i̇letilen ileti başlangıcı", "iletilen ileti başlangıcı", "i̇letilmiş mesaj başlangıcı", "iletilmiş mesaj başlangıcı",
		"αρχή προωθημένου μηνύματος", "începe mesajul redirecționat", "început mesaj redirecționat", "転送されたメッセージ", "開始轉寄郵件", "以下是轉寄的郵件", "开始转发的邮件", "以下是转发的邮件", "전달된 메시지 시작", "전달된 메시지",
		"bắt đầu thư được chuyển tiếp", "תחילת הודעה שהועברה", "بدء الرسالة المعاد توجيهها":
		return true
	}
	return false
}

// isReplyLine knows, in lower case, the lines above which help desks want the
// answer.
func isReplyLine(s string) bool {
	return containsAny(s, "above this line", "oberhalb dieser linie", "oberhalb dieser zeile", "au-dessus de cette ligne", "encima de esta línea", "acima desta linha", "sopra questa riga", "boven deze lijn", "boven deze regel", "выше этой линии", "выше этой строки")
}

// isMarkerText knows, in lower case, what stands between the dashes above a
// pasted or forwarded mail.
func isMarkerText(s string) bool {
	for _, known := range [...]string{
		"original message", "original appointment", "original email", "forwarded message", "forwarded by", "reply message", "forwarded mail", "forward message", "replied message",
		"ursprüngliche nachricht", "originalnachricht", "original-nachricht", "weitergeleitete nachricht", "weitergeleitete e-mail", "weitergeleitet von",
		"message d'origine", "message d’origine", "message original", "message transféré", "message transmis", "courriel original", "mensaje original", "mensaje reenviado", "missatge original", "missatge reenviat",
		"messaggio originale", "messaggio inoltrato", "messaggio originario", "mensagem original", "mensagem encaminhada", "mensagem reencaminhada", "mensaxe orixinal",
		"oorspronkelijk bericht", "origineel bericht", "originele bericht", "doorgestuurd bericht", "oorspronkelijk e-mailbericht", "wiadomość oryginalna", "oryginalna wiadomość", "przekazana wiadomość", "treść przekazanej wiadomości", "wiadomość przekazana",
		"исходное сообщение", "оригинальное сообщение", "пересылаемое сообщение", "пересланное сообщение", "перенаправленное сообщение", "первоначальное сообщение", "конец пересылаемого сообщения", "оригінальне повідомлення", "вихідне повідомлення", "переслане повідомлення", "перенаправлене повідомлення",
		"ursprungligt meddelande", "originalmeddelande", "vidarebefordrat meddelande", "oprindelig meddelelse", "oprindelig besked", "original meddelelse", "videresendt meddelelse", "videresendt besked", "opprinnelig melding", "videresendt melding", "videresendt e-post",
		"alkuperäinen viesti", "edelleenlähetetty viesti", "välitetty viesti", "původní zpráva", "přeposlaná zpráva", "pôvodná správa", "preposlaná správa", "eredeti üzenet", "továbbított üzenet", "továbbított levél",
		"mesaj original", "mesajul original", "mesaj redirecționat", "orijinal mesaj", "özgün ileti", "özgün mesaj", "orijinal ileti", "i̇letilen mesaj", "iletilen mesaj", "yönlendirilmiş ileti", "i̇letilmiş mesaj", "iletilmiş mesaj", "i̇letilmiş i̇leti", "iletilmiş ileti",
		"αρχικό μήνυμα", "προωθημένο μήνυμα", "原始邮件", "邮件原件", "原始郵件", "原始郵件訊息", "转发的邮件", "转发的消息", "转发邮件信息", "轉寄郵件", "轉寄的郵件", "原邮件", "原文", "元のメッセージ", "オリジナルメッセージ", "転送メッセージ", "転送されたメッセージ", "original message", "원본 메일", "원본 메시지", "전달된 메시지", "전달된 메일",
		"thư gốc", "thư đã chuyển tiếp", "tin nhắn gốc", "tin nhắn đã chuyển tiếp", "הודעה מקורית", "הודעה שהועברה", "الرسالة الأصلية", "رسالة معاد توجيهها", "رسالة محولة", "originalna poruka", "izvirno sporočilo", "оригинално съобщение", "препратено съобщение", "прослеђена порука", "originalus laiškas", "algne kiri", "pesan asli", "pesan diteruskan", "mesej asal",
		"izvorna poruka", "изворна порука", "algne sõnum", "pradinis pranešimas", "sākotnējais ziņojums", "upprunaleg skilaboð", "jatorrizko mezua", "ข้อความต้นฉบับ", "ข้อความเดิม", "मूल संदेश", "پیام اصلی",
	} {
		if s == "original" || strings.HasPrefix(s, known) || len(s) < len(known)+24 && strings.Contains(s, known) {
			return true
		}
	}
	return false
}

// pastedFieldName gives the meaning of a field's name in the languages in which
// Outlook, Apple Mail, Thunderbird and webmail write it: "from", "sent", "date",
// "to", "subject", "id", "other" or "".
func pastedFieldName(name string) string {
	if name == "" || len(name) > maxPastedName || name[0] < 'A' && name[0] < 0x80 {
		return ""
	}
	var buf [maxPastedName + 8]byte
	for i := 0; i < len(name); i++ {
		if name[i] >= 0x80 { // not ASCII: the slow way
			return fieldMeaning(strings.TrimRight(strings.ToLower(name), " \u00a0"))
		}
		if buf[i] = name[i]; 'A' <= name[i] && name[i] <= 'Z' {
			buf[i] += 'a' - 'A'
		}
	}
	return fieldMeaning(string(buf[:len(name)]))
}

// fieldMeaning does it for a name in lower case.
func fieldMeaning(name string) string {
	switch name {
	case "from", "von", "de", "da", "van", "od", "от", "від", "от кого", "від кого", "från", "fra", "lähettäjä", "feladó", "kimden", "gönderen", "od koho", "dari", "frá",
		"από", "αποστολέας", "expeditor", "de la", "发件人", "寄件者", "寄件人", "差出人", "送信者", "送信元", "보낸 사람", "보낸사람", "발신", "từ", "người gửi", "מאת", "من", "prima", "šalje", "expéditeur", "afsender", "avsender", "avsändare", "afzender", "remitente", "mittente", "remetente", "absender", "nadawca", "odesílatel", "odosielateľ", "saatja", "nuo", "no", "од", "шаље", "nork", "จาก", "से", "از", "mailed by":
		return "from"
	case "sent", "gesendet", "gesendet am", "envoyé", "envoyé le", "enviado", "enviado el", "inviato", "enviada em", "enviado em", "enviada", "verzonden", "verstuurd", "wysłano", "wysłane", "data wysłania",
		"отправлено", "послано", "надіслано", "відправлено", "skickat", "sendt", "lähetetty", "odesláno", "odoslané", "elküldve", "küldve", "gönderildi", "gönderilme tarihi", "gönderme tarihi", "gönderim", "στάλθηκε", "αποστολή", "trimis", "发送时间", "傳送時間", "寄件日期", "傳送日期", "送信日時", "보낸 날짜", "보냄", "đã gửi", "נשלח", "נשלח ב", "تم الإرسال", "أرسلت", "poslano", "saadetud", "išsiųsta", "enviat", "dikirim", "изпратено", "nosūtīts", "послато", "bidalia", "ส่ง", "भेजा गया", "ارسال", "ارسال شده", "sent on":
		return "sent"
	case "date", "datum", "data", "fecha", "дата", "dato", "päivämäärä", "päiväys", "pvm", "dátum", "tarih", "ημερομηνία", "dată", "日期", "日付", "날짜", "일시", "ngày", "תאריך", "التاريخ", "message du", "datum und uhrzeit", "tanggal", "kuupäev", "datums", "dagsetning", "วันที่", "تاریخ", "time", "时间", "date/time", "created":
		return "date"
	case "to", "an", "à", "a", "para", "aan", "do", "кому", "till", "til", "vastaanottaja", "komu", "címzett", "kime", "alıcı", "προς", "către", "收件人", "收件者", "宛先", "받는 사람", "받는사람", "수신", "đến", "tới", "người nhận", "אל", "إلى", "destinataire", "destinatario", "destinatário", "za", "prima za", "kam", "pro", "kepada", "kellele", "per a", "до", "за", "прима", "adressaat", "nori", "ถึง", "प्रति", "به", "an die", "to recipients":
		return "to"
	case "subject", "betreff", "thema", "objet", "sujet", "asunto", "oggetto", "assunto", "onderwerp", "temat", "тема", "ämne", "emne", "aihe", "předmět", "predmet", "tárgy", "konu", "θέμα", "subiect", "主题", "主旨", "主題", "件名", "제목", "chủ đề", "tiêu đề", "נושא", "الموضوع", "assumpte", "naslov", "zadeva", "относно", "teema", "tema", "perihal", "subjek", "tēma", "наслов", "efni", "gaia", "เรื่อง", "विषय", "موضوع", "re":
		return "subject"
	case "cc", "kopie", "kopie (cc)", "копия", "копія", "kopia", "kópia", "kopi", "kopio", "copie", "copie à", "copia", "cópia", "reply-to", "reply to", "antwort an", "répondre à", "responder a", "rispondi a", "bcc", "importance", "wichtigkeit", "importancia", "importanza", "prioriteit", "priorité", "priority", "priorität", "dw", "udw", "attachments", "anlagen", "pièces jointes", "adjuntos", "allegati", "bijlagen", "bilagor", "vedhæftede filer", "вложения", "organization", "organisation", "sender", "newsgroups", "group", "groups", "list", "mailing list", "cc:", "bilgi", "másolatot kap", "κοινοποίηση", "抄送", "副本", "参照", "참조", "عربي", "نسخة", "עותק", "resent-from", "x-mailer", "user-agent", "mime-version", "content-type", "signed by", "security", "followup-to", "отговор до", "копие", "kopija", "koopia", "kp", "a/c", "สำเนา":
		return "other"
	case "message-id", "references", "in-reply-to":
		if name == "message-id" {
			return "id"
		}
		return "other"
	}
	return ""
}
