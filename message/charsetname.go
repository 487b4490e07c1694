package message

import (
	"slices"
	"strings"
)

// charsetAlias gives the registered name of a charset for names that mail uses
// and no registry has; "" stands for "not said".
func charsetAlias(name string) string {
	name = strings.TrimPrefix(strings.ToLower(strings.Trim(name, " \t\"'")), "charset=")
	switch name {
	case "default", "unknown", "unknown-8bit", "x-unknown", "binary", "8bit",
		"none", "charset", "iso-8859", "us-ascii", "ascii", "ansi_x3.4-1968", "us_ascii":
		return ""
	case "utf8", "utf_8", "utf-8-sig", "unicode-1-1-utf-8", "cp65001":
		return "utf-8"
	case "latin-1", "latin1", "latin_1", "8859_1", "iso8859_1", "iso-8859-1",
		"iso8859-1", "iso_8859-1", "iso-latin-1", "cp-1252", "cp1252", "ansi", "x-ansi", "windows1252":
		// C1 controls are in no mail: who says ISO-8859-1 means this (WHATWG
		// Encoding Standard, section 4.2).
		return "windows-1252"
	case "cp932", "ms932", "x-sjis", "windows-31j", "sjis":
		return "shift_jis"
	case "gb2312", "gb_2312-80", "gbk", "x-gbk", "cp936", "euc-cn", "gb18030", "gb-18030", "gb18030-2000", "x-euc-cn", "windows-936":
		return "gb18030" // each has all of the one before
	case "iso-2022-jp-1", "iso-2022-jp-2", "iso-2022-jp-3", "iso-2022-jp-ms", "cp50220", "cp50221", "csiso2022jp", "jis":
		return "iso-2022-jp"
	case "csiso2022kr":
		return "iso-2022-kr"
	case "hz", "hzgb2312", "hz-gb2312":
		return "hz-gb-2312"
	case "utf7", "unicode-1-1-utf-7", "x-unicode-2-0-utf-7", "csunicode11utf7", "utf-7-imap":
		return "utf-7"
	case "utf16", "utf-16", "ucs-2", "unicode", "iso-10646-ucs-2":
		return "utf-16"
	case "koi8r", "koi-8", "koi8", "koi8-ru", "cskoi8r", "koi":
		return "koi8-r"
	case "koi8u":
		return "koi8-u"
	case "eucjp", "x-euc-jp", "ujis", "x-euc":
		return "euc-jp"
	case "shift-jis", "shiftjis", "ms_kanji", "x-ms-cp932":
		return "shift_jis"
	case "euckr", "x-euc-kr", "korean":
		return "euc-kr"
	case "mac", "macroman", "x-macintosh", "x-mac-roman", "mac-roman":
		return "macintosh"
	case "ks_c_5601-1987", "ks_c_5601", "ksc5601", "cp949", "x-windows-949", "uhc":
		return "euc-kr"
	case "chinesebig5", "x-big5", "big5-hkscs:2001":
		return "big5"
	case "iso-8859-8-i", "iso-8859-8-e":
		return "iso-8859-8"
	}
	for _, prefix := range []string{"cp-", "cp", "win-", "windows", "x-cp", "x-windows-"} {
		if n, ok := strings.CutPrefix(name, prefix); ok && len(n) == 4 && strings.HasPrefix(n, "125") {
			return "windows-" + n
		}
	}
	for _, prefix := range []string{"cp-", "ibm-", "ibm_", "cp_", "x-cp", "x-ibm"} { // "cp-850": the registry has them without
		if n, ok := strings.CutPrefix(name, prefix); ok && len(n) == 3 && isDigit(n[0]) {
			return "ibm" + n
		}
	}
	for _, prefix := range []string{"iso8859-", "iso_8859-", "iso-8859_", "8859-", "iso8859_"} {
		if n, ok := strings.CutPrefix(name, prefix); ok {
			return "iso-8859-" + n
		}
	}
	return name
}

// charsetUse says how bytes became text.
type charsetUse struct {
	declared string // as the mail has it, or ""
	used     string // the name of what it was read as
	fault    string // what was wrong, for people, or ""
}

// charsetNotes collects what became of each part and field, for people who ask
// how a mail is understood. A nil one takes nothing.
type charsetNotes []string

// add notes how one thing was read.
func (n *charsetNotes) add(where, declared string, use charsetUse) {
	if n == nil || len(*n) >= maxCharsetNotes {
		return
	}
	if declared == "" {
		declared = use.declared
	}
	said := "no charset declared"
	if declared != "" {
		said = "declared " + oneWord(declared)
	}
	note := where + ": " + said + ", read as " + use.used
	if !slices.Contains(*n, note) {
		*n = append(*n, note)
	}
}

// maxCharsetNotes bounds what is said about one mail.
const maxCharsetNotes = 100

// isStateful says whether a charset writes other letters with 7-bit bytes.
func isStateful(name string) bool {
	return strings.HasPrefix(name, "iso-2022") || strings.HasPrefix(name, "utf-16") ||
		strings.HasPrefix(name, "hz") || strings.HasPrefix(name, "utf-32") || name == "utf-7"
}
