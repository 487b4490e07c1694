// Package archtest holds the rules of docs/design.md: who may import whom.
package archtest

import (
	"encoding/json"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// own says what each package may import of ours. What is not in the table
// must be added to it, on purpose.
var own = map[string][]string{
	"sigpost":           {},
	"message":           {"sigpost"},
	"bounce":            {"sigpost", "message"}, // the reader of MIME that is there, not a second one
	"thread":            {"sigpost"},
	"classify":          {"sigpost", "internal/tomlfile", "internal/osa"},
	"calendar":          {"sigpost"},
	"digest":            {"sigpost", "templates", "internal/inline", "internal/osa", "internal/prose"},
	"schedule":          {},
	"summary":           {"sigpost", "internal/prose", "internal/tomlfile"},
	"search":            {"sigpost", "internal/osa"},
	"ingest":            {"sigpost", "internal/ownfile"},
	"fetch":             {"sigpost"},
	"deliver":           {"sigpost", "internal/mac"},
	"maildns":           {},
	"signin":            {"sigpost", "subscribe"}, // its limits of requests
	"review":            {"sigpost"},
	"subscribe":         {"sigpost", "internal/mac", "internal/osa"},
	"store":             {"sigpost", "thread", "search", "review", "internal/lru", "internal/ownfile"},
	"store/storetest":   {"store", "internal/peertest"},
	"templates":         {},
	"internal/logs":     {"sigpost"},
	"internal/metrics":  {"sigpost", "store"},
	"web":               {"sigpost", "internal/logs", "store", "templates", "subscribe", "digest", "search", "review", "export", "internal/lru"},
	"export":            {},
	"work":              {},
	"config":            {"sigpost", "calendar", "schedule", "internal/tomlfile", "internal/osa"},
	"internal/osa":      {},
	"internal/lru":      {},
	"internal/prose":    {"sigpost"},
	"internal/inline":   {},
	"internal/tomlfile": {"internal/osa"},
	"internal/mac":      {},
	"internal/ownfile":  {},
	"internal/mailtest": {},
	"internal/sdnotify": {},
	"internal/apitest":  {},
	"internal/peertest": {},
	"internal/archtest": {},
	"bench":             {},
	"bench/ingest":      {},
	"bench/deliver":     {},
	"bench/web":         {},
	"bench/web/corpus":  {"sigpost", "message", "store"},
	"app": {"sigpost", "bounce", "calendar", "classify", "classify/governance", "config", "deliver", "digest", "export", "fetch", "ingest", "internal/logs", "internal/metrics", "internal/osa", "internal/ownfile", "internal/sdnotify", "maildns", "message",
		"review", "schedule", "search", "signin", "store", "subscribe", "summary", "templates", "thread", "web", "work"},
	"cmd/sigpost":                 {"sigpost", "app", "config", "digest", "internal/logs", "internal/ownfile", "internal/sdnotify", "message", "search", "store", "thread", "internal/mailtest"},
	"classify/internal/nearwords": {"classify", "sigpost", "internal/osa"},
	"classify/governance":         {"classify", "sigpost"},
	"bench/internal/program":      {},
	"soak":                        {},
	"soak/check":                  {}, // it proves what the rest does, by nothing of the rest
}

// pure packages do no I/O: these of the standard library are not for them.
var pure = []string{"sigpost", "message", "bounce", "thread", "classify", "classify/governance", "calendar", "digest", "schedule", "summary", "search", "review", "internal/inline", "internal/prose"}

var doesIO = []string{"net", "net/http", "net/smtp", "database/sql", "os", "os/exec"}

// owner is the one package, or the few, for each third-party library.
var owner = map[string][]string{
	"github.com/emersion/go-imap/v2":           {"ingest"},
	"github.com/emersion/go-sasl":              {"ingest"},
	"github.com/emersion/go-message":           {"message"},
	"github.com/wneessen/go-mail":              {"deliver"},
	"github.com/sahilm/fuzzy":                  {"classify"},
	"modernc.org/sqlite":                       {"store"},
	"github.com/jackc/pgx/v5":                  {"store", "work"}, // River wants a pool of it
	"github.com/riverqueue/river":              {"work"},
	"github.com/pressly/goose/v3":              {"store"},
	"github.com/gofrs/flock":                   {"store", "export"},
	"github.com/klauspost/compress":            {"store"},
	"github.com/pelletier/go-toml/v2":          {"internal/tomlfile"},
	"github.com/teambition/rrule-go":           {"calendar"},
	"github.com/emersion/go-ical":              {"calendar"},
	"go.yaml.in/yaml/v3":                       {"classify/governance", "calendar"},
	"github.com/yuin/goldmark":                 {"digest"},
	"github.com/clipperhouse/uax29/v2":         {"internal/prose"},
	"github.com/adhocore/gronx":                {"schedule"},
	"github.com/coreos/go-systemd/v22":         {"internal/sdnotify"},
	"github.com/alecthomas/kong":               {"cmd/sigpost"},
	"github.com/schollz/progressbar/v3":        {"cmd/sigpost"},
	"github.com/mattn/go-isatty":               {"cmd/sigpost"},
	"golang.org/x/net/html":                    {"message", "internal/inline", "export"},
	"github.com/aymerick/douceur":              {"internal/inline"},
	"github.com/PuerkitoBio/goquery":           {"internal/inline"},
	"github.com/microcosm-cc/bluemonday":       {"web"},
	"github.com/prometheus/client_golang":      {"internal/metrics"},
	"github.com/chromedp":                      {"internal/peertest"},
	"golang.org/x/sys":                         {"internal/peertest"},
	"github.com/santhosh-tekuri/jsonschema/v6": {"internal/apitest"},
	"golang.org/x/net/publicsuffix":            {"digest", "maildns"},
	"github.com/emersion/go-msgauth":           {"maildns"},
	"blitiri.com.ar/go/spf":                    {"maildns"},
	"golang.org/x/net/idna":                    {"subscribe", "maildns"},
	"golang.org/x/oauth2":                      {"ingest"},
	"golang.org/x/crypto/x509roots":            {"cmd/sigpost"},
	"golang.org/x/text":                        {"message", "digest", "classify", "search", "subscribe"},
}

type pkg struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "sigpost/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func short(path string) string {
	if path == "sigpost" {
		return path
	}
	return strings.TrimPrefix(path, "sigpost/")
}

func TestWhoImportsWhom(t *testing.T) {
	all := packages(t)
	if len(all) < 15 {
		t.Fatalf("go list found %d packages", len(all))
	}
	for _, p := range all {
		name := short(p.ImportPath)
		allowed, known := own[name]
		if !known {
			t.Errorf("%s is not in the table of packages", name)
			continue
		}
		for _, i := range p.Imports {
			switch first, _, _ := strings.Cut(i, "/"); {
			case first == "sigpost":
				if !slices.Contains(allowed, short(i)) {
					t.Errorf("%s imports %s", name, i)
				}
			case !strings.Contains(first, "."): // the standard library
				if slices.Contains(pure, name) && slices.Contains(doesIO, i) {
					t.Errorf("%s, which does no I/O, imports %s", name, i)
				}
			case name != "internal/mailtest":
				checkLibrary(t, name, i)
			}
		}
	}
}

func checkLibrary(t *testing.T, name, path string) {
	t.Helper()
	for library, owners := range owner {
		if path == library || strings.HasPrefix(path, library+"/") {
			if !slices.Contains(owners, name) {
				t.Errorf("%s imports %s, which belongs to %v", name, path, owners)
			}
			return
		}
	}
	t.Errorf("%s imports %s, which is not in the table of libraries", name, path)
}
