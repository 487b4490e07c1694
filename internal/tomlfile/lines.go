package tomlfile

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// Lines says on which line of a TOML document each key stands, so that an
// error about a value can name it. Keys are paths such as
// "account[0].mailbox[1].list"; the n-th [[table]] has "[n]" behind its name.
// A table's own line stands under its path, and that of a key in braces under its own.
// What cannot be parsed has none.
func Lines(data []byte) map[string]int {
	lines := map[string]int{}
	counts := map[string]int{} // how many tables an array has so far
	var p unstable.Parser
	p.Reset(data)
	at := position{data: data, line: 1}
	table := ""
	for p.NextExpression() {
		e := p.Expression()
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			parts, line := at.key(e)
			table = ""
			for i, part := range parts {
				table = join(table, part)
				if e.Kind == unstable.ArrayTable && i == len(parts)-1 {
					counts[table]++
				}
				if n := counts[table]; n > 0 {
					table = fmt.Sprintf("%s[%d]", table, n-1)
				}
			}
			lines[table] = line
		case unstable.KeyValue:
			at.value(e, table, lines)
		}
	}
	return lines
}

// value notes the line of a key, and of those in the braces behind it.
func (at *position) value(e *unstable.Node, table string, lines map[string]int) {
	parts, line := at.key(e)
	path := join(table, strings.Join(parts, "."))
	lines[path] = line
	at.braces(e.Value(), path, lines)
}

func (at *position) braces(v *unstable.Node, path string, lines map[string]int) {
	children := v.Children()
	switch v.Kind {
	case unstable.InlineTable:
		for children.Next() {
			at.value(children.Node(), path, lines)
		}
	case unstable.Array:
		for n := 0; children.Next(); n++ {
			at.braces(children.Node(), fmt.Sprintf("%s[%d]", path, n), lines)
		}
	}
}

// without blanks the key that stands on a line, with its value, and gives the value as it is
// written where that is short. It does so only in a document that is TOML.
func without(data []byte, row int) (rest []byte, value string, ok bool) {
	var p unstable.Parser
	p.Reset(data)
	at := position{data: data, line: 1}
	from, to := 0, len(data)
	for p.NextExpression() {
		e := p.Expression()
		_, line := at.key(e)
		begins := bytes.LastIndexByte(data[:at.offset], '\n') + 1
		if line > row {
			to = min(to, begins)
			continue
		}
		from, value, ok = begins, "", e.Kind == unstable.KeyValue
		if raw := p.Raw(e.Value().Raw); ok && len(raw) < 100 {
			value = string(raw)
		}
	}
	if p.Error() != nil || !ok {
		return nil, "", false
	}
	rest = bytes.Clone(data)
	for i := from; i < to; i++ {
		if rest[i] != '\n' {
			rest[i] = ' '
		}
	}
	return rest, value, true
}

// position is how far Lines has come. The parser's own counting begins at the
// document's first byte for every key.
type position struct {
	data   []byte
	offset int
	line   int
}

// key gives the parts of an expression's key, and the line of the last of them.
func (at *position) key(e *unstable.Node) (parts []string, line int) {
	for it := e.Key(); it.Next(); {
		key := it.Node()
		parts = append(parts, string(key.Data))
		to := int(key.Raw.Offset)
		at.line += bytes.Count(at.data[at.offset:to], []byte{'\n'})
		at.offset = to
	}
	return parts, at.line
}

func join(table, key string) string {
	if table == "" {
		return key
	}
	return table + "." + key
}
