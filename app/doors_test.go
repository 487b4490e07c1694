package app

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"sigpost"
	"sigpost/internal/apitest"
	"sigpost/internal/mailtest"
	"sigpost/subscribe"
	"sigpost/templates"
	"sigpost/web"
)

// doors is a world whose pages are served, with commands by mail.
type doors struct {
	*world
	app  *App
	site *httptest.Server
	// lastURL is the path that the last answer came from.
	lastURL    string
	answerTime time.Duration
}

func openDoors(t *testing.T, digestKeys string) *doors {
	t.Helper()
	return doorsOf(newWorld(t), digestKeys)
}

func doorsOf(w *world, digestKeys string) *doors {
	t := w.t
	t.Helper()
	w.digestKeys = "service_address = \"weekly-request@digest.example.org\"\n" + digestKeys
	d := &doors{world: w}
	d.site = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { d.serve(w, r) }))
	t.Cleanup(d.site.Close)
	w.web = d.site.URL
	d.app = w.open()
	return d
}

func (d *doors) serve(w http.ResponseWriter, r *http.Request) {
	o, err := d.app.webOptions()
	o.AnswerTime = d.answerTime
	var handler http.Handler
	if err == nil {
		handler, err = web.New(o)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	handler.ServeHTTP(w, r)
}

// notices sends what is queued, and gives the letters that arrived since the last
// call.
func (d *doors) notices() []letter {
	d.t.Helper()
	before := d.letters()
	if _, err := d.app.sendNotices(context.Background()); err != nil {
		d.t.Fatal(err)
	}
	return slices.DeleteFunc(d.letters(), func(l letter) bool { return slices.Contains(before, l) })
}

func (d *doors) one() letter {
	d.t.Helper()
	all := d.notices()
	if len(all) != 1 {
		d.t.Fatalf("%d letters, want one: %v", len(all), all)
	}
	return all[0]
}

// path finds a link to one of the pages in a letter.
func (d *doors) path(l letter, page string) string {
	d.t.Helper()
	text := strings.ReplaceAll(strings.ReplaceAll(l.Data, "=\n", ""), "=3D", "=")
	link := regexp.MustCompile(regexp.QuoteMeta(d.site.URL) + "(/" + page + "/[A-Za-z0-9_-]{44})").FindStringSubmatch(text)
	if link == nil {
		d.t.Fatalf("no link to %s in %s", page, text)
	}
	return link[1]
}

func (d *doors) get(path string) (int, string) {
	d.t.Helper()
	resp, err := http.Get(d.site.URL + path)
	return d.answer(resp, err)
}

func (d *doors) post(path string, form url.Values) (int, string) {
	d.t.Helper()
	resp, err := http.PostForm(d.site.URL+path, form)
	return d.answer(resp, err)
}

func (d *doors) answer(resp *http.Response, err error) (int, string) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	d.lastURL = resp.Request.URL.Path
	return resp.StatusCode, string(body)
}

func (d *doors) stored(digest, addr string) sigpost.Subscription {
	d.t.Helper()
	s, err := d.app.Store.SubscriptionFor(context.Background(), digest, addr)
	if err != nil {
		d.t.Fatal(err)
	}
	return s
}

func want(t *testing.T, what string, status, wantStatus int, body string, has ...string) {
	t.Helper()
	if status != wantStatus {
		t.Errorf("%s: status %d, want %d", what, status, wantStatus)
	}
	for _, h := range has {
		if !strings.Contains(body, h) {
			t.Errorf("%s: %q is not on the page:\n%s", what, h, body)
		}
	}
}

// The whole way of a reader: asks, confirms, changes, pauses, goes.
func TestTheWayOfAReader(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*testing.T) *world{"in this process": newWorld, "on Dovecot, PostgreSQL and smtp-sink": newRealWorld} {
		t.Run(name, func(t *testing.T) { theWayOfAReader(t, doorsOf(open(t), "editions = [\"day\"]\n")) })
	}
}

