package message

import (
	"strings"

	"sigpost"
)

// beginsDiff is a first look at a line that may begin a patch.
func beginsDiff(s string) bool {
	return startsWithAny(s, "--- ", "@@ -", "diff -", "Index: ", "*** ") || s == "---"
}

// isStat says whether a line sums up a patch: "2 files changed, 3 insertions(+)".
func isStat(s string) bool {
	i := strings.Index(s, " file")
	return i > 0 && i < 8 && startsWithAny(s[i:], " files changed", " file changed") && strings.Trim(s[:i], "0123456789") == ""
}

// markDiffs marks patches in the unified format (POSIX.1-2017, diff -u, and
// git), with the statistics that git writes above them.
func markDiffs(text string, lines []textLine) {
	for i := 0; i < len(lines); i++ {
		l := lines[i]
		if l.clue&clueDiff == 0 || l.kind != "" {
			continue
		}
		if isDigit(l.content[0]) {
			markDiffStat(lines, i)
			continue
		}
		if end := diffEnd(text, lines, i); end > i {
			for j := i; j < end; j++ {
				lines[j].kind, lines[j].depth = sigpost.RangeDiff, 0
			}
			i = end - 1
		}
	}
}

// markDiffStat marks the lines of a diffstat that is summed up at line i, with
// the "---" above it.
func markDiffStat(lines []textLine, i int) {
	from := i
	for from > 0 && lines[from-1].kind == "" && strings.Contains(lines[from-1].content, " | ") {
		from--
	}
	if from > 0 && lines[from-1].content == "---" {
		from--
	}
	markKind(lines[from:i+1], sigpost.RangeDiff)
	for i++; i < len(lines) && lines[i].kind == "" && startsWithAny(lines[i].content, "create mode ", "delete mode ", "rename ", "mode change "); i++ {
		lines[i].kind = sigpost.RangeDiff
	}
}

// diffEnd gives the line behind the patch that begins at line i, or i where
// none does: it must have a hunk, or be one that git calls empty.
func diffEnd(text string, lines []textLine, i int) int {
	end, hunks := i, 0
	for at := i; at < len(lines) && lines[at].depth == 0; {
		s := lines[at].content
		switch {
		case strings.HasPrefix(s, "@@ -"):
			old, new, ok := hunkSize(s)
			if !ok {
				return end
			}
			at = hunkEnd(text, lines, at+1, old, new)
			end = at
			hunks++
		case strings.HasPrefix(s, "--- ") && !(at+1 < len(lines) && strings.HasPrefix(lines[at+1].content, "+++ ")):
			return end
		case isDiffHeader(s):
			at++
			if hunks > 0 || startsWithAny(s, "Binary files", "rename to", "GIT binary") {
				end = at
			}
			if at-i > 12 && hunks == 0 {
				return end
			}
		case s == "" && hunks > 0 && at+1 < len(lines) && startsWithAny(lines[at+1].content, "diff -", "Index: ", "@@ -"):
			at++
		default:
			return end
		}
	}
	return end
}

// isDiffHeader knows the lines between the hunks of a patch.
func isDiffHeader(s string) bool {
	if s == "" {
		return false
	}
	switch s[0] {
	case 'd', 'I', 'i', '-', '+', '=', 'n', 'o', 's', 'r', 'c', 'B', 'G':
		return startsWithAny(s, "diff -", "Index: ", "index ", "--- ", "+++ ", "=====", "new file mode", "new mode", "old mode", "similarity index", "rename from", "rename to", "copy from", "copy to", "deleted file mode", "dissimilarity", "Binary files", "GIT binary patch")
	}
	return false
}

// hunkSize reads the numbers of lines in "@@ -1,7 +1,9 @@".
func hunkSize(s string) (old, new int, ok bool) {
	ranges, _, ok := strings.Cut(strings.TrimPrefix(s, "@@ -"), " @@")
	left, right, both := strings.Cut(ranges, " +")
	if !ok || !both {
		return 0, 0, false
	}
	old, ok = rangeSize(left)
	if !ok {
		return 0, 0, false
	}
	new, ok = rangeSize(right)
	return old, new, ok
}

// rangeSize reads the second number of "1,7"; without one it is 1.
func rangeSize(s string) (n int, ok bool) {
	start, size, both := strings.Cut(s, ",")
	if strings.Trim(start, "0123456789") != "" || start == "" {
		return 0, false
	}
	if !both {
		return 1, true
	}
	if size == "" || len(size) > 6 {
		return 0, false
	}
	for _, c := range []byte(size) {
		if !isDigit(c) {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// hunkEnd gives the line behind a hunk's lines, of which the two numbers are
// still to come. Blank lines lost their space on the way; a long line may have
// been broken in two.
func hunkEnd(text string, lines []textLine, at, old, new int) int {
	broken := false
	for ; at < len(lines) && (old > 0 || new > 0); at++ {
		raw := text[lines[at].start:lines[at].end]
		switch raw[0] {
		case ' ', '\t', '\n':
			old--
			new--
		case '-':
			old--
		case '+':
			new--
		case '\\':
		default:
			if broken || lines[at].depth > 0 {
				return at
			}
			broken = true
			continue
		}
		broken = false
	}
	if at < len(lines) && strings.HasPrefix(lines[at].content, `\ No newline`) {
		at++
	}
	return at
}
