package subscribe

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"sigpost/internal/osa"
)

// Verb is what a mail asks for.
type Verb string

// The verbs. Yes and No answer a question that was asked by mail; Blank is a mail
// without own words, which says yes to one.
const (
	VerbSubscribe   Verb = "subscribe"
	VerbUnsubscribe Verb = "unsubscribe"
	VerbPause       Verb = "pause"
	VerbResume      Verb = "resume"
	VerbTopics      Verb = "topics"
	VerbHelp        Verb = "help"
	VerbYes         Verb = "yes"
	VerbNo          Verb = "no"
	VerbBlank       Verb = ""
	VerbUnknown     Verb = "unknown"
)

// Command is what somebody wants who wrote a mail.
type Command struct {
	Verb Verb
	// Words come behind the verb: topics of subscribe and topics, in lower case.
	Words []string
	// Until is the end of a pause; zero where it says none that can be read.
	Until time.Time
	// Said is what was not understood, and Nearest the verb that may have been
	// meant; it may be empty.
	Said    string
	Nearest Verb
}

// phrases are whole lines, without punctuation and politeness, that ask for
// something.
var phrases = map[Verb][]string{
	VerbSubscribe: {"subscribe", "join", "sign up", "signup", "abonnieren", "anmelden", "s'abonner", "abonner", "suscribir", "suscribirse", "inscrever", "iscrivi", "aanmelden", "подписаться", "订阅", "購読"},
	VerbUnsubscribe: {"unsubscribe", "unsubscribe all", "unsub", "stop", "stop all", "stop it", "stop this", "stop mailing", "stop sending", "remove", "leave", "signoff", "sign off", "opt out", "optout", "quit", "take off", "cancel", "cancel subscription",
		"abbestellen", "abmelden", "austragen", "abo kündigen", "désabonner", "se désabonner", "désabonnement", "désinscription", "désinscrire", "desabonner", "desinscription",
		"baja", "darse de baja", "dar de baja", "cancelar", "cancelar suscripción", "cancelar suscripcion", "desuscribir", "cancelar inscrição", "descadastrar", "disiscrivi", "disiscriviti", "cancella iscrizione",
		"uitschrijven", "afmelden", "wypisz", "odhlásit", "avregistrera", "отписаться", "отписать", "退订", "退訂", "取消订阅", "取消訂閱", "配信停止", "購読解除", "구독취소", "구독 취소", "수신거부"},
	VerbPause:  {"pause", "vacation", "holiday", "pausieren", "pausa"},
	VerbResume: {"resume", "unpause", "continue", "end pause", "restart", "fortsetzen", "reprendre", "reanudar"},
	VerbTopics: {"topics", "topic", "list topics", "follow", "themen", "sujets", "temas"},
	VerbHelp:   {"help", "info", "?", "commands", "how", "hilfe", "aide", "ayuda"},
	VerbYes:    {"yes", "y", "ok", "okay", "confirm", "confirmed", "sure", "yes confirm", "i confirm", "yep", "ja", "bestätigen", "oui", "confirmer", "sí", "si", "confirmar", "sim", "da", "да", "是", "はい", "네", "👍"},
	VerbNo:     {"no", "n", "nope", "no never", "not", "wrong", "spam", "deny", "nein", "non", "nee", "не", "нет", "不", "いいえ"},
}

// polite are words that say nothing of what is wanted.
var polite = []string{"please", "pls", "plz", "hi", "hello", "hey", "dear", "thanks", "thank", "you", "me", "us", "from", "this", "that", "these", "list", "lists", "the", "mailing", "newsletter", "digest", "my",
	"address", "email", "emails", "mail", "mails", "i", "want", "to", "would", "like", "now", "and", "bitte", "mich", "s'il", "vous", "plaît", "por", "favor", "your", "of", "off", "a"}

// withWords are verbs behind which more may come.
var withWords = []Verb{VerbSubscribe, VerbPause, VerbTopics}

// ParseCommand reads what a mail asks for: the first line that its author wrote
// or, where there is none or it is no command, the subject. In an answer ("Re:") it
// is the other way round only for what the answer itself does not say. now is in
// the zone in which dates are meant.
func ParseCommand(subject, text string, now time.Time) Command {
	subject, answer := cutAnswer(subject)
	line := firstLine(text)
	inSubject, inText := parseLine(subject, now), parseLine(line, now)
	switch {
	case answer && line != "":
		return inText
	case answer:
		return Command{Verb: VerbBlank}
	case known(inSubject):
		return inSubject
	case known(inText), subject == "":
		return inText
	case inSubject.Nearest == "" && inText.Nearest != "":
		return inText
	}
	return inSubject
}

// Proposed is the command that a question asked by mail was about: "Please
// confirm: pause until 2016-05-09 [token]".
func Proposed(subject string, now time.Time) Command {
	subject, _ = cutAnswer(subject)
	_, asked, found := strings.Cut(subject, ":")
	if !found {
		return Command{Verb: VerbBlank}
	}
	asked, _, _ = strings.Cut(asked, "[")
	return parseLine(asked, now)
}

func known(c Command) bool { return c.Verb != VerbUnknown && c.Verb != VerbBlank }

// answers are what mail programs put before the subject of an answer.
var answers = regexp.MustCompile(`(?i)^\s*(?:re|aw|antw?|sv|vs|tr|rv|odp|ynt|回复|答复|回覆|答覆|답장)\s*(?:\[\d+\])?\s*[:：]\s*`)

func cutAnswer(subject string) (rest string, answer bool) {
	for {
		at := answers.FindStringIndex(subject)
		if at == nil {
			return strings.TrimSpace(subject), answer
		}
		subject, answer = subject[at[1]:], true
	}
}