func theWayOfAReader(t *testing.T, d *doors) {
	d.run(d.app)
	ctx := context.Background()

	status, body := d.get("/subscribe")
	want(t, "form", status, 200, body, "about", "threads a week", "Each day", "Kuryr", "Kinds of conversation", subscribe.Terms("SIG-OpenStack Weekly"), "/issues/weekly/1")
	form := url.Values{"address": {"Grace <grace@bücher.example>"}, "topic": {"project:kuryr", "project:magnum"}, "mute": {"nature:release"}, "frequency": {"weekly"}, "format": {"html"}, "zone": {"Asia/Tokyo"}, "do": {"preview"}}
	status, body = d.post("/subscribe", form)
	want(t, "preview", status, 200, body, "What you have chosen has", "/issues/weekly/1?mute=nature%3Arelease&amp;topic=project%3Akuryr&amp;topic=project%3Amagnum", `value="project:kuryr" checked`, "grace@bücher.example")
	_, sample := d.get("/issues/weekly/1?topic=project:kuryr")
	if _, whole := d.get("/issues/weekly/1"); len(sample) >= len(whole) || !strings.Contains(sample, "Kuryr") {
		t.Errorf("the sample has %d bytes, the issue %d", len(sample), len(whole))
	}
	form.Set("do", "subscribe")
	status, body = d.post("/subscribe", form)
	want(t, "asked", status, 200, body, "Look into your mailbox")
	if len(d.letters()) != 0 {
		t.Error("letters are sent before their time")
	}
	l := d.one()
	h := d.header(l)
	if l.To != "grace@xn--bcher-kva.example" || !strings.Contains(l.Data, "Auto-Submitted: auto-generated") || h.Get("Reply-To") != "<weekly-request@digest.example.org>" || !strings.HasPrefix(h.Get("Subject"), "Please confirm: SIG-OpenStack Weekly [") {
		t.Errorf("asked to confirm: %+v", l)
	}
	confirm := d.path(l, "confirm")
	for range 3 { // as scanners do
		status, body = d.get(confirm)
		want(t, "asking", status, 200, body, "g…@bücher.example", "Kuryr, Magnum, but nothing of Release", "<button>Confirm")
	}
	if _, err := d.app.Store.SubscriptionFor(ctx, "weekly", l.To); err == nil {
		t.Fatal("looking subscribed somebody")
	}
	var preferences string
	for range 2 {
		status, body = d.post(confirm, nil)
		want(t, "confirmed", status, 200, body, "from the next issue on", "/preferences/")
		preferences = regexp.MustCompile(`/preferences/[A-Za-z0-9_-]+`).FindString(body)
	}
	s := d.stored("weekly", l.To)
	if s.State != sigpost.SubscriptionActive || s.Subscriber.Name != "Grace" || s.Subscriber.Zone != "Asia/Tokyo" || len(s.Topics) != 2 {
		t.Errorf("stored: %+v", s)
	}
	consents, err := d.app.Store.Consents(ctx, l.To)
	if err != nil || len(consents) != 1 || consents[0].Shown != subscribe.Terms("SIG-OpenStack Weekly") || consents[0].Network != "127.0.0.0/24" || consents[0].Way != sigpost.ByForm {
		t.Errorf("consent: %+v, %v", consents, err)
	}

	status, body = d.get(preferences)
	want(t, "preferences", status, 200, body, "g…@bücher.example", `value="project:magnum" checked`, `value="Asia/Tokyo"`)
	change := url.Values{"frequency": {"weekly-daily"}, "topic": {"project:kuryr"}, "format": {"text"}, "zone": {"America/Los_Angeles"}, "paused": {"2016-05-09"}, "do": {"save"}}
	status, body = d.post(preferences, change)
	want(t, "changed", status, 200, body, "Your changes are saved", "paused until 9 May 2016", "Kuryr, daily, as plain text")
	next := d.lastURL
	if s = d.stored("weekly-daily", l.To); s.State != sigpost.SubscriptionActive || !s.Text || s.Subscriber.Zone != "" || !s.PausedUntil.Equal(time.Date(2016, 5, 9, 7, 0, 0, 0, time.UTC)) || s.Subscriber.Name != "Grace" {
		t.Errorf("changed: %+v", s)
	}
	if old := d.stored("weekly", l.To); old.State != sigpost.SubscriptionEnded {
		t.Error("the weekly edition goes on")
	}
	if len(d.notices()) != 0 {
		t.Error("a change sends mail")
	}

	// The link of before is used up; a new one goes to the address, three times a
	// day.
	status, body = d.get(preferences)
	want(t, "used up", status, 410, body, "Send me a new link")
	if strings.Contains(body, "bücher") {
		t.Error("it says whose it was")
	}
	for i, n := range []int{1, 1, 1, 0} {
		status, body = d.post(preferences, url.Values{"do": {"link"}})
		want(t, "renewed", status, 200, body, "is still subscribed")
		got := d.notices()
		if len(got) != n {
			t.Errorf("time %d: %d letters", i+1, len(got))
		}
		if n > 0 {
			next = d.path(got[0], "preferences")
		}
	}
	d.setNow(monday.Add(24 * time.Hour))
	status, body = d.post(next, url.Values{"do": {"stored"}})
	want(t, "what is stored", status, 200, body, "is on its way to you")
	if data := d.one().Data; !strings.Contains(data, `"shown": "Send me SIG-OpenStack Weekly`) || !strings.Contains(data, `"network": "127.0.0.0/24"`) {
		t.Errorf("stored: %s", data)
	}
	status, body = d.post(next, url.Values{"do": {"unsubscribe"}})
	want(t, "left", status, 200, body, "You are unsubscribed")
	if s = d.stored("weekly-daily", l.To); s.State != sigpost.SubscriptionEnded {
		t.Error("it goes on")
	}
	status, body = d.get(next)
	want(t, "afterwards", status, 200, body, "does not get", "subscribe once more")
	status, body = d.post(confirm, nil)
	want(t, "confirmed after leaving", status, 200, body, "has been unsubscribed since")
	if s = d.stored("weekly-daily", l.To); s.State != sigpost.SubscriptionEnded {
		t.Error("an old link brought them back")
	}
	status, body = d.post(next, url.Values{"do": {"link"}})
	want(t, "a link for nobody", status, 200, body, "is still subscribed")
	if len(d.notices()) != 0 {
		t.Error("who left gets mail")
	}
}

