package app

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/internal/apitest"
)

// program sends a request as a program does, and reads the answer into "into".
func (d *doors) program(method, path, body string, into any, header ...string) (int, string) {
	d.t.Helper()
	r, err := http.NewRequest(method, d.site.URL+"/api/v1/"+path, strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	status, answer := d.answer(resp, err)
	if doc := apitest.Read(d.t, "../web/openapi.json"); doc.Knows(method, r.URL.EscapedPath()) {
		if err := doc.Check(method, r.URL.EscapedPath(), status, resp.Header, []byte(answer)); err != nil {
			d.t.Error(err)
		}
	}
	if h := resp.Header; path != "subscriptions" && status < 400 && (h.Get("Cache-Control") != "no-store" || h.Get("X-Robots-Tag") != "noindex") {
		d.t.Errorf("%s %s may be kept: %v", method, path, h)
	}
	for name := range resp.Header {
		if strings.HasPrefix(name, "Access-Control-") {
			d.t.Errorf("%s %s lets other sites' pages in: %s", method, path, name)
		}
	}
	if status == http.StatusUnauthorized && !strings.HasPrefix(resp.Header.Get("WWW-Authenticate"), "Bearer") {
		d.t.Errorf("%s %s does not say how to log in: %v", method, path, resp.Header)
	}
	if into != nil {
		if err := json.Unmarshal([]byte(answer), into); err != nil {
			d.t.Fatalf("%s %s: %v in %s", method, path, err, answer)
		}
	}
	return status, answer
}

func withToken(token string) string { return `{"token": "` + token + `"}` }

// apiReader is what programs read.
type apiReader struct {
	Address     string
	Active      bool
	Token       string
	Preferences map[string]any
}

// The whole way of a reader through a program, with what the pages prove it by.
func TestTheWayOfAReaderByAPI(t *testing.T) {
	t.Parallel()
	d := openDoors(t, "editions = [\"day\"]\n")
	const ada = "ada@example.org"
	d.program("POST", "subscriptions", `{"address": "`+ada+`", "topics": ["project:kuryr"], "shown": "I agree."}`, nil)
	_, confirm, _ := strings.Cut(strings.TrimPrefix(d.path(d.one(), "confirm"), "/"), "/")

	// Asking for it with GET, as scanners do, subscribes nobody.
	for _, method := range []string{"GET", "HEAD", "OPTIONS"} {
		if status, _ := d.program(method, "confirmations", withToken(confirm), nil); status < 400 {
			t.Errorf("%s confirmations: %d", method, status)
		}
	}
	if _, err := d.app.Store.SubscriptionFor(t.Context(), "weekly", ada); err == nil {
		t.Fatal("a GET subscribed somebody")
	}
	var got apiReader
	for range 2 { // again is no error
		status, body := d.program("POST", "confirmations", withToken(confirm), &got)
		want(t, "confirmed", status, 200, body)
	}
	if !got.Active || got.Address != "a…@example.org" || got.Token == "" {
		t.Errorf("confirmed: %+v", got)
	}
	if s := d.stored("weekly", ada); s.State != sigpost.SubscriptionActive || len(s.Topics) != 1 {
		t.Errorf("stored: %+v", s)
	}

	// What is read can be sent back, changed.
	first := []string{"Authorization", "Bearer " + got.Token}
	status, body := d.program("GET", "preferences", "", &got, first...)
	want(t, "preferences", status, 200, body, `"topics":["project:kuryr"],"muted":[]`, `"paused_until":""`)
	if strings.Contains(body, "ada") || got.Preferences["digest"] != "weekly" {
		t.Errorf("it is said of whom: %s", body)
	}
	got.Preferences["digest"], got.Preferences["text_only"], got.Preferences["zone"] = "weekly-daily", true, "Asia/Tokyo"
	got.Preferences["muted"], got.Preferences["paused_until"] = []string{"nature:release"}, "2016-05-09"
	sent, err := json.Marshal(got.Preferences)
	if err != nil {
		t.Fatal(err)
	}
	status, body = d.program("PUT", "preferences", string(sent), &got, first...)
	want(t, "changed", status, 200, body, `"digest":"weekly-daily"`, `"muted":["nature:release"]`, `"paused_until":"2016-05-09"`)
	s := d.stored("weekly-daily", ada)
	if tokyo, _ := time.LoadLocation("Asia/Tokyo"); !s.Text || s.Subscriber.Zone != "Asia/Tokyo" || !s.PausedUntil.Equal(time.Date(2016, 5, 9, 0, 0, 0, 0, tokyo)) || len(s.Topics) != 1 || len(s.Muted) != 1 {
		t.Errorf("stored: %+v", s)
	}
	if d.stored("weekly", ada).State != sigpost.SubscriptionEnded {
		t.Error("she gets both editions")
	}
	consents, err := d.app.Store.Consents(t.Context(), ada)
	if err != nil || !slices.ContainsFunc(consents, func(c sigpost.Consent) bool { return strings.HasPrefix(c.Shown, "a program changed it") }) {
		t.Errorf("consents: %+v, %v", consents, err)
	}

	// The token is used up by that; the page and the program take the same one.
	status, body = d.program("GET", "preferences", "", nil, first...)
	want(t, "used up", status, 401, body, "used already")
	status, body = d.program("PUT", "preferences", string(sent), nil, first...)
	want(t, "used up", status, 401, body, "used already")
	status, body = d.get("/preferences/" + got.Token)
	want(t, "the page", status, 200, body, `value="Asia/Tokyo"`)

	// What is wrong changes nothing, and does not use the token up.
	next := []string{"Authorization", "bearer " + got.Token}
	for body, status := range map[string]int{
		`{"topics": ["project:no"]}`:                                400,
		`{"topics": ["project:kuryr"], "muted": ["project:kuryr"]}`: 422,
		`{"zone": "Mars"}`:                                          422,
		`{"paused_until": "soon"}`:                                  422,
		`{"paused_until": "2019-01-01"}`:                            422,
		`{"digest": "another"}`:                                     404,
		`{"adress": "x@example.org"}`:                               400,
		`{`:                                                         400,
		`{"topics": ["` + strings.Repeat("x", 100<<10) + `"], "zone": ""}`: 413,
	} {
		if got, says := d.program("PUT", "preferences", body, nil, next...); got != status || !strings.Contains(says, `"detail":`) {
			t.Errorf("%.60s: %d, want %d: %.200s", body, got, status, says)
		}
	}
	if now := d.stored("weekly-daily", ada); now.Serial != s.Serial {
		t.Error("what is wrong was stored")
	}

	// Either token lets out; asking again is no error.
	for _, token := range []string{got.Token, d.app.tokens.Unsubscribe(s.ID)} {
		if status, _ := d.program("GET", "unsubscriptions", withToken(token), nil); status != 404 {
			t.Errorf("GET unsubscriptions: %d", status)
		}
	}
	if d.stored("weekly-daily", ada).State != sigpost.SubscriptionActive {
		t.Fatal("a GET unsubscribed her")
	}
	for range 2 {
		status, body = d.program("POST", "unsubscriptions", withToken(d.app.tokens.Unsubscribe(s.ID)), nil)
		want(t, "left", status, 200, body, `"address":"a…@example.org"`, `"digest":"weekly-daily"`, `"active":false`)
	}
	if d.stored("weekly-daily", ada).State != sigpost.SubscriptionEnded {
		t.Error("she did not get out")
	}
	status, body = d.program("POST", "confirmations", withToken(confirm), &apiReader{})
	want(t, "confirmed long ago", status, 200, body, `"active":false`)
	if strings.Contains(body, `"token"`) || d.stored("weekly-daily", ada).State != sigpost.SubscriptionEnded {
		t.Errorf("an old link brought her back: %s", body)
	}
	zoe := d.subscribe(d.app, "zoe@example.org")
	status, body = d.program("POST", "unsubscriptions", withToken(d.app.tokens.Preferences(zoe.ID, zoe.Serial, monday)), nil)
	want(t, "left by the preferences", status, 200, body, `"active":false`)
	if d.stored("weekly", "zoe@example.org").State != sigpost.SubscriptionEnded {
		t.Error("the token of the preferences does not let out")
	}
}

// A token for one thing is worth nothing for another, other sites' pages get
// nowhere, and who has none learns nothing.
func TestAPIRefuses(t *testing.T) {
	t.Parallel()
	d := openDoors(t, "")
	s := d.subscribe(d.app, "ana@example.org")
	preferences, leave := d.app.tokens.Preferences(s.ID, s.Serial, monday), d.app.tokens.Unsubscribe(s.ID)
	for name, c := range map[string]struct {
		method, path, body, token string
		status                    int
	}{
		"no token":                   {"GET", "preferences", "", "", 401},
		"no token to change":         {"PUT", "preferences", "{}", "", 401},
		"that of unsubscribing":      {"GET", "preferences", "", leave, 401},
		"another's":                  {"GET", "preferences", "", preferences[:40] + "AAAA", 401},
		"one that is over":           {"GET", "preferences", "", d.app.tokens.Preferences(s.ID, s.Serial, monday.AddDate(0, 0, -3)), 401},
		"confirming by another":      {"POST", "confirmations", withToken(preferences), "", 404},
		"confirming by nothing":      {"POST", "confirmations", "{}", "", 404},
		"a request that is gone":     {"POST", "confirmations", withToken(d.app.tokens.Confirm(99, monday)), "", 410},
		"unsubscribing by another":   {"POST", "unsubscriptions", withToken(d.app.tokens.Confirm(s.ID, monday)), "", 404},
		"a subscription that is not": {"POST", "unsubscriptions", withToken(d.app.tokens.Unsubscribe(99)), "", 404},
		"a token in the address":     {"GET", "preferences?token=" + url.QueryEscape(preferences), "", "", 401},
		"posting":                    {"POST", "preferences", "{}", preferences, 405},
	} {
		var header []string
		if c.token != "" {
			header = []string{"Authorization", "Bearer " + c.token}
		}
		status, body := d.program(c.method, c.path, c.body, nil, header...)
		if status != c.status || strings.Contains(body, "ana") || strings.Contains(body, "example.org") {
			t.Errorf("%s: %d, want %d: %s", name, status, c.status, body)
		}
	}
	bearer := []string{"Authorization", "Bearer " + preferences}
	for _, other := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.example"}} {
		for path, method := range map[string]string{"confirmations": "POST", "unsubscriptions": "POST", "preferences": "PUT"} {
			if status, _ := d.program(method, path, withToken(leave), nil, slices.Concat(bearer, other)...); status != 403 {
				t.Errorf("%s of another site: %d", path, status)
			}
		}
		// A browser asks before it sends a token of another site's page.
		if status, _ := d.program("OPTIONS", "preferences", "", nil, slices.Concat(other, []string{"Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "authorization"})...); status < 400 {
			t.Errorf("a preflight is answered with %d", status)
		}
	}
	if status, _ := d.program("POST", "unsubscriptions", "token="+leave, nil, "Content-Type", "application/x-www-form-urlencoded"); status != 415 {
		t.Errorf("a form: %d", status)
	}
	if now := d.stored("weekly", "ana@example.org"); now.State != sigpost.SubscriptionActive || now.Serial != s.Serial {
		t.Errorf("something changed her: %+v", now)
	}
}
