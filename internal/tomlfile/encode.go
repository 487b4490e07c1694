package tomlfile

import (
	"encoding"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// lineWidth is where lists are broken.
const lineWidth = 110

// Encode writes v, a pointer to a struct with toml tags, as people write TOML:
// one key a line, lists broken into lines, a table for each struct of a slice.
// Keys without a value are left out, as Decode would have it.
func Encode(w io.Writer, v any) error {
	var b strings.Builder
	if err := encodeStruct(&b, reflect.ValueOf(v).Elem(), ""); err != nil {
		return err
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// encodeStruct writes plain keys first: what stands behind a table is in it.
func encodeStruct(b *strings.Builder, v reflect.Value, path string) error {
	type table struct {
		name  string
		value reflect.Value
	}
	var tables []table
	for _, f := range reflect.VisibleFields(v.Type()) {
		key, value := keyOf(f), v.FieldByIndex(f.Index)
		switch {
		case key == "" || value.IsZero() || value.Kind() == reflect.Slice && value.Len() == 0:
			continue
		case value.Kind() == reflect.Slice && value.Type().Elem().Kind() == reflect.Struct:
			tables = append(tables, table{join(path, key), value})
			continue
		}
		text, err := encodeValue(value, len(key)+len(" = "))
		if err != nil {
			return fmt.Errorf("%s: %w", join(path, key), err)
		}
		fmt.Fprintf(b, "%s = %s\n", key, text)
	}
	for _, t := range tables {
		for i := range t.value.Len() {
			fmt.Fprintf(b, "\n[[%s]]\n", t.name)
			if err := encodeStruct(b, t.value.Index(i), t.name); err != nil {
				return err
			}
		}
	}
	return nil
}

// encodeValue writes a value that begins in the given column.
func encodeValue(v reflect.Value, column int) (string, error) {
	if text, ok, err := encodeText(v); ok {
		return text, err
	}
	switch v.Kind() {
	case reflect.String:
		return Quote(v.String()), nil
	case reflect.Bool:
		return strconv.FormatBool(v.Bool()), nil
	case reflect.Int, reflect.Int64:
		return strconv.FormatInt(v.Int(), 10), nil
	case reflect.Float64:
		text := strconv.FormatFloat(v.Float(), 'f', -1, 64)
		if !strings.Contains(text, ".") {
			text += ".0"
		}
		return text, nil
	case reflect.Slice:
		return encodeList(v, column)
	case reflect.Map:
		return encodeMap(v)
	}
	return "", fmt.Errorf("no way to write a %s", v.Type())
}

// encodeText writes what has a way of its own to be written: dates and times as TOML
// has them, else a string.
func encodeText(v reflect.Value) (text string, ok bool, err error) {
	switch d := v.Interface().(type) {
	case LocalDate:
		return d.String(), true, nil
	case LocalDateTime:
		return d.String(), true, nil
	case encoding.TextMarshaler:
		b, err := d.MarshalText()
		return Quote(string(b)), true, err
	}
	return "", false, nil
}

func encodeList(v reflect.Value, column int) (string, error) {
	items := make([]string, v.Len())
	for i := range items {
		item, err := encodeValue(v.Index(i), 0)
		if err != nil {
			return "", err
		}
		items[i] = item
	}
	if line := "[" + strings.Join(items, ", ") + "]"; column+len(line) <= lineWidth {
		return line, nil
	}
	const indent = "    "
	var b strings.Builder
	b.WriteString("[\n" + indent)
	at := len(indent)
	for i, item := range items {
		if i > 0 && at+len(" ,")+len(item) > lineWidth {
			b.WriteString("\n" + indent)
			at = len(indent)
		} else if i > 0 {
			b.WriteString(" ")
			at++
		}
		b.WriteString(item + ",")
		at += len(item) + 1
	}
	b.WriteString("\n]")
	return b.String(), nil
}

// encodeMap writes a table in one line, as TOML wants such.
func encodeMap(v reflect.Value) (string, error) {
	pairs := map[string]string{}
	for it := v.MapRange(); it.Next(); {
		text, err := encodeValue(it.Value(), 0)
		if err != nil {
			return "", err
		}
		pairs[it.Key().String()] = text
	}
	var items []string
	for _, key := range slices.Sorted(maps.Keys(pairs)) {
		items = append(items, Quote(key)+" = "+pairs[key])
	}
	return "{ " + strings.Join(items, ", ") + " }", nil
}

// Quote writes a basic string of TOML.
func Quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range strings.ToValidUTF8(s, "\uFFFD") {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