// A letter of the edition of before lets out of the one of now.
func TestOldLettersLetOut(t *testing.T) {
	t.Parallel()
	d := openDoors(t, "editions = [\"day\"]\n")
	s := d.subscribe(d.app, "ana@example.org")
	moved, err := d.app.desk().Apply(t.Context(), s, sigpost.Subscription{Digest: "weekly-daily"}, sigpost.ByLink, "")
	if err != nil {
		t.Fatal(err)
	}
	status, body := d.get("/unsubscribe/" + d.app.tokens.Unsubscribe(s.ID))
	want(t, "asking", status, 200, body, "a…@example.org", "(daily)", "<button")
	d.post("/unsubscribe/"+d.app.tokens.Unsubscribe(s.ID), url.Values{"List-Unsubscribe": {"One-Click"}})
	if now := d.stored("weekly-daily", "ana@example.org"); now.ID != moved.ID || now.State != sigpost.SubscriptionEnded {
		t.Errorf("%+v", now)
	}
}

// Whoever asks learns nothing of an address, and nobody is flooded.
func TestAskingRevealsNothing(t *testing.T) {
	t.Parallel()
	d := openDoors(t, "")
	d.subscribe(d.app, "ana@example.org")
	if _, err := d.app.Erase(t.Context(), "gone@example.org", ""); err != nil {
		t.Fatal(err)
	}
	ask := func(addr string) (int, string) {
		t.Helper()
		return d.post("/subscribe", url.Values{"address": {addr}, "do": {"subscribe"}})
	}
	status, first := ask("new@example.org")
	want(t, "unknown", status, 200, first, "Look into your mailbox")
	for _, addr := range []string{"ana@example.org", "ANA@example.org", "new@example.org", "gone@example.org", "ana@example.org", "new@example.org", "new@example.org", "new@example.org"} {
		status, body := ask(addr)
		if status != 200 || body != first {
			t.Errorf("%s is answered %d:\n%s", addr, status, body)
		}
	}
	got := map[string]int{}
	for _, l := range d.notices() {
		subject, _, _ := strings.Cut(d.header(l).Get("Subject"), " [")
		got[l.To+": "+subject]++
	}
	equalMaps(t, got, map[string]int{"new@example.org: Please confirm: SIG-OpenStack Weekly": 3, "ana@example.org: You get SIG-OpenStack Weekly already": 1, "gone@example.org: Please confirm: SIG-OpenStack Weekly": 1})

	// One network, and then all of a domain.
	status = 200
	for i := 0; status == 200 && i < 100; i++ {
		status, _ = ask(fmt.Sprintf("r%d@d%d.example", i, i))
		if status == 429 && i != 30-9 {
			t.Errorf("after %d more requests there are too many", i)
		}
	}
	if status != 429 {
		t.Error("one network may ask for ever")
	}
	again := d.world.open() // another process knows too
	d.app = again
	if status, body := ask("zoe@example.net"); status != 429 || !strings.Contains(body, "too many requests") {
		t.Errorf("after a restart: %d %s", status, body)
	}
	d.setNow(monday.Add(time.Hour))
	if status, _ := ask("zoe@example.net"); status != 200 {
		t.Errorf("an hour later: %d", status)
	}
}

