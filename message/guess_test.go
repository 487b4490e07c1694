package message

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// TestGuessCharset writes a few sentences in the charsets that people used
// before UTF-8 and wants the words back, not the charset's name: some say the
// same.
func TestGuessCharset(t *testing.T) {
	for _, c := range []struct {
		name   string
		coding encoding.Encoding
		text   string
	}{
		{"a Japanese firm", japanese.ShiftJIS, "山田太郎さんの会社"},
		{"one word of French", charmap.Windows1252, "café"},
		{"German", charmap.Windows1252, "Die Größe der Räume hängt von den Wänden ab, schöne Grüße"},
		{"French quotes", charmap.Windows1252, "« Ça ira », dit l’élève. Déjà prêt à côté…"},
		{"Swedish", charmap.Windows1252, "Vi träffas på måndag för att gå igenom ärendet"},
		{"Polish", charmap.Windows1250, "Proszę sprawdzić, czy wszystkie zmiany są już wdrożone na serwerze głównym, bo łącze pada"},
		{"Polish, ISO", charmap.ISO8859_2, "Proszę sprawdzić, czy wszystkie zmiany są już wdrożone na serwerze głównym, bo łącze pada"},
		{"Czech", charmap.Windows1250, "Prosím, zkontrolujte, zda příští verze běží správně na všech počítačích"},
		{"Turkish", charmap.Windows1254, "Arkadaşlar, değişiklikleri yarın sabah gözden geçireceğiz, ışık açık kalsın"},
		{"Russian", charmap.Windows1251, "Добрый день! Посмотрите, пожалуйста, последнюю версию программы."},
		{"Russian, KOI8", charmap.KOI8R, "Добрый день! Посмотрите, пожалуйста, последнюю версию программы."},
		{"Russian, DOS", charmap.CodePage866, "Добрый день! Посмотрите, пожалуйста, последнюю версию программы."},
		{"Russian and English", charmap.KOI8R, "The list says: новая версия kernel 2.4 не работает, patch attached"},
		{"Greek", charmap.Windows1253, "Καλημέρα σας, στείλτε μου παρακαλώ τη νέα έκδοση του προγράμματος"},
		{"Hebrew", charmap.Windows1255, "שלום לכולם, הגרסה החדשה של התוכנה זמינה עכשיו באתר"},
		{"Arabic", charmap.Windows1256, "السلام عليكم، النسخة الجديدة من البرنامج متاحة الآن على الموقع"},
		{"Thai", charmap.Windows874, "สวัสดีครับ กรุณาตรวจสอบโปรแกรมรุ่นใหม่ด้วยครับ"},
		{"Japanese", japanese.ShiftJIS, "お世話になっております。新しいバージョンを確認してください。"},
		{"Japanese, EUC", japanese.EUCJP, "お世話になっております。新しいバージョンを確認してください。"},
		{"Chinese", simplifiedchinese.GB18030, "大家好，请看一下新的版本，我们在上面发现了一个问题。"},
		{"Chinese, Taiwan", traditionalchinese.Big5, "大家好，請看一下新的版本，我們在上面發現了一個問題。"},
		{"Korean", korean.EUCKR, "안녕하세요. 새로운 버전을 확인해 주시기 바랍니다. 감사합니다."},
		{"Korean and English", korean.EUCKR, "Linux 커널의 새로운 버전이 나왔습니다. patch 를 보세요."},
	} {
		t.Run(c.name, func(t *testing.T) {
			data, err := c.coding.NewEncoder().Bytes([]byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			got, use := toUTF8(data, "")
			if got != c.text {
				t.Errorf("read as %s: %q", use.used, got)
			}
			if use.fault == "" {
				t.Error("nothing is said about it")
			}
			// A part cut off inside a character is the same text.
			cut, _ := toUTF8(data[:len(data)-1], "")
			if begin := string([]rune(c.text)[:3]); !strings.HasPrefix(cut, begin) {
				t.Errorf("cut off it is %q", cut)
			}
		})
	}
}

// TestSevenBitCharsets has samples written by hand: no library here encodes
// them.
func TestSevenBitCharsets(t *testing.T) {
	for _, c := range []struct{ name, in, charset, want string }{
		{"UTF-7", "Hi +2D3eCg- A+ImIDkQ.", "utf-7", "Hi 😊 A≢Α."},
		{"UTF-7, accents", "Gr+APwA3w-e, 1 +- 1", "UTF-7", "Grüße, 1 + 1"},
		{"UTF-7, not closed", "caf+AOk", "unicode-1-1-utf-7", "café"},
		{"UTF-7, a plus that is none", "C++ and a + b", "utf-7", "C++ and a + b"},
		{"HZ", "~{<:Ky2;~}.", "hz-gb-2312", "己所不."},
		{"HZ, not declared", "This: ~{<:Ky2;~}.\n", "", "This: 己所不.\n"},
		{"no HZ", "a ~{ b and ~} c", "", "a ~{ b and ~} c"},
		{"ISO-2022-KR", "\x1b$)CHi \x0eGQ1[\x0f!\n", "iso-2022-kr", "Hi 한글!\n"},
		{"ISO-2022-KR, not declared", "\x1b$)CHi \x0eGQ1[\x0f!\n", "us-ascii", "Hi 한글!\n"},
		{"ISO-2022-CN", "\x1b$)A\x0eVPND\x0f ok", "iso-2022-cn", "中文 ok"},
		{"ISO-2022-JP by another name", "\x1b$B$\"\x1b(B", "csISO2022JP", "あ"},
		{"UTF-16 with a mark", "\xff\xfea\x00b\x00", "", "ab"},
		{"ASCII that says UTF-16", "plain", "utf-16", "plain"},
		{"GB 18030 under GB 2312", "\x81\x39\xee\x39\xd6\xd0", "gb2312", "㐀中"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, use := toUTF8([]byte(c.in), c.charset); got != c.want {
				t.Errorf("got %q (%+v), want %q", got, use, c.want)
			}
		})
	}
}

