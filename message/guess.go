package message

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// candidate is a charset that 8-bit text may be in, and how text of its
// languages looks.
type candidate struct {
	name   string
	coding encoding.Encoding
	// common are the characters beyond ASCII that are frequent in its
	// languages.
	common string
	// script is what words are written in, nil for Latin, which ASCII letters
	// belong to.
	script *unicode.RangeTable
}

// candidates gives the charsets in the order in which they win where nothing
// tells them apart.
func candidates() []candidate {
	const cyrillic = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэф"
	const central = "ąćęłńóśźżáčďéěíňřšťúůýžőűăâîșşțţäöüßŁŚŻŹČŠŽÁ„”"
	return []candidate{
		{"windows-1252", charmap.Windows1252, "éèêëàâäáãåçñóòôöõøúùûüíìîïßæœÉÀÄÖÜ‘’“”–—…«»°§€£©®·¿¡", nil},
		{"windows-1250", charmap.Windows1250, central, nil},
		{"iso-8859-2", charmap.ISO8859_2, central, nil},
		{"windows-1254", charmap.Windows1254, "ığşçöüİĞŞÇÖÜ’“”", nil},
		{"windows-1251", charmap.Windows1251, cyrillic, unicode.Cyrillic},
		{"koi8-r", charmap.KOI8R, cyrillic, unicode.Cyrillic},
		{"ibm866", charmap.CodePage866, cyrillic, unicode.Cyrillic},
		{"iso-8859-5", charmap.ISO8859_5, cyrillic, unicode.Cyrillic},
		{"windows-1253", charmap.Windows1253, "αεοιτσνηρπκμλςυόάίέήύώωδγχθφβ", unicode.Greek},
		{"windows-1255", charmap.Windows1255, "יוהלאמרתבשנחקדעכםפגטסןץזצ", unicode.Hebrew},
		{"windows-1256", charmap.Windows1256, "ايلمنرتبوعدسفهكقحجشصطةأىخءضذ،", unicode.Arabic},
		{"windows-874", charmap.Windows874, "านรอกเงมยลวดทสตะปบคห้่ีิัแไใพขจ์ูชุโ", unicode.Thai},
		{"shift_jis", japanese.ShiftJIS, "のにはをたがでてとしれさいるなもすまうかんこらきけりっあくそ、。ー", unicode.Han},
		{"euc-jp", japanese.EUCJP, "のにはをたがでてとしれさいるなもすまうかんこらきけりっあくそ、。ー", unicode.Han},
		{"gb18030", simplifiedchinese.GB18030, "的一是不了在有人我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可里后小么，。：！、", unicode.Han},
		{"big5", traditionalchinese.Big5, "的一是不了在有人我他這中大來上國個到說們為子和你地出道也時年得就那要下以生會自著去之過家學對可裡後小麼，。：！、", unicode.Han},
		{"euc-kr", korean.EUCKR, "이다는의에을가고하지로니기사도인은어시한리서를해대자그있것나수습요", unicode.Hangul},
	}
}

// maxSample is how much 8-bit text a guess looks at, in bytes.
const maxSample = 2 << 10

// guessCharset names the charset that data looks like: UTF-8 where it is
// valid, else the one whose decoding looks most like text of its languages.
func guessCharset(data []byte) string {
	if utf8.Valid(data) {
		return "utf-8"
	}
	first := 0
	for data[first] < utf8.RuneSelf {
		first++
	}
	data = data[max(first-8, 0):]
	data = data[:min(len(data), maxSample)]
	best, most := "windows-1252", 0.0
	for i, c := range candidates() {
		if c.name == "euc-kr" && hasC1(data) {
			continue
		}
		text, err := c.coding.NewDecoder().Bytes(data)
		if err != nil {
			continue
		}
		if score := c.score(string(text)); i == 0 || score > most+1e-9 {
			best, most = c.name, score
		}
	}
	return best
}

// hasC1 says whether more than a few of the bytes beyond ASCII lie where EUC has
// none (ISO 2022). Only what Windows added to Korean uses them: syllables too
// rare to make up a text.
func hasC1(data []byte) bool {
	c1, high := 0, 0
	for _, b := range data {
		if b >= 0x80 {
			high++
		}
		if b >= 0x80 && b <= 0xa0 {
			c1++
		}
	}
	return c1*8 > high
}

// score says how much text looks like the candidate's languages, for each of
// its bytes beyond ASCII.
func (c candidate) score(text string) float64 {
	sum, weight := 0.0, 0
	runes := []rune(text)
	wide := c.script == unicode.Han || c.script == unicode.Hangul
	for i, r := range runes {
		if r < utf8.RuneSelf {
			continue
		}
		before, after := ' ', ' '
		if i > 0 {
			before = runes[i-1]
		}
		if i+1 < len(runes) {
			after = runes[i+1]
		}
		if wide {
			weight += 2
			if before < utf8.RuneSelf && after < utf8.RuneSelf && unicode.IsLetter(r) && (isASCIILetter(before) || isASCIILetter(after)) {
				sum -= 2 // such letters come in runs
				continue
			}
			sum += 2 * c.wide(r)
		} else {
			weight++
			sum += c.narrow(r, before, after)
		}
	}
	if weight == 0 {
		return -10
	}
	return sum / float64(weight)
}

// wide scores one character of an East Asian text.
func (c candidate) wide(r rune) float64 {
	switch {
	case r == utf8.RuneError || unicode.Is(unicode.Co, r):
		return -5
	case strings.ContainsRune(c.common, r):
		return 1.5
	case r >= 0xff61 && r <= 0xff9f: // half-width katakana
		return -1.5
	case unicode.Is(unicode.Hangul, r):
		if c.script == unicode.Hangul {
			return 0.8
		}
		return -2
	case unicode.In(r, unicode.Hiragana, unicode.Katakana):
		if c.name == "shift_jis" || c.name == "euc-jp" {
			return 0.8
		}
		return -0.5
	case unicode.Is(unicode.Han, r):
		if c.script == unicode.Hangul {
			return -0.5
		}
		return 0.2
	case unicode.IsPunct(r), r >= 0xff01 && r <= 0xff5e: // full-width forms
		return 0.3
	}
	return -1
}

// narrow scores one character of a text in an alphabet by its neighbours.
func (c candidate) narrow(r, before, after rune) float64 {
	letter := unicode.IsLetter(r) || unicode.Is(unicode.Mn, r)
	switch {
	case r == utf8.RuneError || unicode.IsControl(r) || unicode.Is(unicode.Co, r):
		return -5
	case letter && c.script != nil && !unicode.Is(c.script, r):
		return -2
	case letter && c.script != nil && (isASCIILetter(before) || isASCIILetter(after)):
		return -3
	case unicode.IsUpper(r) && unicode.IsLower(before):
		return -3
	case !letter && unicode.IsLetter(before) && unicode.IsLetter(after) && r != '’':
		return -3
	case c.script == nil && r >= utf8.RuneSelf && before >= utf8.RuneSelf && after >= utf8.RuneSelf:
		return -1.5 // accents are not that frequent in Latin script
	case c.script != nil && unicode.IsUpper(r):
		return 0.2 // where nearly all are capitals, it is another charset's small ones
	case strings.ContainsRune(c.common, r):
		return 1
	case letter && c.script != nil:
		return 0.3
	case c.script != nil && unicode.In(r, unicode.So, unicode.Sm):
		return -1
	case letter:
		return -0.5
	}
	return 0
}

func isASCIILetter(r rune) bool { return r < utf8.RuneSelf && unicode.IsLetter(r) }
