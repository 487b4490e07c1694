package message

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestHTMLText(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"text", "a &amp; b &lt;c&gt; &eacute;", "a & b <c> é"},
		{"white space folds", "a \n\t b", "a b"},
		{"paragraphs", "<p>a</p><p>b</p>", "a\n\nb"},
		{"lines", "a<br>b<br/>c", "a\nb\nc"},
		{"blank line of webmail", "<div>a</div><div><br></div><div>b</div>", "a\n\nb"},
		{"blank line of Outlook", "<p>a</p><p><o:p>&nbsp;</o:p></p><p>b</p>", "a\n\nb"},
		{"blank line between lines", "<div>a</div><div>&nbsp;</div><div>b</div>", "a\n\nb"},
		{"indented by no-break spaces", "a<br>&nbsp; &nbsp; b<br>&nbsp;&nbsp;c", "a\n    b\n  c"},
		{"many breaks", "a" + strings.Repeat("<br>", 50) + "b", "a\n\n\nb"},
		{"inline tags", "<b>a</b><i>b</i> <u>c</u>", "ab c"},
		{"link", `see <a href="https://x.org/a">this</a>.`, "see this <https://x.org/a>."},
		{"link that says it all", `<a href="https://x.org/">x.org</a> <a href="mailto:a@x">a@x</a>`, "x.org a@x"},
		{"link of another scheme", `<a href="javascript:x()">y</a>`, "y"},
		{"link around a picture", `<a href="https://x.org"><img src=y alt="logo"></a>`, "logo <https://x.org>"},
		{"link around a picture without words", `see <a href="https://x.org/1"><img src=y></a> <a href="https://x.org/2"><img src=y alt=" "> </a><a href="cid:1"><img src=z></a>.`, "see <https://x.org/1> <https://x.org/2>."},
		{"picture beside a link", `<img src=y><a href="https://x.org"></a>a`, "a"},
		{"link without text", `a<a href="https://x.org"></a>b`, "ab"},
		{"link never closed", `<a href="https://x.org">y`, "y <https://x.org>"},
		{"bullets", "<ul><li>a<li>b<ul><li>c</ul></ul>d", "- a\n- b\n  - c\n\nd"},
		{"numbers", `<ol start=3><li><p>a</p></li><li>b</li></ol>`, "3. a\n\n4. b"},
		{"quotes", "<blockquote>a<blockquote>b<br><br>c</blockquote></blockquote>d", "> a\n>\n>> b\n>>\n>> c\n\nd"},
		{"pre", "<pre>a  b\n  c\n</pre>d", "a  b\n  c\n\nd"},
		{"pre in a quote", "<blockquote><pre>a\n\nb</pre></blockquote>", "> a\n>\n> b"},
		{"table", "<table><tr><td>1</td><td>2</td></tr><tr><td>3</td><td>4</td></tr></table>", "1 2\n3 4"},
		{"table of data", "<table border=1><tr><td>1 a</td><td></td><td>2</td></tr><tr><td><p>3</p></td><td><p>4</p><p>5</p></td></tr></table>x", "1 a | 2\n3 | 4 5\n\nx"},
		{"table with a head", "<table><tr><th>node<th>load<tr><td>n1<td>0.5</table>", "node | load\nn1 | 0.5"},
		{"table for the layout", "<table><tr><td><p>a</p><p>b</p></td><td><table><tr><td>c</td></tr></table></td></tr></table>", "a\n\nb\n\nc"},
		{"link to elsewhere", `<a href="FTP://x.org/f">file</a> <a href="cid:1">p</a> <a href="data:text/plain,x">q</a> <a href="/rel">r</a>`, "file <FTP://x.org/f> p q r"},
		{"code in a text", "call <code>x()</code>:<pre><code>a\n\tb</code></pre>", "call x():\n\na\n\tb"},
		{"webmail's quote", `<div>yes</div><div class="gmail_quote"><div class="gmail_attr">On Monday A wrote:<br></div><blockquote class="gmail_quote">no?</blockquote></div>`, "yes\nOn Monday A wrote:\n\n> no?"},
		{"list in a quote", "<blockquote><ul><li>a</li><li>b</li></ul></blockquote>", "> - a\n> - b"},
		{"script and style", "a<style>p{}</style><script>x<y</script>b<!-- c --><title>t</title>d", "abd"},
		{"hidden", `<div style="color:red; DISPLAY : none!important">a<div>b</div></div><span hidden>c</span><p style="visibility:hidden">d</p>e`, "e"},
		{"hidden and never closed", `<div style="display:none">a<p>b</p>`, "a\n\nb"},
		{"all of it is hidden", `<div style="display:none">a</div>`, "a"},
		{"hidden in a link", `<a href="https://x.org">y<span style="display:none">z</span></a>`, "y <https://x.org>"},
		{"no display of a border", `<div style="border:none;mso-hide:none">a</div>`, "a"},
		{"style in the head", "<head><style>x</style></head><body>a</body>", "a"},
		{"template never closed", "<head><template>x</head><body>a", "a"},
		{"no-break spaces", "a&nbsp;&nbsp;b", "a  b"},
		{"rule", "a<hr>b", "a\n----\nb"},
		{"definitions", "<dl><dt>a<dd>b</dl>", "a\n  b"},
		{"Outlook", "<!--[if mso]><p>x</p><![endif]--><p class=MsoNormal>a<o:p></o:p></p>", "a"},
		{"closing what was never open", "</blockquote></ul></pre></a></td>a", "a"},
		{"not HTML", "a < b and c > d", "a < b and c > d"},
		{"cut off in a tag", "a<b", "a"},
		{"empty", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := tidy(HTMLText(c.in)); strings.TrimSuffix(got, "\n") != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestHTMLGolden(t *testing.T) {
	paths, err := filepath.Glob("testdata/html/*.html")
	if err != nil || len(paths) == 0 {
		t.Fatal("there are no samples", err)
	}
	for _, path := range paths {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, strings.TrimSuffix(path, ".html")+".txt", tidy(HTMLText(string(src))))
	}
}

// TestHTMLDepth holds that no nesting is too deep and none is paid for twice.
func TestHTMLDepth(t *testing.T) {
	for _, tag := range []string{"div", "blockquote", "ul><li", "table><tr><td", "a href=https://x.org", "pre", "template"} {
		const n = 20000
		got := HTMLText(strings.Repeat("<"+tag+">", n) + "deep" + strings.Repeat("</"+tag+">", n))
		if tag != "template" && !strings.Contains(got, "deep") {
			t.Errorf("%s: the text is lost", tag)
		}
		if len(got) > 100*n {
			t.Errorf("%s: %d bytes", tag, len(got))
		}
	}
}

func FuzzHTMLText(f *testing.F) {
	paths, _ := filepath.Glob("testdata/html/*.html")
	for _, path := range paths {
		src, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(src))
	}
	f.Fuzz(func(t *testing.T, src string) {
		src = cleanText(src)
		got := cleanText(HTMLText(src))
		if !utf8.ValidString(got) || strings.Contains(got, "\x00") {
			t.Errorf("%q becomes %q", src, got)
		}
		if len(got) > 100*(len(src)+100) {
			t.Errorf("%d bytes become %d", len(src), len(got))
		}
	})
}

func BenchmarkHTMLText(b *testing.B) {
	src, err := os.ReadFile("testdata/html/newsletter.html")
	if err != nil {
		b.Fatal(err)
	}
	text := strings.Repeat(string(src), 50)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		HTMLText(text)
	}
}
