package sigpost

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// ReplyMark says whether a word is what mail programs put, with a colon
// behind it, before the subject of a reply or of a forwarded mail: the "Re"
// and "Fwd" of RFC 5256, section 5, and what they are in other languages. Both
// are true of a word that means the one in one language and the other in the
// next ("VS" in Finnish and Danish).
//
// Words of people and names of programs' parts ("fs:", "tr:", "res:", "r:")
// are told from marks by their case: mail programs begin those with a
// capital.
func ReplyMark(word string) (reply, forward bool) {
	lower := strings.ToLower(word)
	first, _ := utf8.DecodeRuneInString(word)
	if unicode.IsUpper(first) {
		reply, forward = capitalMark(lower)
	}
	switch lower {
	case "re", "aw", "antw", "antwort", "antwoord", "sv", "svar", // English and Latin, German, Dutch, Scandinavian
		"ré", "rép", "réponse", "réf", "rif", "risposta", "respuesta", "resposta", // French, Italian, Spanish, Portuguese
		"odpowiedź", "odpověď", "odpoveď", "odgovor", "válasz", "răsp", "yanıt", // Polish, Czech, Slovak, South Slavic, Hungarian, Romanian, Turkish
		"ответить", "відповідь", "отговор", "одговор", "απάντηση", "תגובה", "balas", "回信", // Russian, Ukrainian, Bulgarian, Serbian, Greek, Hebrew, Indonesian, Chinese
		"odp", "odg", "vá", "ynt", "atb", "bls", // Polish and Czech, South Slavic, Hungarian, Turkish, Welsh and Latvian, Indonesian
		"на", "ответ", "отв", "отг", "відп", "одг", // Russian, Bulgarian, Ukrainian, Serbian
		"απ", "σχετ", "השב", "תשובה", "رد", "پاسخ", "ตอบ", "ตอบกลับ", // Greek, Hebrew, Arabic, Persian, Thai
		"回复", "回覆", "答复", "答覆", "返信", "답장", "회신": // Chinese, Japanese, Korean
		reply = true
	case "fw", "fwd", "wg", "vb", "doorst", "ilt", // English, German, Swedish, Dutch, Turkish
		"továbbítás", "пересл", "прп", "πρθ", "הועבר", "ส่งต่อ", // Hungarian, Russian, Serbian, Greek, Hebrew, Thai
		"转发", "轉寄", "轉發", "転送", "전달": // Chinese, Japanese, Korean
		forward = true
	case "vs": // Finnish and Estonian; Danish and Norwegian
		reply, forward = true, true
	}
	return reply, forward
}

// capitalMark knows the marks that are also words or abbreviations when they
// stand in lower case.
func capitalMark(lower string) (reply, forward bool) {
	switch lower {
	case "r", "ref", "res", "ats", "tl": // Italian, French, Portuguese, Lithuanian, Vietnamese
		return true, false
	case "i", "tr", "rv", "enc", "pd", "fs", "vl", // Italian, French, Spanish, Portuguese, Polish, Icelandic, Finnish
		"trs", "ct", "пер": // Indonesian, Vietnamese, Russian
		return false, true
	}
	return false, false
}

// CutReplyMark takes one ReplyMark off the start of a subject, with the colon
// (also the full-width one) and a count such as in "Re[2]:", "Re(3):" and
// "Re^2:" (subj-leader of RFC 5256, section 5). What is left has no white
// space at its ends. Where there is no mark it gives the subject as it is,
// and neither reply nor forward is true.
func CutReplyMark(subject string) (rest string, reply, forward bool) {
	s := strings.TrimLeftFunc(subject, unicode.IsSpace)
	if rest, ok := strings.CutPrefix(s, "Trả lời"); ok { // Vietnamese: the only one of two words
		s = "TL" + rest
	}
	end := strings.IndexFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsMark(r)
	})
	if end <= 0 {
		return subject, false, false
	}
	word := s[:end]
	if reply, forward = ReplyMark(word); !reply && !forward {
		return subject, false, false
	}
	s, ok := cutColon(cutCount(s[end:]))
	if ok && len(word) == 1 {
		// "R: x" is Italian, "R:x" is anything.
		ok = strings.HasPrefix(s, " ")
	}
	if !ok {
		return subject, false, false
	}
	return strings.TrimSpace(s), reply, forward
}

// cutCount takes off what may stand between a mark and its colon: blobs in
// square brackets, and numbers in round ones or behind "^" or "-".
func cutCount(s string) string {
	for {
		s = strings.TrimLeftFunc(s, unicode.IsSpace)
		rest := s
		switch {
		case strings.HasPrefix(s, "["):
			if i := strings.IndexByte(s, ']'); i > 0 && strings.IndexByte(s[1:i], '[') < 0 {
				rest = s[i+1:]
			}
		case strings.HasPrefix(s, "("):
			if digits := strings.TrimLeft(s[1:], "0123456789"); len(digits) < len(s)-1 && strings.HasPrefix(digits, ")") {
				rest = digits[1:]
			}
		case strings.HasPrefix(s, "^"), strings.HasPrefix(s, "-"):
			if digits := strings.TrimLeft(s[1:], "0123456789"); len(digits) < len(s)-1 {
				rest = digits
			}
		}
		if len(rest) == len(s) {
			return s
		}
		s = rest
	}
}

// cutColon takes off a colon, of ASCII or of CJK width.
func cutColon(s string) (string, bool) {
	if rest, ok := strings.CutPrefix(s, ":"); ok {
		return rest, true
	}
	return strings.CutPrefix(s, "：")
}

// IsAnswer says whether a subject is marked as that of a reply: its first mark,
// behind any "[list]" tags, is one. A forwarded reply is no reply.
func IsAnswer(subject string) bool {
	for {
		if _, reply, forward := CutReplyMark(subject); reply || forward {
			return reply
		}
		subject = strings.TrimLeftFunc(subject, unicode.IsSpace)
		_, rest, ok := strings.Cut(subject, "]")
		if !ok || !strings.HasPrefix(subject, "[") {
			return false
		}
		subject = rest
	}
}