// firstLine is the first line that says something more than hello.
func firstLine(text string) string {
	for line := range strings.Lines(text) {
		if len(meant(line)) > 0 {
			return strings.TrimSpace(line)
		}
	}
	return ""
}

// maxLine bounds, in bytes, what is looked at: a command is short.
const maxLine = 300

// wordsOf are the words of a line in lower case, without punctuation around them.
func wordsOf(line string) []string {
	if len(line) > maxLine {
		line = strings.ToValidUTF8(line[:maxLine], "")
	}
	words := strings.FieldsFunc(strings.ToLower(line), func(r rune) bool { return unicode.IsSpace(r) || r == ',' || r == ';' })
	for i, w := range words {
		words[i] = strings.Trim(w, ".!:\"'“”„‘’()<>[]*_。！，、")
	}
	return slices.DeleteFunc(words, func(w string) bool { return w == "" })
}

// meant are the words of a line that are more than polite.
func meant(line string) []string {
	return slices.DeleteFunc(wordsOf(line), func(w string) bool { return slices.Contains(polite, w) })
}

func parseLine(line string, now time.Time) Command {
	words := meant(line)
	if len(words) == 0 {
		return Command{Verb: VerbBlank}
	}
	words = slices.DeleteFunc(words, looksLikeToken)
	all := strings.Join(words, " ")
	for verb, said := range phrases {
		if slices.Contains(said, all) {
			return finish(Command{Verb: verb}, nil, now)
		}
	}
	for _, verb := range withWords {
		if len(words) > 0 && slices.Contains(phrases[verb], words[0]) {
			// What is polite elsewhere may be a number here: "pause for a month".
			rest := wordsOf(line)
			rest = slices.DeleteFunc(rest[slices.Index(rest, words[0])+1:], looksLikeToken)
			return finish(Command{Verb: verb, Words: words[1:]}, rest, now)
		}
	}
	return misspelt(words)
}

// misspelt is what a line may have been meant as. Whoever asks to go and slips is
// let go: that does no harm, and they can come back.
func misspelt(words []string) Command {
	c := Command{Verb: VerbUnknown, Said: strings.Join(words, " ")}
	if len(words) == 0 || len(words) > 6 {
		return c
	}
	var verbs []string
	for _, v := range []Verb{VerbSubscribe, VerbUnsubscribe, VerbPause, VerbResume, VerbTopics, VerbHelp} {
		verbs = append(verbs, string(v))
	}
	c.Nearest = Verb(osa.Nearest(words[0], verbs))
	if c.Nearest == VerbUnsubscribe && len(words) == 1 {
		return Command{Verb: VerbUnsubscribe}
	}
	return c
}

func finish(c Command, rest []string, now time.Time) Command {
	if c.Verb == VerbPause {
		c.Until, c.Words = pauseEnd(rest, now), nil
	}
	return c
}

// token is what may be one of ours.
var token = regexp.MustCompile(`[A-Za-z0-9_-]+`)

func looksLikeToken(word string) bool {
	return (len(word) == unsubscribeLength || len(word) == timedLength) && token.FindString(word) == word
}

// TokensIn gives what may be tokens in a text, in order and each once.
func TokensIn(text string) []string {
	var all []string
	for _, found := range token.FindAllString(text, -1) {
		if looksLikeToken(found) && !slices.Contains(all, found) {
			all = append(all, found)
		}
	}
	return all
}

// maxPause is the longest pause: who wants a longer one wants to leave.
const maxPause = 366 * 24 * time.Hour

var numbers = []string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"}

// pauseEnd reads "until 2016-05-09", "until 9 May", "2 weeks", "for a month": the
// midnight that begins the day on which letters come again. It is zero where that
// cannot be read, has been, or is more than a year away.
func pauseEnd(words []string, now time.Time) time.Time {
	words = slices.DeleteFunc(slices.Clone(words), func(w string) bool {
		return w == "until" || w == "till" || w == "for" || w == "to" || w == "the" || w == "of" || looksLikeToken(w)
	})
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	end := dateOf(words, today)
	if end.IsZero() {
		end = spanOf(words, today)
	}
	if !end.After(now) || end.Sub(now) > maxPause {
		return time.Time{}
	}
	return end
}

func dateOf(words []string, today time.Time) time.Time {
	text := strings.Join(words, " ")
	for _, layout := range []string{time.DateOnly, "2 January 2006", "2 Jan 2006", "January 2 2006", "Jan 2 2006", "2.1.2006"} {
		if t, err := time.ParseInLocation(layout, text, today.Location()); err == nil {
			return t
		}
	}
	for _, layout := range []string{"2 January", "2 Jan", "January 2", "Jan 2"} {
		t, err := time.ParseInLocation(layout, text, today.Location())
		if err != nil {
			continue
		}
		t = t.AddDate(today.Year(), 0, 0)
		if !t.After(today) {
			t = t.AddDate(1, 0, 0)
		}
		return t
	}
	return time.Time{}
}

func spanOf(words []string, today time.Time) time.Time {
	if len(words) == 1 {
		words = append([]string{"1"}, words...)
	}
	if len(words) != 2 {
		return time.Time{}
	}
	n, err := strconv.Atoi(words[0])
	if at := slices.Index(numbers, words[0]); err != nil && at > 0 {
		n, err = at, nil
	} else if words[0] == "a" || words[0] == "an" {
		n, err = 1, nil
	}
	if err != nil || n < 1 || n > 366 {
		return time.Time{}
	}
	switch strings.TrimSuffix(words[1], "s") {
	case "day":
		return today.AddDate(0, 0, n)
	case "week":
		return today.AddDate(0, 0, 7*n)
	case "month":
		return today.AddDate(0, n, 0)
	case "year":
		return today.AddDate(n, 0, 0)
	}
	return time.Time{}
}
