package peertest

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Browser is a headless Chromium with one tab.
type Browser struct {
	t   testing.TB
	ctx context.Context
	axe string
}

// View is how a page is looked at.
type View struct {
	Width, Height int64   // of the window, in pixels; 640 and 1000 where they are 0
	Zoom          float64 // 1 where it is 0; 2 halves the room that the page has
	Dark          bool
}

// Violation is what axe-core found on a page.
type Violation struct {
	Rule   string   `json:"rule"`
	Impact string   `json:"impact"`
	Help   string   `json:"help"`
	Where  []string `json:"where"` // elements, and what is wrong with them
}

// pageLimit is how long one step in the browser may take.
const pageLimit = 60 * time.Second

// Chromium starts a browser that is stopped when the test ends. It reaches this
// machine alone.
func Chromium(t testing.TB) *Browser {
	t.Helper()
	program := Need(t, "Chromium", "chromium")[0]
	script, err := os.ReadFile(AxeCore(t))
	if err != nil {
		t.Fatal(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		// No name is looked up but this machine's: a page that fetches is seen as such.
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"))
	allocated, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, closeTab := chromedp.NewContext(allocated)
	t.Cleanup(closeTab)
	b := &Browser{t: t, ctx: ctx, axe: string(script)}
	if err := chromedp.Do(ctx); err != nil { // starts it; a limit would end it
		t.Fatalf("start Chromium: %v", err)
	}
	return b
}

// Visit opens a page.
func (b *Browser) Visit(url string, v View) {
	b.t.Helper()
	b.See(v)
	b.do("open "+url, chromedp.Navigate(url))
}

// See looks at the page that is open in another way.
func (b *Browser) See(v View) {
	b.t.Helper()
	if v.Width == 0 {
		v.Width = 640
	}
	if v.Height == 0 {
		v.Height = 1000
	}
	if v.Zoom == 0 {
		v.Zoom = 1
	}
	scheme := "light"
	if v.Dark {
		scheme = "dark"
	}
	b.do("look",
		chromedp.EmulateViewport(int64(float64(v.Width)/v.Zoom), int64(float64(v.Height)/v.Zoom), chromedp.EmulateScale(v.Zoom)),
		chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
			return err
		}))
}

// Scripts lets the scripts of pages run or not. What a test evaluates runs all the
// same.
func (b *Browser) Scripts(run bool) {
	b.t.Helper()
	b.do("switch scripts", chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !run})
		return err
	}))
}

// Press clicks the first element that a selector names, with the mouse.
func (b *Browser) Press(selector string) {
	b.t.Helper()
	b.do("press "+selector, chromedp.Click(chromedp.CSS(selector)))
}

// Follow clicks the first element that a selector names, and waits until the page to
// which that leads has loaded.
func (b *Browser) Follow(selector string) {
	b.t.Helper()
	Evaluate[bool](b, `window.left = true`)
	b.Press(selector)
	ctx, cancel := context.WithTimeout(b.ctx, pageLimit)
	defer cancel()
	for {
		// An error is a page that went away while it was asked.
		if there, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`!window.left && document.readyState === "complete"`)); err == nil && there {
			return
		}
		select {
		case <-ctx.Done():
			b.t.Fatalf("press %s in Chromium: it leads nowhere", selector)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Type puts a text in the place of that of a field, key by key.
func (b *Browser) Type(selector, text string) {
	b.t.Helper()
	b.do("type into "+selector, chromedp.Clear(chromedp.CSS(selector)), chromedp.SendKeys(chromedp.CSS(selector), text))
}

// Keys presses keys, one after the other, wherever the focus is: characters, "\r" is Enter.
func (b *Browser) Keys(keys string) {
	b.t.Helper()
	b.do("press the keys "+strconv.Quote(keys), chromedp.KeyEvent(keys))
}

func (b *Browser) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, pageLimit)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("%s in Chromium: %v", what, err)
	}
}

// In the dark other colours are chosen, and a narrow window has less room: of
// axe-core's rules these can find there what they do not find elsewhere.
var (
	colourRules = []string{"color-contrast", "link-in-text-block"}
	roomRules   = []string{"target-size", "scrollable-region-focusable", "meta-viewport", "css-orientation-lock"}
)

