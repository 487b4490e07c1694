package message

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// bidiMarks are invisible marks of direction (Unicode Standard Annex 9) and
// other characters without width, which programs put around names.
const bidiMarks = "\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"

// words goes through the words of s, in lower case. A word is letters and
// their marks; what is longer than its buffer is cut.
type words struct {
	s       string
	next    int // byte of s that is read next
	at, end int // bytes of s of the current word
	n       int
	buf     [48]byte
}

// scan goes to the next word and says whether there is one.
func (w *words) scan() bool {
	w.n = 0
	for w.next < len(w.s) {
		r, size := rune(w.s[w.next]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(w.s[w.next:])
		}
		switch {
		case 'A' <= r && r <= 'Z':
			r += 'a' - 'A'
		case 'a' <= r && r <= 'z' || r >= utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsMark(r)):
		case w.n > 0:
			return true
		default:
			w.next += size
			continue
		}
		if w.n == 0 {
			w.at = w.next
		}
		if w.n+utf8.UTFMax <= len(w.buf) {
			w.n += utf8.EncodeRune(w.buf[w.n:], unicode.ToLower(r))
		}
		w.next += size
		w.end = w.next
	}
	return w.n > 0
}

// word gives the current word.
func (w *words) word() []byte { return w.buf[:w.n] }

// isVerb says whether a word in lower case is how a mail program says "wrote":
// in the languages of Europe, then those of Asia that write words apart.
func isVerb(word string) bool {
	switch word {
	case "wrote", "writes", "said", "says", "quoting", "replied", "quoth", "scribbled", "spake", "sprach",
		"schrieb", "schreibt", "geschrieben", "zitat",
		"écrit", "ecrit", "écrivait", "escribió", "escribio", "escribe", "escribiu", "escriure", "escrit", "citando", "missatge",
		"scritto", "scrive", "escreveu", "escreve", "schreef", "schrijft", "geschreven", "geskryf",
		"skrev", "skriver", "skrifaði", "kirjoitti", "kirjoittaa", "kirjutas", "rašė", "rakstīja",
		"napisał", "napisała", "napisana", "napisali", "pisze", "napsal", "napsala", "píše", "napísal", "napísala",
		"napisao", "napisala", "napisal", "написао", "написала", "написал", "пишет", "писал", "писала", "пише", "написав", "написа", "піша",
		"írta", "írt", "írja", "scris", "yazdı", "yazmış", "έγραψε", "έγραψαν", "idatzi", "shkroi",
		"viết", "menulis", "כתב", "כתבה", "כתבו", "كتب", "كتبت", "كتابة", "نوشت", "لكھا", "लिखा", "เขียนว่า":
		return true
	}
	return false
}

// hasVerb says whether "wrote" stands in s in one of the languages known.
func hasVerb(s string) bool {
	at, _ := findVerb(s)
	return at >= 0
}

// findVerb gives the bytes of the last "wrote" in s, or -1.
func findVerb(s string) (at, end int) {
	at = -1
	for w := (words{s: s}); w.scan(); {
		if isVerb(string(w.word())) {
			at, end = w.at, w.end
		}
	}
	if at >= 0 {
		return at, end
	}
	// Chinese, Japanese, Korean and Thai do not write words apart.
	if strings.IndexByte(s, 0xe5) < 0 && strings.IndexByte(s, 0xe3) < 0 && strings.IndexByte(s, 0xec) < 0 && strings.IndexByte(s, 0xe0) < 0 {
		return -1, 0
	}
	for _, verb := range [...]string{
		"写道", "寫道", "提到", "写到", "撰写", "のメール", "のメッセージ", "書きました", "書いた", "님이 작성", "작성", "썼습니다", "이(가) 쓴 글", "쓴 글", "쓰셨습니다", "님의 말", "เขียน",
	} {
		if i := strings.LastIndex(s, verb); i >= 0 {
			return i, i + len(verb)
		}
	}
	return -1, 0
}

// opensDate says whether a line begins as attributions do that begin with
// their date: a preposition, a weekday, a number.
func opensDate(s string) bool {
	s = strings.TrimLeft(s, "*_- ("+bidiMarks)
	if s == "" {
		return false
	}
	if s[0] >= '0' && s[0] <= '9' || startsWithAny(s, "在", "于", "於", "٠", "١", "٢", "٣") {
		return true
	}
	w := words{s: s}
	return w.scan() && w.at == 0 && w.end < len(s) && strings.IndexByte(" .,", s[w.end]) >= 0 && (isDatePreposition(string(w.word())) || isWeekday(string(w.word())))
}