// TestWrongCharsets declares what is not so.
func TestWrongCharsets(t *testing.T) {
	encode := func(coding encoding.Encoding, s string) string {
		data, err := coding.NewEncoder().String(s)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	const chinese, russian, japan = "大家好，请看一下新的版本，我们在上面发现了一个问题。", "Добрый день! Посмотрите, пожалуйста, программу.", "お世話になっております。新しいバージョンを確認してください。"
	for _, c := range []struct{ name, in, charset, want string }{
		{"Chinese under Latin-1", encode(simplifiedchinese.GB18030, chinese), "iso-8859-1", chinese},
		{"Russian under Latin-1", encode(charmap.KOI8R, russian), "iso-8859-1", russian},
		{"Chinese under UTF-8", encode(simplifiedchinese.GB18030, chinese), "utf-8", chinese},
		{"Japanese EUC under Shift_JIS", encode(japanese.EUCJP, japan), "shift_jis", japan},
		{"Latin-1 under Latin-1 with rules", "caf\xe9 \x97\x97\x97\x97\x97\x97\x97\x97", "iso-8859-1", "café ————————"},
		{"no-break spaces under Latin-1", "a\xa0\xa0\xa0\xa0\xa0\xa0\xa0\xa0\xa0\xe9", "iso-8859-1", "a\u00a0\u00a0\u00a0\u00a0\u00a0\u00a0\u00a0\u00a0\u00a0é"},
		{"a footer in Latin-1 under UTF-8", "caf\u00e9 \u00e0 c\u00f4t\u00e9\n-- \nJos\xe9", "utf-8", "café à côté\n-- \nJosé"},
		{"the word charset in the name", "caf\xe9", "charset=iso-8859-1", "café"},
		{"Windows by a short name", "\xcf\xf0\xe8", "cp1251", "При"},
		{"ISO by a short name", "caf\xe9", "iso8859-15", "café"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, use := toUTF8([]byte(c.in), c.charset); got != c.want {
				t.Errorf("got %q (%+v), want %q", got, use, c.want)
			}
		})
	}
}
