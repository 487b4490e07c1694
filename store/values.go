package store

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// micros is how a column holds a time: microseconds since 1970, 0 for none.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// moment is the time that a column holds, in UTC.
func moment(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// number is how a column holds yes and no.
func number(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// clean makes text of strangers fit for both engines: valid UTF-8, no NUL.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "\uFFFD")
	}
	return s
}

// pack puts several texts into one column, a line each. Those that are empty
// are left out, and line ends in them become spaces.
func pack[S ~string](all []S) string {
	if len(all) == 0 {
		return ""
	}
	lines := make([]string, 0, len(all))
	for _, s := range all {
		line := clean(string(s))
		if strings.IndexByte(line, '\n') >= 0 {
			line = strings.ReplaceAll(line, "\n", " ")
		}
		if line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// unpack takes a column apart that pack made.
func unpack[S ~string](packed string) []S {
	if packed == "" {
		return nil
	}
	lines := strings.Split(packed, "\n")
	all := make([]S, len(lines))
	for i, line := range lines {
		all[i] = S(line)
	}
	return all
}

// sorted takes a column of lines apart whose order means nothing.
func sorted(packed string) []string {
	all := unpack[string](packed)
	slices.Sort(all)
	return all
}

// toJSON puts a value into a column of text that SQL never looks into.
func toJSON(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

// inLists are the lengths that the lists of inList come in. Few lengths make
// few statements, which the drivers can then remember.
var inLists = [...]int{1, 4, 16, 64, 256}

// inList calls do with the values, 256 at a time: the text "($from, $from+1,
// ...)" and its arguments. The last value is repeated to fill a list.
func inList[T any](values []T, from int, do func(list string, args []any) error) error {
	for chunk := range slices.Chunk(values, inLists[len(inLists)-1]) {
		width := filled(len(chunk))
		args := make([]any, 0, width)
		for _, v := range chunk {
			args = append(args, v)
		}
		for len(args) < width {
			args = append(args, args[len(args)-1])
		}
		if err := do("("+params(from, width)+")", args); err != nil {
			return err
		}
	}
	return nil
}

func filled(n int) int {
	for _, width := range inLists {
		if n <= width {
			return width
		}
	}
	return n
}

// params is "$from, $from+1, ..." for n parameters.
func params(from, n int) string {
	b := make([]byte, 0, n*len("$999, "))
	for i := range n {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = strconv.AppendInt(append(b, '$'), int64(from+i), 10)
	}
	return string(b)
}

// tuples is "($1, $2), ($3, $4), ..." for n rows of some columns.
func (d *dialect) tuples(columns, n int) string {
	if d.nameless {
		row := "(?" + strings.Repeat(", ?", columns-1) + ")"
		return row + strings.Repeat(", "+row, n-1)
	}
	rows := make([]string, n)
	for i := range rows {
		rows[i] = "(" + params(1+i*columns, columns) + ")"
	}
	return strings.Join(rows, ", ")
}
