package tomlfile

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"
)

// Entry is a key of a struct with toml tags, or the begin of a table.
type Entry struct {
	Path string // such as "account[0].mailbox[1].list", as Lines has it
	// Header is how a table begins, such as "[[account.mailbox]]"; "" for a key.
	// Key is the last part of a key's path, Text its value as TOML has it.
	Header, Key, Text string
	Value             reflect.Value
	// None says that there is no value: no text, no number, no table of a kind.
	None bool
}

// Flatten gives every key that v, a pointer to a struct, has, with a value or not, in
// an order in which TOML can have them. Of tables that come in any number there are
// those that v has, and an Entry without a value where it has none.
func Flatten(v any) ([]Entry, error) { return flatten(reflect.ValueOf(v).Elem(), "", "") }

var unmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()

// isTable says whether a type is a table, and not a value such as a date.
func isTable(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && !reflect.PointerTo(t).Implements(unmarshaler)
}

func flatten(v reflect.Value, path, name string) (all []Entry, err error) {
	var tables []Entry
	for _, f := range reflect.VisibleFields(v.Type()) {
		key := keyOf(f)
		if key == "" {
			continue
		}
		value := v.FieldByIndex(f.Index)
		at, called := join(path, key), join(name, key)
		switch {
		case isTable(value.Type()):
			inner, err := flatten(value, at, called)
			if err != nil {
				return nil, err
			}
			tables = append(append(tables, Entry{Path: at, Header: "[" + called + "]", Value: value}), inner...)
		case value.Kind() == reflect.Slice && isTable(value.Type().Elem()):
			header := "[[" + called + "]]"
			if value.Len() == 0 {
				tables = append(tables, Entry{Path: at, Header: header, None: true})
			}
			for i := range value.Len() {
				at := fmt.Sprintf("%s[%d]", at, i)
				inner, err := flatten(value.Index(i), at, called)
				if err != nil {
					return nil, err
				}
				tables = append(append(tables, Entry{Path: at, Header: header, Value: value.Index(i)}), inner...)
			}
		default:
			e := Entry{Path: at, Key: key, Value: value, None: value.IsZero() || value.Kind() == reflect.Slice && value.Len() == 0}
			switch value.Interface().(type) {
			case LocalDate, LocalDateTime:
				if e.None { // there is no text for none
					all = append(all, e)
					continue
				}
			}
			if e.Text, err = encodeValue(value, len(key)+len(" = ")); err != nil {
				return nil, fmt.Errorf("%s: %w", at, err)
			}
			all = append(all, e)
		}
	}
	return append(all, tables...), nil
}

// Comment makes comments of lines.
func Comment(text string) string { return "# " + strings.ReplaceAll(text, "\n", "\n# ") }
