package layout

import (
	"bytes"
	"fmt"
	"html"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	renderer "github.com/yuin/goldmark/renderer/html"
)

var gfm = goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(renderer.WithUnsafe()))

func rendered(t *testing.T, markdown string) string {
	t.Helper()
	var b bytes.Buffer
	if err := gfm.Convert([]byte(markdown), &b); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(b.String())
}

// Whatever a file holds is shown as that text wherever reports put it.
func TestEscape(t *testing.T) {
	check := func(s, want string) {
		t.Helper()
		escaped := Escape(s)
		if escaped != want {
			t.Errorf("%q is escaped as %q, want %q", s, escaped, want)
		}
		text := html.EscapeString(Clean(s))
		text = strings.ReplaceAll(strings.ReplaceAll(text, "&#34;", "&quot;"), "&#39;", "'")
		for _, place := range []struct{ markdown, html string }{
			{"%s", "<p>%s</p>"},
			{"## %s", "<h2>%s</h2>"},
			{"- %s", "<ul>\n<li>%s</li>\n</ul>"},
			{"**no** %s", "<p><strong>no</strong> %s</p>"},
			{"- a\n  - %s", "<ul>\n<li>a\n<ul>\n<li>%s</li>\n</ul>\n</li>\n</ul>"},
			{"| %s |\n| --- |", "<table>\n<thead>\n<tr>\n<th>%s</th>\n</tr>\n</thead>\n</table>"},
		} {
			got := rendered(t, fmt.Sprintf(place.markdown, escaped))
			if want := fmt.Sprintf(place.html, strings.TrimSpace(text)); got != want {
				t.Errorf("%q in %q is shown as %q, want %q", s, place.markdown, got, want)
			}
		}
	}
	check("47.41->63.47, p <0.001, a < b > c", `47.41->63.47, p <0.001, a < b \> c`)
	check("> quoted", `\> quoted`)
	check("x <1@example.com> y", `x <1@example.com\> y`)
	check("<script>alert(1)</script>", `\<script>alert(1)\</script>`)
	check("<!-- a -->", `\<!-- a -->`)
	check("<https://example.com>", `\<https://example.com>`)
	check(`a|b\c*d*`, `a\|b\\c\*d\*`)
	check("~34% and ~35%", `\~34% and \~35%`)
	check("time_ms _x_ `y`", "time_ms \\_x\\_ \\`y\\`")
	check("[x](y) ![z](y) &amp; #1", `\[x\](y) !\[z\](y) \&amp; \#1`)
	check("- one", `\- one`)
	check("+5 %", "+5 %")
	check("a\nb\x1b", "a b ")
}

// A long last cell sticks out alone; the other rows stay as short as they are.
func TestMarkdownTableOfALongCell(t *testing.T) {
	var b strings.Builder
	long := strings.Repeat("wide ", 60)
	MarkdownTable(&b, []string{"Id", "Text"}, 2, [][]string{{"a", "short"}, {"b", long}})
	for i, line := range strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n") {
		if n := utf8.RuneCountInString(line); (n > widest) != (i == 3) || n > len(long)+12 {
			t.Errorf("line %d has %d characters: %s", i, n, line)
		}
	}
	if got := rendered(t, b.String()); !strings.Contains(got, "<td>b</td>\n<td>"+strings.TrimSpace(long)+"</td>") || strings.Count(got, "<tr>") != 3 {
		t.Errorf("shown as %s", got)
	}

	b.Reset()
	MarkdownTable(&b, []string{"Id", "N"}, 1, [][]string{{"ä", "1"}, {"b", "1000"}})
	if want := "| Id  |    N |\n| --- | ---: |\n| ä   |    1 |\n| b   | 1000 |\n"; b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}
