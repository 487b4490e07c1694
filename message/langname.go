package message

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// isTitle says whether a word belongs to the name before the comma in front
// of it: "Lee, Ana, PhD".
func isTitle(s string) bool {
	switch strings.Trim(s, ".,") {
	case "PhD", "MD", "Jr", "Sr", "II", "III":
		return true
	}
	return false
}

// isParticle knows the small words inside of names.
func isParticle(s string) bool {
	switch s {
	case "von", "van", "de", "der", "den", "la", "le", "da", "di", "el", "the", "and", "Von", "Van", "De", "La", "Le", "Da", "Di", "Du", "El", "Al":
		return true
	}
	return false
}

// isAuxiliary knows the words that stand between a name and its verb.
func isAuxiliary(s string) bool {
	switch s {
	case "ha", "a", "va", "has", "hat", "je", "ezt", "heeft", "het", "volgende", "the", "following", "şunu", "đã", "το", "egyszer", "din", "также", "by", "von":
		return true
	}
	return false
}

// isLastName says whether the last word is a name although it is also another
// word, such as a weekday ("Lin Ma"), or has digits as people call themselves.
func isLastName(fields []string) bool {
	last := fields[len(fields)-1]
	if len(fields) < 2 || strings.HasSuffix(last, ",") {
		return false
	}
	before := fields[len(fields)-2]
	word := strings.ToLower(strings.Trim(last, ".,\"'"))
	first, _ := utf8.DecodeRuneInString(word)
	switch {
	case !unicode.IsLetter(first):
		return strings.HasPrefix(last, "(") && isNameWord(before)
	case strings.HasSuffix(before, ","):
		return hasDigit(word) && !strings.Contains(word, ":") && !strings.HasPrefix(word, "utc") && !strings.HasPrefix(word, "gmt")
	}
	return (isWeekday(word) || isMonth(word)) && isNameWord(before)
}

// isNameWord says whether a word may be part of a person's name, and is none
// of the words that mail programs put before it.
func isNameWord(s string) bool {
	word := strings.ToLower(strings.Trim(s, `.,;:"'()[]<>=`))
	if word == "" || hasDigit(word) {
		return false
	}
	first, _ := utf8.DecodeRuneInString(word)
	if !unicode.IsLetter(first) {
		return false
	}
	switch word {
	case "am", "pm", "um", "at", "kl", "klo", "de", "gmt", "utc", "cest", "cet", "est", "edt", "pst", "pdt", "bst", "uhr", "om", "às", "alle", "ore", "ora",
		"user", "użytkownik", "uživatel", "používateľ", "пользователь", "користувач", "tarihinde", "felhasználó", "bruger", "gebruiker",
		"г", "р", "в", "о", "à", "las", "la", "godz", "hod", "h", "a", "ha", "je", "på", "oli", "του", "ο", "η", "ο/η", "χρήστης", "מאת", "بواسطة", "odesílatel", "odosielateľ", "vào", "lúc", "από", "přes", "the", "following",
		"você", "you", "he", "she", "they", "i", "it", "her", "him", "someone", "and", "on", "in", "le", "el", "il", "em", "op", "dnia", "den", "dne", "die", "wrote", "von", "przez", "from", "от", "od",
		"het", "volgende", "heeft", "ezt", "following:", "по", "час", "ч", "ζ", "έγραψε", "hat", "has", "have", "as", "this", "that", "quoting", "quotation", "pada", "μμ", "πμ", "π.μ", "μ.μ", "a.m", "p.m", "đã", "khi", "kello", "klokken", "time", "message", "article", "zitat", "write", "пишет":
		return false
	}
	return !isWeekday(word) && !isVerb(word) && !isMonth(word)
}

// isMonth knows the months, by how they begin, in the languages that write them
// with Latin letters, and in Russian and Ukrainian.
func isMonth(word string) bool {
	switch word {
	case "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec",
		"january", "february", "march", "april", "june", "july", "august", "september", "october", "november", "december",
		"januar", "februar", "märz", "mai", "juni", "juli", "oktober", "dezember", "janvier", "février", "mars", "avril", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre",
		"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre",
		"janeiro", "fevereiro", "março", "maio", "junho", "julho", "setembro", "outubro", "novembro", "dezembro",
		"gennaio", "febbraio", "aprile", "maggio", "giugno", "luglio", "settembre", "ottobre", "dicembre",
		"januari", "februari", "maart", "mei", "augustus", "desember", "maj", "marts", "augusti",
		"stycznia", "lutego", "marca", "kwietnia", "maja", "czerwca", "lipca", "lip", "sierpnia", "września", "października", "listopada", "grudnia",
		"ledna", "února", "března", "dubna", "května", "června", "července", "srpna", "září", "října", "listopadu", "prosince",
		"января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября", "декабря", "янв", "февр", "мар", "апр", "июн", "июл", "авг", "сент", "окт", "нояб", "дек",
		"квіт", "трав", "черв", "лип", "серп", "верес", "жовт", "лист", "груд", "січ", "лют", "берез",
		"ocak", "şubat", "mart", "nisan", "mayıs", "haziran", "temmuz", "ağustos", "eylül", "ekim", "kasım", "aralık", "tháng",
		"huhtikuuta", "tammikuuta", "helmikuuta", "maaliskuuta", "toukokuuta", "kesäkuuta", "heinäkuuta", "elokuuta", "syyskuuta", "lokakuuta", "marraskuuta", "joulukuuta", "ápr", "απριλίου", "aprilie":
		return true
	}
	return false
}
