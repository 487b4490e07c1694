package message

import (
	"strings"

	"sigpost"
)

// fence gives the character of a line that begins or ends fenced code ("```"
// or "~~~", CommonMark 0.31, section 4.5), or 0.
func fence(s string) byte {
	if len(s) < 3 || s[0] != '`' && s[0] != '~' || s[1] != s[0] || s[2] != s[0] {
		return 0
	}
	rest := strings.TrimLeft(s, s[:1])
	if len(rest) > 30 || strings.ContainsAny(rest, "`~") || s[0] == '~' && len(s)-len(rest) > 5 { // a longer one is a separator
		return 0
	}
	return s[0]
}

// markFences marks fenced code. Nothing inside is a quote or a signature,
// whatever it looks like.
func markFences(lines []textLine) {
	for i := 0; i < len(lines); i++ {
		if lines[i].clue&clueFence == 0 || lines[i].depth > 0 {
			continue
		}
		mark := fence(lines[i].content)
		end := i + 1
		for end < len(lines) && !closesFence(lines[end], mark) {
			end++
		}
		if end == len(lines) {
			return // it is never closed, and whatever opens below is not, or is its end
		}
		for ; i <= end; i++ {
			lines[i].kind, lines[i].depth = sigpost.RangeCode, 0
		}
		i--
	}
}

func closesFence(l textLine, mark byte) bool {
	return l.clue&clueFence != 0 && l.depth == 0 && strings.Trim(l.content, string(rune(mark))) == ""
}

// minCode is how many lines that look like code make a paragraph code that is
// not set apart by its indent.
const minCode = 3

// markCode marks paragraphs of code among what the author wrote: indented ones
// that look like code, and others where nearly every line does.
func markCode(text string, lines []textLine) {
	for i := 0; i < len(lines); i++ {
		if lines[i].kind != "" || lines[i].content == "" {
			continue
		}
		if end := i; lines[i].clue&clueCode == 0 {
			for end < len(lines) && lines[end].kind == "" && lines[end].content != "" && lines[end].clue&clueCode == 0 {
				end++
			}
			if end == len(lines) || lines[end].kind != "" || lines[end].content == "" {
				i = end
				continue
			}
		}
		end, code, indented, count := i, 0, 0, 0
		for ; end < len(lines) && lines[end].kind == "" && (lines[end].content != "" || codeGoesOn(text, lines, end)); end++ {
			s := lines[end].content
			if s == "" {
				continue
			}
			count++
			if isIndented(text[lines[end].start:lines[end].end]) {
				indented++
			}
			if isCodeLine(s) {
				code++
			}
		}
		if indented == count && code*2 >= count && code > 0 || code >= minCode && code*10 >= count*8 {
			markKind(lines[i:end], sigpost.RangeCode)
		} else if indented > 0 && indented < count {
			markIndented(text, lines[i:end])
		}
		i = end
	}
}

// markIndented marks the indented lines inside a paragraph of prose that are
// code throughout.
func markIndented(text string, lines []textLine) {
	for i := 0; i < len(lines); i++ {
		end, code := i, 0
		for end < len(lines) && lines[end].content != "" && isIndented(text[lines[end].start:lines[end].end]) {
			if isCodeLine(lines[end].content) {
				code++
			}
			end++
		}
		if end > i {
			if code > 0 && code*3 >= (end-i)*2 {
				markKind(lines[i:end], sigpost.RangeCode)
			}
			i = end
		}
	}
}

// codeGoesOn says whether code goes on behind the blank line i: what stands
// around it is indented.
func codeGoesOn(text string, lines []textLine, i int) bool {
	return i > 0 && i+1 < len(lines) && lines[i+1].content != "" && lines[i+1].kind == "" && lines[i-1].content != "" &&
		isIndented(text[lines[i-1].start:lines[i-1].end]) && isIndented(text[lines[i+1].start:lines[i+1].end])
}

// isIndented says whether a line begins as indented code does (CommonMark
// 0.31, section 4.4), or nearly so.
func isIndented(raw string) bool {
	return raw[0] == '\t' || strings.HasPrefix(raw, "   ")
}

// isCodeLine says whether a line looks like one of a program, of its
// configuration or of markup. It is no if in doubt.
func isCodeLine(s string) bool {
	if strings.Contains(s, "://") {
		return false
	}
	if startsWithAny(s, "#include ", "#define ", "#if", "#endif", "#!/", "import ", "def ", "func ", "return ", "return;", "static ", "struct ", "public class", "private ", "</", "<?", "<!--", "/*", "*/", "//", "}", "{", "@Override", "package ", "var ", "const ", "sudo ", "apt-get ", "docker ", "kubectl ", "git ", "pip ", "npm ", "cd /", "make ") {
		return !endsSentence(s) || strings.HasSuffix(s, ";") || strings.HasSuffix(s, ":")
	}
	switch s[len(s)-1] {
	case ';':
		return containsAny(s, "=", "(", "return", "break", "++", "--", "->", "->") || strings.Count(s, " ") < 3
	case '{', '}', '\\':
		return true
	case ')':
		return isCall(s)
	case '>':
		return s[0] == '<' && !strings.Contains(s, "@") && !strings.HasPrefix(s, "<http")
	case ':':
		return startsWithAny(s, "if ", "elif ", "else:", "for ", "while ", "try:", "except", "class ", "with ") && !strings.Contains(s, ", ") && strings.Count(s, " ") < 8
	}
	return isAssignment(s)
}

// isCall says whether a line is a call: a name without spaces before its
// bracket.
func isCall(s string) bool {
	open := strings.IndexByte(s, '(')
	return open > 0 && !strings.Contains(s[:open], " ") && s[0] != '[' && s[0] != '<'
}

// isAssignment says whether a line sets a name: "name = value", "name: value"
// does not count, as people write so.
func isAssignment(s string) bool {
	name, value, ok := strings.Cut(s, "=")
	if !ok || value == "" || strings.HasPrefix(value, "=") {
		return false
	}
	name = strings.TrimRight(name, " :+-")
	if i := strings.LastIndexByte(name, ' '); i >= 0 && strings.Count(name, " ") > 1 {
		return false
	}
	return name != "" && strings.IndexByte("<>|,", name[len(name)-1]) < 0 && !endsSentence(s)
}
