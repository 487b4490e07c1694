package config

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/internal/tomlfile"
)

// filled gives every key a value, and every kind of table one of them.
func filled(v reflect.Value) {
	switch v.Interface().(type) {
	case tomlfile.LocalDate:
		v.Set(reflect.ValueOf(tomlfile.LocalDate{Year: 2016, Month: 4, Day: 25}))
		return
	case tomlfile.LocalDateTime:
		at := tomlfile.LocalDateTime{LocalDate: tomlfile.LocalDate{Year: 2016, Month: 4, Day: 25}}
		at.Hour = 14
		v.Set(reflect.ValueOf(at))
		return
	case ClockTime:
		v.Set(reflect.ValueOf(ClockTime{Minutes: 75}))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				filled(v.Field(i))
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		filled(v.Index(0))
	case reflect.String:
		v.SetString("a \"value\"")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(3)
		if v.Type() == reflect.TypeFor[Duration]() {
			v.SetInt(int64(90 * time.Minute))
		}
	case reflect.Float64:
		v.SetFloat(1.5)
	default:
		panic(fmt.Sprintf("a %s: teach this test, and tomlfile, about it", v.Type()))
	}
}

// paths are all keys that a type has, with one of each kind of table.
func paths(in reflect.Type, at string, all map[string]bool) {
	for in.Kind() == reflect.Slice {
		in, at = in.Elem(), at+"[0]"
	}
	for _, f := range reflect.VisibleFields(in) {
		key, _, _ := strings.Cut(f.Tag.Get("toml"), ",")
		if key == "" {
			continue
		}
		path := strings.TrimPrefix(at+"."+key, ".")
		elem := f.Type
		for elem.Kind() == reflect.Slice {
			elem = elem.Elem()
		}
		switch reflect.Zero(elem).Interface().(type) {
		case tomlfile.LocalDate, tomlfile.LocalDateTime, ClockTime:
			all[path] = true
			continue
		}
		if elem.Kind() == reflect.Struct {
			paths(f.Type, path, all)
			continue
		}
		all[path] = true
	}
}

// A key that is added to the configuration is shown without anybody thinking of it,
// can be read again, and is masked if its name says that it is a secret.
func TestEveryKeyIsShown(t *testing.T) {
	full := &Config{}
	filled(reflect.ValueOf(full).Elem())
	all, err := full.Settings()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	paths(reflect.TypeFor[Config](), "", want)
	if len(want) < 150 {
		t.Fatalf("only %d keys were found", len(want))
	}
	for _, s := range all {
		if s.header != "" {
			continue
		}
		if !want[s.Key] {
			t.Errorf("%s is shown twice, or is no key", s.Key)
		}
		delete(want, s.Key)
		if s.Value == nil || s.none {
			t.Errorf("%s has no value", s.Key)
		}
		name := s.Key[strings.LastIndexByte(s.Key, '.')+1:]
		for _, word := range []string{"secret", "password", "token"} {
			place := strings.HasSuffix(name, "_file") || strings.HasSuffix(name, "_files") || strings.HasSuffix(name, "_env") || name == "token_url"
			if strings.Contains(name, word) && !place && s.Value != Mask {
				t.Errorf("%s is shown as %v", s.Key, s.Value)
			}
		}
	}
	for key := range want {
		t.Errorf("%s is not shown", key)
	}
	var b strings.Builder
	if err := WriteSettings(&b, all); err != nil {
		t.Fatal(err)
	}
	again := &Config{}
	if err := tomlfile.Decode("shown", []byte(b.String()), again); err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	if !reflect.DeepEqual(again, full) {
		t.Errorf("it is read as\n%+v\nwant\n%+v", again, full)
	}
}