func equalMaps(t *testing.T, got, want map[string]int) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// The time that an answer takes says nothing either: it is drawn out, whatever is
// known of the address, by who subscribes and by who signs in (that it is so to the
// moment is a test of web's).
func TestAskingTakesAsLong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.more = twoPeople
	d := doorsOf(w, "")
	d.answerTime = 100 * time.Millisecond
	d.subscribe(d.app, "in@example.org")
	for _, c := range []struct{ path, known, unknown string }{{"/subscribe", "in@example.org", "out@example.org"}, {"/sign-in", "jo@example.org", "eve@example.org"}} {
		for _, addr := range []string{c.known, c.unknown, c.known, c.unknown} { // the second time is another matter for the desk
			begin := time.Now()
			if status, body := d.post(c.path, url.Values{"address": {addr}}); status != 200 {
				t.Fatalf("%s: %s: %d %s", c.path, addr, status, body)
			}
			if took := time.Since(begin); took < d.answerTime {
				t.Errorf("%s: the answer to %s takes %v, want %v", c.path, addr, took, d.answerTime)
			}
		}
	}
}

func TestFormsSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	d := openDoors(t, "")
	for name, c := range map[string]struct {
		form   url.Values
		status int
		says   string
	}{
		"no @":            {url.Values{"address": {"foo"}}, 422, "has no @ in it: an address looks like ada@example.org"},
		"nothing":         {url.Values{}, 422, "There is no address"},
		"the digest's":    {url.Values{"address": {"weekly@digest.example.org"}}, 422, "round in circles"},
		"a machine":       {url.Values{"address": {"no-reply@example.org"}}, 422, "Nobody reads no-reply@example.org"},
		"a slip":          {url.Values{"address": {"ada@gmial.com"}}, 422, "Did you mean ada@gmail.com?"},
		"a slip, sure":    {url.Values{"address": {"ada@gmial.com"}, "sure": {"ada@gmial.com"}}, 200, "Look into your mailbox"},
		"sure of another": {url.Values{"address": {"ada@gmial.com"}, "sure": {"ada@gmial.org"}}, 422, "Did you mean ada@gmail.com?"},
		"a role":          {url.Values{"address": {"info@example.org"}}, 422, "several people"},
		"a zone":          {url.Values{"address": {"ada@example.org"}, "zone": {"Mars"}}, 422, "is not the name of a time zone"},
		"a local zone":    {url.Values{"address": {"ada@example.org"}, "zone": {"Local"}}, 422, "is not the name of a time zone"},
		"both":            {url.Values{"address": {"ada@example.org"}, "topic": {"project:kuryr"}, "mute": {"project:kuryr"}}, 422, "Kuryr cannot be both"},
		"no topic":        {url.Values{"address": {"ada@example.org"}, "topic": {"project:no"}}, 404, "no such page"},
		"no frequency":    {url.Values{"address": {"ada@example.org"}, "frequency": {"hourly"}}, 404, "no such page"},
		"a script":        {url.Values{"address": {"<script>alert(1)</script>@x.y"}}, 422, "&lt;script&gt;"},
	} {
		t.Run(name, func(t *testing.T) {
			d := &doors{world: &world{t: t}, app: d.app, site: d.site}
			status, body := d.post("/subscribe", c.form)
			want(t, name, status, c.status, body, c.says)
			if strings.Contains(body, "<script") {
				t.Errorf("a script is on the page:\n%s", body)
			}
		})
	}
	if got := d.notices(); len(got) != 1 || got[0].To != "ada@gmial.com" {
		t.Errorf("letters: %v", got)
	}
}

