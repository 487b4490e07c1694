package message

import "strings"

// isAnswer says whether a subject begins with a mark by which mail programs say
// "answer", also behind a list's tags: "Re:", "[dev] AW:", "Re[2]:", "回复：".
func isAnswer(subject string) bool {
	s := strings.TrimLeft(subject, " ")
	for strings.HasPrefix(s, "[") {
		_, after, ok := strings.Cut(s, "]")
		if !ok {
			return false
		}
		s = strings.TrimLeft(after, " ")
	}
	end := strings.IndexAny(s, ":：")
	if end <= 0 || end > maxReplyMark {
		return false
	}
	mark := strings.TrimRight(s[:end], " \u00a0")
	// "Re[2]", "Re(2)", "Re^2", "Re-2", "RE 2", "Re*2" count how often.
	if n := strings.TrimRight(mark, ")] 0123456789"); n != mark {
		mark = strings.TrimRight(n, "([^-* ")
	}
	return isReplyMark(strings.ToLower(mark))
}

// maxReplyMark is the longest mark with its count, in bytes.
const maxReplyMark = 32

// isReplyMark knows the marks, in lower case, in the order: English and Latin,
// German, Nordic, Finnish, Icelandic, Dutch, French, Spanish and Portuguese,
// Italian, Polish, Czech, Slovak, Croatian, Slovene, Hungarian, Romanian,
// Turkish, Estonian, Latvian, Lithuanian, Welsh, Greek, Russian, Ukrainian,
// Bulgarian, Serbian, Hebrew, Arabic, Persian, Thai, Vietnamese, Indonesian,
// Chinese, Japanese, Korean.
func isReplyMark(s string) bool {
	switch s {
	case "re", "ré", "reply", "answer",
		"aw", "antw", "antwort",
		"sv", "svar", "vs", "vast", "antwoord",
		"rép", "réf", "rep", "réponse", "res", "resp", "respuesta", "resposta",
		"r", "rif", "ris", "risp", "risposta",
		"odp", "odpowiedź", "odpověď", "odpoveď", "odg", "odgovor",
		"vá", "válasz", "răsp", "rasp", "ynt", "yanıt", "ats", "atb",
		"απ", "απάντηση", "σχετ", "отв", "ответ", "відп", "відповідь", "отг", "отговор", "одг", "одговор",
		"השב", "תגובה", "رد", "پاسخ", "ตอบ", "ตอบกลับ", "tl", "trả lời", "bls", "balas",
		"回复", "回覆", "答复", "答覆", "回信", "返信", "返", "회신", "답장":
		return true
	}
	return false
}