// What is shown of a configuration says the same as the configuration.
func TestShownIsTheSame(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := filepath.Join(folder, "config.toml")
	text := strings.Replace(sigpost.ExampleConfig, "\neditions = []\n", "\neditions = [\"month\"]\n", 1)
	c, err := Parse(file, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	all, err := c.Settings()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := WriteSettings(&b, all); err != nil {
		t.Fatal(err)
	}
	again, err := Parse(file, []byte(b.String()))
	if err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	if len(c.Digests) != 2 || len(again.Digests) != 2 {
		t.Errorf("the edition is not there: %d and %d digests", len(c.Digests), len(again.Digests))
	}
	same, err := again.Settings()
	if err != nil || len(same) != len(all) {
		t.Fatalf("%d settings, and read again %d, %v", len(all), len(same), err)
	}
	for i := range all {
		if all[i].Key != same[i].Key || all[i].text != same[i].text || all[i].none != same[i].none {
			t.Errorf("%+v, and read again %+v", all[i], same[i])
		}
	}
}

// Each setting says where it comes from; secrets stay out, and so does their length.
func TestSources(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("sigpost.secret", strings.Repeat("geheim", 10))
	t.Setenv("IMAP_PASSWORD", "sesam-oeffne-dich")
	file := write("config.toml", `[archive]
database = "postgres://db.example.org/sigpost?sslmode=verify-full&apikey=grasgruen"
secret_file = "sigpost.secret"
[[list]]
name = "sig"
[[account]]
name = "one"
host = "imap.example.org:993"
username = "me"
password_env = "IMAP_PASSWORD"
poll = "1h"
[[account.mailbox]]
name = "INBOX"
list = "sig"
[[meeting]]
title = "Meeting"
start = 2016-01-05T14:00:00
zone = "Europe/Berlin"
links = [
  { title = "Agenda", url = "https://example.org" },
]
[dns]
timeout = "20s"
[alerts]
ping_url = "https://hc.example.org/blau-1234"
webhook = "https://hooks.example.org/T0/gelb"
`)
	c, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	all, err := c.Settings()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]Setting{}
	for _, s := range all {
		found[s.Key] = s
	}
	for _, w := range []struct {
		key    string
		value  any
		source string
		reads  string
	}{
		{"archive.database", "postgres://db.example.org/sigpost?apikey=%2A%2A%2A%2A%2A%2A%2A%2A&sslmode=verify-full", file + ":2", ""},
		{"archive.secret_file", "sigpost.secret", file + ":3", "the file " + filepath.Join(folder, "sigpost.secret")},
		{"account[0].password_env", "IMAP_PASSWORD", file + ":10", "the environment variable IMAP_PASSWORD"},
		{"account[0].poll", "1h", file + ":11", ""},
		{"account[0].timeout", "1m", "default", ""},
		{"account[0].mailbox[0].since", nil, "not set", ""},
		{"meeting[0].links[0].url", "https://example.org", file + ":20", ""},
		{"meeting[0].duration", "1h", "default", ""},
		{"dns.timeout", "20s", file + ":23", ""},
		{"web.listen", "127.0.0.1:8420", "default", ""},
		{"list[0].title", "sig", "default", ""},
		{"alerts.ping_url", "https://hc.example.org/" + Mask, file + ":25", ""},
	} {
		if s := found[w.key]; !reflect.DeepEqual(s.Value, w.value) || s.Source != w.source || s.Reads != w.reads {
			t.Errorf("%s: %#v, want %#v", w.key, s, w)
		}
	}
	var b strings.Builder
	if err := WriteSettings(&b, all); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"geheim", "sesam", "grasgruen", "blau", "gelb"} {
		if strings.Contains(b.String()+string(data), secret) {
			t.Errorf("%s is shown in\n%s", secret, b.String())
		}
	}
	if !strings.Contains(b.String(), "poll = \"1h\"  # "+file+":11\n") || !strings.Contains(b.String(), "# since =  # not set\n") || !strings.Contains(b.String(), "# [[calendar]]  # none\n") {
		t.Errorf("shown is\n%s", b.String())
	}
	if s := (Setting{Key: "x.database", Source: "a\nb", text: "1"}); true {
		var odd strings.Builder
		if err := WriteSettings(&odd, []Setting{s}); err != nil || odd.String() != "database = 1  # a b\n" {
			t.Errorf("an odd file name: %q, %v", odd.String(), err)
		}
	}
}

func TestMaskURL(t *testing.T) {
	for url, want := range map[string]string{
		"https://example.org/a?b=c":             "https://example.org/a?b=c",
		"plain words":                           "plain words",
		"postgres://me:geheim@host/db":          "postgres://me:" + Mask + "@host/db",
		"postgres://me@host/db":                 "postgres://me@host/db",
		"https://example.org/?access_token=abc": "https://example.org/?access_token=%2A%2A%2A%2A%2A%2A%2A%2A",
		"postgres://me:%zz@host":                Mask,
	} {
		if got := maskURL(url); got != want {
			t.Errorf("%s is shown as %s, want %s", url, got, want)
		}
	}
}