// Another site's page cannot make a browser subscribe or change anybody, and mail
// providers can still unsubscribe.
func TestCrossSiteRequests(t *testing.T) {
	t.Parallel()
	d := openDoors(t, "")
	s := d.subscribe(d.app, "ana@example.org")
	preferences := "/preferences/" + d.app.tokens.Preferences(s.ID, s.Serial, monday)
	unsubscribe := "/unsubscribe/" + d.app.tokens.Unsubscribe(s.ID)
	post := func(path, form string, header ...string) int {
		r, err := http.NewRequest("POST", d.site.URL+path, strings.NewReader(form))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	for _, path := range []string{preferences, "/subscribe", "/api/v1/subscriptions"} {
		for _, header := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.example"}} {
			if status := post(path, "do=unsubscribe&address=a@example.org", header...); status != 403 {
				t.Errorf("%s %v: status %d", path, header, status)
			}
		}
	}
	if s := d.stored("weekly", "ana@example.org"); s.State != sigpost.SubscriptionActive {
		t.Fatal("another site unsubscribed her")
	}
	if status := post(unsubscribe, "List-Unsubscribe=One-Click", "Origin", "https://mail.example", "Sec-Fetch-Site", "cross-site"); status != 200 {
		t.Errorf("one click: status %d", status)
	}
	if s := d.stored("weekly", "ana@example.org"); s.State != sigpost.SubscriptionEnded {
		t.Error("the one click does nothing")
	}
}

