// Package tomlfile reads TOML files that people write: strictly, and with
// errors that say where and what was probably meant.
package tomlfile

import (
	"errors"
	"fmt"
	"reflect"
	"sort"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"sigpost/internal/osa"
)

// Decode decodes data into v, a pointer to a struct with toml tags. A key
// that v has no field for is an error. Errors read "FILE:LINE: what is wrong",
// one line for each unknown key.
func Decode(file string, data []byte, v any) error {
	err := toml.NewDecoder(strings.NewReader(string(data))).DisallowUnknownFields().Decode(v)
	var strict *toml.StrictMissingError
	if errors.As(err, &strict) {
		var lines []string
		for _, e := range strict.Errors {
			row, _ := e.Position()
			lines = append(lines, fmt.Sprintf("%s:%d: %s", file, row, unknownKey(e.Key(), reflect.TypeOf(v))))
		}
		return errors.New(strings.Join(lines, "\n"))
	}
	var decode *toml.DecodeError
	if errors.As(err, &decode) {
		row, column := decode.Position()
		return fmt.Errorf("%s:%d:%d: %s", file, row, column, strings.TrimPrefix(decode.Error(), "toml: "))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
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