// Axe gives what axe-core finds wrong with the page: by some rules or, where none is
// named, by all that hold for pages, those of WCAG 2.2 with them.
func (b *Browser) Axe(rules ...string) []Violation {
	b.t.Helper()
	type result struct {
		Passes     int         `json:"passes"`
		Violations []Violation `json:"violations"`
	}
	options, enough := `rules: {"target-size": {enabled: true}}`, 5
	if len(rules) > 0 {
		named, err := json.Marshal(rules)
		if err != nil {
			b.t.Fatal(err)
		}
		options, enough = fmt.Sprintf(`runOnly: {type: "rule", values: %s}`, named), 1
	}
	if !Evaluate[bool](b, "!!window.axe") { // it is half a megabyte
		Evaluate[bool](b, b.axe+"; true")
	}
	found := Evaluate[result](b, `axe.run(document, {resultTypes: ["violations"], `+options+`}).then(r => ({
  passes: r.passes.length,
  violations: r.violations.map(v => ({rule: v.id, impact: v.impact || "", help: v.help,
    where: v.nodes.map(n => n.target.join(" ") + ": " + n.failureSummary)})),
}))`)
	if found.Passes < enough {
		b.t.Fatalf("axe-core looked at nothing: %d rules passed", found.Passes)
	}
	return found.Violations
}

// Faults looks at the page that is open and at what is folded in it: by all rules of
// axe-core in the light, by those of colours and of room in the dark and 320 pixels
// wide, which is also what is left of 640 at 200 % (WCAG 2.2, 1.4.4 and 1.4.10), and
// whether it must be scrolled sideways there. The page is as before after that, and
// narrow.
func (b *Browser) Faults() (all []string) {
	b.t.Helper()
	Evaluate[int](b, `(window.unfolded = [...document.querySelectorAll("details:not([open])")].map(d => (d.open = true, d))).length`)
	b.See(View{})
	for _, v := range b.Axe() {
		all = append(all, "in the light: "+v.String())
	}
	b.See(View{Width: 320, Dark: true})
	for _, v := range b.Axe(append(colourRules[:len(colourRules):len(colourRules)], roomRules...)...) {
		all = append(all, "narrow and dark: "+v.String())
	}
	if wide := b.Sideways(); wide != "" {
		all = append(all, "it is wider than a window of 320 pixels by "+wide)
	}
	Evaluate[int](b, `(window.unfolded || []).map(d => d.open = false).length`)
	return all
}

// Evaluate runs a script in the page and gives what it, or its promise, comes
// to.
func Evaluate[T any](b *Browser, script string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, pageLimit)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("a script in Chromium: %v", err)
	}
	return v
}

// Shows waits until words are on the page, which may load itself anew meanwhile, and
// it has loaded, with the scripts that keys need; and gives what was shown last.
func (b *Browser) Shows(words string, limit time.Duration) (shown string, ok bool) {
	ctx, cancel := context.WithTimeout(b.ctx, limit)
	defer cancel()
	for {
		// An error is a page that went away while it was asked.
		loaded := false
		if text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.readyState + " " + (document.body ? document.body.innerText : "")`)); err == nil {
			shown, loaded = strings.CutPrefix(text, "complete ")
		}
		if loaded && strings.Contains(shown, words) {
			return shown, true
		}
		select {
		case <-ctx.Done():
			return shown, false
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Sideways says by how many pixels the page is wider than the window, and which
// elements make it so.
func (b *Browser) Sideways() string {
	b.t.Helper()
	return Evaluate[string](b, `(() => {
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= room) return "";
  const wide = [...document.querySelectorAll("*")].filter(e => e.getBoundingClientRect().right > room + 1);
  return (document.documentElement.scrollWidth - room) + " pixels: " + wide.slice(0, 5).map(e => e.tagName + "." + e.className).join(", ");
})()`)
}

// Screenshot is what the window shows, as a PNG.
func (b *Browser) Screenshot() []byte {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, pageLimit)
	defer cancel()
	data, err := chromedp.Run(ctx, func(ctx context.Context, t *chromedp.Target) ([]byte, error) {
		r, err := cdp.Call(ctx, t, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatPng})
		if err != nil {
			return nil, err
		}
		return r.Data, nil
	})
	if err != nil {
		b.t.Fatalf("a screenshot in Chromium: %v", err)
	}
	return data
}

// String is what was found, for people.
func (v Violation) String() string {
	return fmt.Sprintf("%s (%s): %s\n\t%s", v.Rule, v.Impact, v.Help, strings.Join(v.Where, "\n\t"))
}