func TestAPI(t *testing.T) {
	t.Parallel()
	d := openDoors(t, "editions = [\"day\"]\n")
	d.subscribe(d.app, "ana@example.org")
	post := func(media, body string) (int, string) {
		resp, err := http.Post(d.site.URL+"/api/v1/subscriptions", media, strings.NewReader(body))
		status, answer := d.answer(resp, err)
		if err := apitest.Read(t, "../web/openapi.json").Check("POST", "/api/v1/subscriptions", status, resp.Header, []byte(answer)); err != nil {
			t.Error(err)
		}
		return status, answer
	}
	for name, c := range map[string]struct {
		media, body string
		status      int
		says        string
	}{
		"new":         {"application/json", `{"address": "zoe@example.org", "digest": "weekly-daily", "topics": ["project:kuryr"], "zone": "Asia/Tokyo", "text_only": true, "shown": "I agree."}`, 202, "a mail is on its way"},
		"subscribed":  {"application/json; charset=utf-8", `{"address": "ana@example.org", "shown": "I agree."}`, 202, "a mail is on its way"},
		"a form":      {"application/x-www-form-urlencoded", `{"address": "x@example.org"}`, 415, "send JSON"},
		"several":     {"application/json", `{"address": "Info@gmial.com", "shown": "I agree."}`, 202, `"warnings":["Info@gmial.com may be read by several people, and one of them cannot agree for the others.","Did you mean Info@gmail.com?"]`},
		"no JSON":     {"application/json", `{`, 400, "cannot be read"},
		"another key": {"application/json", `{"adress": "x@example.org"}`, 400, "adress"},
		"no address":  {"application/json", `{"address": "x", "shown": "I agree."}`, 422, "has no @"},
		"no consent":  {"application/json", `{"address": "x@example.org"}`, 422, "shown is missing"},
		"no digest":   {"application/json", `{"address": "x@example.org", "digest": "x", "shown": "I agree."}`, 404, "no digest of that name"},
		"no topic":    {"application/json", `{"address": "x@example.org", "topics": ["project:no"], "shown": "I agree."}`, 400, "no topic"},
	} {
		status, body := post(c.media, c.body)
		want(t, name, status, c.status, body, c.says)
	}
	for _, l := range d.notices() {
		if l.To != "zoe@example.org" {
			continue
		}
		d.post(d.path(l, "confirm"), nil)
	}
	s := d.stored("weekly-daily", "zoe@example.org")
	consents, err := d.app.Store.Consents(t.Context(), "zoe@example.org")
	if !s.Text || err != nil || consents[0].Shown != "I agree." || consents[0].Way != sigpost.ByAPI {
		t.Errorf("%+v, %+v, %v", s, consents, err)
	}
}

// Keys are rotated: letters of before work on, and Message-IDs of an issue that is
// being sent stay.
func TestRotation(t *testing.T) {
	t.Parallel()
	d := openDoors(t, "")
	s := d.subscribe(d.app, "ana@example.org")
	d.run(d.app)
	last, err := d.app.Store.LastIssue(t.Context(), "weekly")
	if err != nil {
		t.Fatal(err)
	}
	before, err := d.app.Store.Deliveries(t.Context(), last.ID, "")
	if err != nil || len(before) != 1 {
		t.Fatal(before, err)
	}
	if _, err := d.app.Erase(t.Context(), "gone@example.org", ""); err != nil {
		t.Fatal(err)
	}
	unsubscribe, preferences := d.app.tokens.Unsubscribe(s.ID), d.app.tokens.Preferences(s.ID, s.Serial, monday)
	d.world.write("secret-of-before", strings.Repeat("s", 40))
	cfg := d.config()
	d.world.write("secret", strings.Repeat("n", 40))
	forgetful, err := Open(t.Context(), cfg, Options{Now: d.clock})
	if err != nil {
		t.Fatal(err)
	}
	defer forgetful.Close()
	suppressed := func(a *App) Finding {
		x := &examination{Doctor: &Doctor{}, ctx: t.Context()}
		x.lookAtSuppressions(a)
		return x.found[0]
	}
	if f := suppressed(forgetful); f.Level != LevelError || !strings.Contains(f.What, "1 of 1 addresses") {
		t.Errorf("without the old secret: %+v", f)
	}
	cfg.Archive.OldSecretFiles = []string{"secret-of-before"}
	rotated, err := Open(t.Context(), cfg, Options{Now: d.clock})
	if err != nil {
		t.Fatal(err)
	}
	defer rotated.Close()
	if f := suppressed(rotated); f.Level != LevelOK {
		t.Errorf("with the old secret: %+v", f)
	}
	if why, err := rotated.suppressed(t.Context(), "GONE@example.org"); err != nil || why != "erased" {
		t.Errorf("suppressed: %q, %v", why, err)
	}
	d.app = rotated
	status, body := d.get("/preferences/" + preferences)
	want(t, "preferences", status, 200, body, "a…@example.org")
	status, body = d.get("/unsubscribe/" + unsubscribe)
	want(t, "unsubscribe", status, 200, body, "a…@example.org")
	if now := rotated.tokens.Unsubscribe(s.ID); now == unsubscribe {
		t.Error("new letters have links of the old secret")
	}
	after, err := rotated.Store.Deliveries(t.Context(), last.ID, "")
	if err != nil || after[0].MessageID != before[0].MessageID {
		t.Errorf("the Message-ID is %s, was %s: %v", after[0].MessageID, before[0].MessageID, err)
	}
}

