// Package tomlfile reads TOML files that people write: strictly, and with
// errors that say where and what was probably meant.
package tomlfile

import (
	"bytes"
	"cmp"
	"encoding"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"sort"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"sigpost/internal/osa"
)

// Decode decodes data into v, a pointer to a struct with toml tags. A key
// that v has no field for is an error. Errors read "FILE:LINE: what is wrong",
// one line for each unknown key and for each value that cannot be what it should be; where
// there are such values alone, it is a *ValuesError, and v has all others. What is no TOML
// is one error, that of its first place.
func Decode(file string, data []byte, v any) error {
	values, before := &ValuesError{Rest: data}, reflect.ValueOf(v).Elem()
	empty := reflect.New(before.Type()).Elem()
	empty.Set(before)
	for {
		before.Set(empty)
		err := toml.NewDecoder(bytes.NewReader(values.Rest)).DisallowUnknownFields().Decode(v)
		var strict *toml.StrictMissingError
		var decode *toml.DecodeError
		switch {
		case err == nil && len(values.wrong) == 0:
			return nil
		case err == nil:
			return values
		case errors.As(err, &strict):
			for _, e := range strict.Errors {
				row, _ := e.Position()
				values.wrong = append(values.wrong, fmt.Sprintf("%s:%d: %s", file, row, unknownKey(e.Key(), reflect.TypeOf(v))))
			}
			return errors.New(values.Error())
		}
		said := strings.TrimPrefix(err.Error(), "toml: ")
		row, column, key := 0, 1, []string(nil)
		if errors.As(err, &decode) {
			row, column = decode.Position()
			key = decode.Key()
		} else {
			row, key = failing(values.Rest, before.Type())
		}
		if row == 0 {
			return fmt.Errorf("%s: %s", file, said)
		}
		rest, value, ok := without(values.Rest, row)
		if !ok {
			return fmt.Errorf("%s:%d:%d: %s", file, row, column, said)
		}
		values.wrong = append(values.wrong, fmt.Sprintf("%s:%d: %s", file, row, wrongValue(key, said, before.Type(), value)))
		values.Rest = rest
	}
}

// ValuesError is of values that cannot be what they should be, and of nothing else.
type ValuesError struct {
	// Rest is the document without them, each line where it was.
	Rest  []byte
	wrong []string
}

// Error has a line for each of them.
func (e *ValuesError) Error() string { return strings.Join(e.wrong, "\n") }

// failing finds the key, and its line, of whose value there is an error without a place:
// what reads texts by itself gives such.
func failing(data []byte, t reflect.Type) (row int, key []string) {
	lines := Lines(data)
	paths := slices.SortedFunc(maps.Keys(lines), func(a, b string) int {
		return cmp.Or(cmp.Compare(lines[a], lines[b]), cmp.Compare(len(a), len(b)))
	})
	all := bytes.SplitAfter(data, []byte("\n"))
	for i, path := range paths {
		end := len(all)
		if i+1 < len(paths) {
			end = lines[paths[i+1]] - 1
		}
		var decode *toml.DecodeError
		if err := toml.Unmarshal(bytes.Join(all[:end], nil), reflect.New(t).Interface()); err != nil && !errors.As(err, &decode) {
			return lines[path], strings.Split(index.ReplaceAllString(path, ""), ".")
		}
	}
	return 0, nil
}

// index is which of several tables of a name it is.
var index = regexp.MustCompile(`\[\d+\]`)

// wrongValue says what is wrong with the value of a key, by the key's name; value is as it
// is written, or "" where that is long.
func wrongValue(path []string, said string, in reflect.Type, value string) string {
	key := strings.Join(path, ".")
	if key == "" {
		return said
	}
	for _, name := range path {
		field, ok := fieldFor(in, name)
		if !ok {
			return key + ": " + said
		}
		in = field.Type
	}
	if wants := wanted(key, in, value); wants != "" && strings.HasPrefix(said, "cannot decode TOML ") {
		return key + " is " + wants
	}
	return key + ": " + said
}

// wanted says what is written for a type, with an example where there is one.
func wanted(key string, t reflect.Type, value string) string {
	list := t.Kind() == reflect.Slice
	switch t {
	case reflect.TypeFor[LocalDate]():
		return "a day, without quotes: 2016-04-25"
	case reflect.TypeFor[LocalDateTime]():
		return "a day and a time, without quotes: 2016-04-25T09:00:00"
	}
	_, text := reflect.New(element(t)).Interface().(encoding.TextUnmarshaler)
	switch kind := element(t).Kind(); {
	case list && kind == reflect.Struct && !text:
		return "a table that may be there several times: [[" + key + "]]"
	case list && value != "" && value[0] != '[':
		return "a list: [" + value + "]"
	case list:
		return "a list, and something in it is not what belongs there"
	case text, kind == reflect.String:
		return "a text in quotes"
	case kind == reflect.Struct:
		return "a table: [" + key + "]"
	case kind == reflect.Bool:
		return "true or false, without quotes"
	case kind == reflect.Float64:
		return "a number, without quotes"
	case kind >= reflect.Int && kind <= reflect.Uint64:
		return "a whole number, without quotes"
	}
	return ""
}

// unknownKey says which key is unknown and which known one is nearest to it.
func unknownKey(key toml.Key, in reflect.Type) string {
	known := Keys(in)
	for _, name := range key[:len(key)-1] {
		field, ok := fieldFor(in, name)
		if !ok {
			return fmt.Sprintf("unknown key %q%s", strings.Join(key, "."), meant(name, known))
		}
		in = element(field.Type)
		known = Keys(in)
	}
	name := key[len(key)-1]
	where := ""
	if len(key) > 1 {
		where = fmt.Sprintf(" in [%s]", strings.Join(key[:len(key)-1], "."))
	}
	return fmt.Sprintf("unknown key %q%s%s", name, where, meant(name, known))
}

func meant(name string, known []string) string {
	if near := osa.Nearest(name, known); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	if len(known) == 0 {
		return ""
	}
	return "; known here: " + strings.Join(known, ", ")
}

// Keys are the keys that a struct type, or a slice or map of it, takes in a
// TOML file, sorted.
func Keys(in reflect.Type) []string {
	in = element(in)
	if in.Kind() != reflect.Struct {
		return nil
	}
	var keys []string
	for _, f := range reflect.VisibleFields(in) {
		if key := keyOf(f); key != "" {
			keys = append(keys, key)
		}
	}
	sort.Strings(keys)
	return keys
}

func fieldFor(in reflect.Type, name string) (reflect.StructField, bool) {
	in = element(in)
	if in.Kind() != reflect.Struct {
		return reflect.StructField{}, false
	}
	for _, f := range reflect.VisibleFields(in) {
		if keyOf(f) == name {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

func keyOf(f reflect.StructField) string {
	tag, _, _ := strings.Cut(f.Tag.Get("toml"), ",")
	if tag == "-" || !f.IsExported() {
		return ""
	}
	return tag
}

func element(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	return t
}

// The TOML types that the standard library has none for.
type (
	LocalDate     = toml.LocalDate
	LocalDateTime = toml.LocalDateTime
)
