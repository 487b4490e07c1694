package store_test

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"sigpost/store"
)

// hostile are texts that are more than values where a text is put into SQL.
var hostile = []string{`'; DROP TABLE messages; --`, `x' OR 'x'='x`, `" OR ""="`, `\'; DELETE FROM subscribers; --`, `$1 ? :a @b %_`, `{{.}} */ /* --`}

// Whatever a stranger writes is a value: each method of the archive is called with such
// texts wherever it takes one, and the engine finds nothing in them to read as SQL.
func TestStrangersTextsAreValues(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		findable(t, db)
		before, _, _, err := db.CountMessages(t.Context())
		if err != nil || before == 0 {
			t.Fatal(before, err)
		}
		called := 0
		methods := reflect.TypeOf(db)
		for i := range methods.NumMethod() {
			m := methods.Method(i)
			if strings.HasPrefix(m.Name, "Close") || strings.HasPrefix(m.Name, "Lock") || m.Name == "SQL" || m.Name == "Texts" || m.Name == "Rows" { // the last are of tests, and take SQL
				continue
			}
			for _, text := range hostile {
				args, texts := argumentsFor(t.Context(), m.Type, text)
				if texts == 0 {
					break
				}
				called++
				for _, out := range callRefused(reflect.ValueOf(db).Method(i), m.Type.IsVariadic(), args) {
					for _, sign := range []string{"syntax", "SQLSTATE 42", "unrecognized token", "no such column", "malformed MATCH", "unterminated", "panic"} {
						if strings.Contains(out, sign) {
							t.Errorf("%s(%q): %s", m.Name, text, out)
						}
					}
				}
			}
		}
		if called < 40*len(hostile) {
			t.Errorf("%d calls: most methods take texts", called)
		}
		if after, _, _, err := db.CountMessages(t.Context()); err != nil || after < before {
			t.Errorf("%d messages, %v; there were %d", after, err, before)
		}
		t.Logf("%d calls", called)
	})
}

// callRefused calls a method and gives the errors.
func callRefused(method reflect.Value, variadic bool, args []reflect.Value) (errs []string) {
	defer func() {
		if fault := recover(); fault != nil {
			if words := fmt.Sprint(fault); !strings.Contains(words, "nil pointer") && !strings.Contains(words, "out of range") { // of our own arguments
				errs = append(errs, "panic: "+words)
			}
		}
	}()
	call := method.Call
	if variadic {
		call = method.CallSlice
	}
	for _, out := range call(args) {
		if err, ok := out.Interface().(error); ok && err != nil {
			errs = append(errs, err.Error())
		}
	}
	return errs
}

// argumentsFor gives arguments of a method, with text wherever there can be one; texts
// counts these. It is 0 where a method takes what cannot be made here.
func argumentsFor(ctx context.Context, method reflect.Type, text string) (args []reflect.Value, texts int) {
	for i := 1; i < method.NumIn(); i++ {
		in := method.In(i)
		switch {
		case in == reflect.TypeFor[context.Context]():
			args = append(args, reflect.ValueOf(ctx))
			continue
		case in.Kind() == reflect.Func || in.Kind() == reflect.Interface || in.Kind() == reflect.Chan:
			return nil, 0
		}
		v := reflect.New(in).Elem()
		texts += fill(v, text, 4)
		args = append(args, v)
	}
	return args, texts
}

// fill puts text wherever a value can hold one, and something small elsewhere.
func fill(v reflect.Value, text string, depth int) (texts int) {
	if depth == 0 || !v.CanSet() {
		return 0
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
		return 1
	case reflect.Int, reflect.Int64, reflect.Int32:
		v.SetInt(1)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return fill(v.Elem(), text, depth-1)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte(text))
			return 1
		}
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			texts += fill(v.Index(i), text, depth-1)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(start))
			return 0
		}
		for i := range v.NumField() {
			texts += fill(v.Field(i), text, depth-1)
		}
	}
	return texts
}