// Links that letters have one for each reader differ in nothing but their token.
func TestPreferencesURL(t *testing.T) {
	t.Parallel()
	d := openDoors(t, "")
	lengths := map[int]bool{}
	for id := range int64(20) {
		lengths[len(d.app.preferencesURL(d.app.preferencesToken(sigpost.Subscription{ID: id*1000003 + 1, Serial: id * 7})))] = true
	}
	if len(lengths) != 1 {
		t.Errorf("lengths are %v", lengths)
	}
	d.app.Config.Web.URL = ""
	if url := d.app.preferencesURL(d.app.preferencesToken(sigpost.Subscription{ID: 1})); url != "" {
		t.Errorf("without pages it is %s", url)
	}
}

// Where pages are served, letters about subscriptions go out at once.
func TestServeSendsAtOnce(t *testing.T) {
	t.Parallel()
	d := openDoors(t, "")
	listener, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- d.app.Serve(ctx, listener) }()
	resp, err := http.PostForm("http://"+listener.Addr().String()+"/subscribe", url.Values{"address": {"ada@example.org"}})
	d.answer(resp, err)
	for deadline := time.Now().Add(20 * time.Second); len(d.letters()) == 0 && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	if got := d.letters(); len(got) != 1 || got[0].To != "ada@example.org" {
		t.Errorf("letters: %v", got)
	}
	stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// What a run sends, a dry run tells.
func TestRunSendsNotices(t *testing.T) {
	t.Parallel()
	d := openDoors(t, "")
	d.post("/subscribe", url.Values{"address": {"ada@example.org"}})
	dry, err := d.app.Run(t.Context(), true)
	if err != nil || len(dry.Notices.Letters) != 1 || dry.Notices.Letters[0].To != "ada@example.org" || len(d.letters()) != 0 {
		t.Errorf("dry: %+v, %v", dry.Notices, err)
	}
	if r := d.run(d.app); r.Notices.Outcome.Sent != 1 || len(d.letters()) != 1 {
		t.Errorf("run: %+v", r.Notices)
	}
	if r := d.run(d.app); r.Notices.Outcome.Done() != 0 {
		t.Errorf("again: %+v", r.Notices)
	}
}

// Who is added to another edition by an operator does not get both.
func TestAddingToAnotherEdition(t *testing.T) {
	t.Parallel()
	d := openDoors(t, "editions = [\"day\"]\n")
	s := d.subscribe(d.app, "ana@example.org", "kuryr")
	daily, err := d.app.Config.Digest("weekly-daily")
	if err != nil {
		t.Fatal(err)
	}
	moved, err := d.app.Subscribe(t.Context(), daily, NewReader{Address: "ana@example.org"})
	if err != nil || len(moved.Topics) != 1 || d.stored("weekly", "ana@example.org").State != sigpost.SubscriptionEnded {
		t.Errorf("%+v, %v", moved, err)
	}
	if next, err := d.app.Store.Successor(t.Context(), s.ID); err != nil || next.ID != moved.ID {
		t.Errorf("the old letters lead to %+v, %v", next, err)
	}
}