// isDatePreposition knows the words before a date.
func isDatePreposition(word string) bool {
	switch word {
	case "on", "am", "le", "el", "il", "em", "op", "w", "dnia", "den", "d", "dne", "dňa", "at", "in", "no", "pe", "la", "à", "a", "på",
		"vào", "στις", "στης", "την", "dana", "u", "în", "pada", "zo", "vom", "dia", "às", "data", "ngày", "tarihinde",
		"в", "во", "на", "у", "від", "от", "в'", "בתאריך", "ב", "في", "بتاريخ", "yn", "dátum":
		return true
	}
	return false
}

// isWeekday knows the weekdays, long and short.
func isWeekday(word string) bool {
	switch word {
	case "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "mon", "tue", "tues", "wed", "thu", "thur", "thurs", "fri", "sat", "sun",
		"montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag", "mo", "di", "mi", "do", "fr", "so",
		"lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche", "lun", "mar", "mer", "jeu", "ven", "sam", "dim",
		"lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo", "mié", "jue", "vie", "sáb", "dom",
		"lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica", "gio", "sab",
		"segunda", "terça", "quarta", "quinta", "sexta", "seg", "ter", "qua", "qui", "sex",
		"maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag", "ma", "wo", "vr", "za",
		"måndag", "tisdag", "onsdag", "torsdag", "fredag", "lördag", "söndag", "mandag", "tirsdag", "lørdag", "søndag", "mån", "tis", "ons", "tors", "fre", "lör", "sön", "man", "tir", "tor", "lør", "søn",
		"maanantai", "tiistai", "keskiviikko", "torstai", "perjantai", "lauantai", "sunnuntai", "ti", "ke", "to", "su",
		"poniedziałek", "wtorek", "środa", "czwartek", "piątek", "sobota", "niedziela", "pon", "wt", "śr", "czw", "pt", "sob", "niedz",
		"pondělí", "úterý", "středa", "čtvrtek", "pátek", "neděle", "po", "út", "st", "čt", "pá", "ne", "pondelok", "utorok", "streda", "štvrtok", "piatok",
		"понедельник", "вторник", "среда", "среду", "четверг", "пятница", "пятницу", "суббота", "субботу", "воскресенье", "пн", "вт", "ср", "чт", "пт", "сб", "вс",
		"понеділок", "вівторок", "середа", "четвер", "п", "субота", "неділя", "нд",
		"pazartesi", "salı", "çarşamba", "perşembe", "cuma", "cumartesi", "pazar", "pzt", "sal", "çar", "per", "cum", "cmt", "paz",
		"hétfő", "kedd", "szerda", "csütörtök", "péntek", "szombat", "vasárnap", "luni", "marți", "miercuri", "joi", "vineri", "sâmbătă", "duminică",
		"δευτέρα", "τρίτη", "τετάρτη", "πέμπτη", "παρασκευή", "σάββατο", "κυριακή":
		return true
	}
	return false
}

// hasDate says whether there is a year, a time of day or a numeric date in s,
// and whether it is more than a year.
func hasDate(s string) (dated, exact bool) {
	run := 0
	for i := 0; i <= len(s); i++ {
		if i < len(s) && s[i] >= '0' && s[i] <= '9' {
			run++
			continue
		}
		if run == 4 {
			dated = true
		}
		if run > 0 && run <= 4 && run != 3 && i+1 < len(s) && strings.IndexByte(":./-", s[i]) >= 0 && s[i+1] >= '0' && s[i+1] <= '9' {
			return true, true
		}
		run = 0
	}
	// The digits of Arabic (U+0660) and Persian (U+06F0) are two bytes long.
	if !dated && (strings.IndexByte(s, 0xd9) >= 0 || strings.IndexByte(s, 0xdb) >= 0) {
		dated = strings.ContainsFunc(s, unicode.IsDigit)
	}
	return dated, false
}

// hasClock says whether a time of day stands in s.
func hasClock(s string) bool {
	for i := 1; i+2 < len(s); i++ {
		if s[i] == ':' && isDigit(s[i-1]) && isDigit(s[i+1]) && isDigit(s[i+2]) {
			return true
		}
	}
	return false
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func hasDigit(s string) bool {
	for i := 0; i < len(s); i++ {
		if isDigit(s[i]) {
			return true
		}
	}
	return false
}

func startsWithAny(s string, starts ...string) bool {
	for _, start := range starts {
		if strings.HasPrefix(s, start) {
			return true
		}
	}
	return false
}

func containsAny(s string, subs ...string) bool {
	for _, sub := range subs {
		if strings.Contains(s, sub) {
			return true
		}
	}
	return false
}