// Two processes send the same outbox, and everybody gets one letter.
func TestTwoSendersOfNotices(t *testing.T) {
	t.Parallel()
	d := openDoors(t, "")
	const n = 60
	for i := range n {
		r := sigpost.Request{ID: int64(i), Wish: sigpost.Subscription{Digest: "weekly", Subscriber: sigpost.Subscriber{Addr: fmt.Sprintf("r%d@example.org", i)}}, Expires: monday}
		notice, err := notices{d.app}.Confirm(r, d.app.tokens.Confirm(r.ID, r.Expires))
		notice.Due = monday
		if err == nil {
			err = d.app.Store.QueueNotice(t.Context(), notice)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	errs := make(chan error, 3)
	for _, a := range []*App{d.app, d.open(), d.open()} {
		go func() {
			_, err := a.sendNotices(t.Context())
			errs <- err
		}()
	}
	for range 3 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	got := map[string]int{}
	for _, l := range d.letters() {
		got[l.To]++
	}
	if len(got) != n || len(d.letters()) != n {
		t.Errorf("%d letters to %d readers, want %d", len(d.letters()), len(got), n)
	}
}

// Letters go to addresses of all scripts (RFC 6531).
func TestInternationalReader(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var err error
	if w.smtp, err = mailtest.StartSMTP(mailtest.SMTPOptions{UTF8: true}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.smtp.Close() })
	d := doorsOf(w, "")
	d.post("/subscribe", url.Values{"address": {"zoe\u0308@B\u00fccher.example"}})
	l := d.one()
	if l.To != "zo\u00eb@xn--bcher-kva.example" {
		t.Errorf("to %s", l.To)
	}
	status, body := d.post(d.path(l, "confirm"), nil)
	want(t, "confirmed", status, 200, body, "z\u2026@b\u00fccher.example")
	if s := d.stored("weekly", "ZO\u00cb@xn--bcher-kva.example"); s.State != sigpost.SubscriptionActive {
		t.Errorf("stored: %+v", s)
	}
}

// Pages that are one reader's stay in no cache.
func TestPersonalPagesAreNotKept(t *testing.T) {
	t.Parallel()
	d := openDoors(t, "")
	s := d.subscribe(d.app, "ana@example.org")
	for _, path := range []string{"/unsubscribe/" + d.app.tokens.Unsubscribe(s.ID), "/preferences/" + d.app.tokens.Preferences(s.ID, 0, monday), "/confirm/x"} {
		resp, err := http.Get(d.site.URL + path)
		d.answer(resp, err)
		if h := resp.Header; h.Get("Cache-Control") != "no-store" || h.Get("X-Robots-Tag") != "noindex" || h.Get("Referrer-Policy") != "no-referrer" || len(resp.Cookies()) != 0 {
			t.Errorf("%s: %v", path, h)
		}
	}
}

// A wrong field of a theme is noticed wherever it is, and said with file and line.
func TestNoticeTemplates(t *testing.T) {
	t.Parallel()
	const name = "notice/mail.html.tmpl"
	source, err := templates.Files.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for at, rest := 0, string(source); strings.Contains(rest, "{{end}}"); {
		i := strings.Index(rest, "{{end}}")
		before := string(source[:at+i])
		if err := tryNotice(fstest.MapFS{name: {Data: []byte(before + "{{.NoSuchField}}" + string(source[at+i:]))}}); err == nil {
			t.Errorf("a wrong field goes unnoticed behind %q", before[max(0, len(before)-60):])
		}
		at, rest = at+i+len("{{end}}"), rest[i+len("{{end}}"):]
	}
	err = tryNotice(fstest.MapFS{name: {Data: []byte("x\n{{.Titel}}")}})
	if err == nil || !strings.Contains(err.Error(), "notice/mail.html.tmpl:2: there is no field Titel here") {
		t.Errorf("got %v", err)
	}
	if html, err := noticeHTML(nil, noticePage{"<S>", "<H>", []paragraph{{Text: "<T>", URL: "javascript:alert(1)"}}}); err != nil || strings.Contains(html, "<T>") || strings.Contains(html, "href=\"javascript") {
		t.Errorf("%v: %s", err, html)
	}
}
