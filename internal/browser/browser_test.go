package browser

import (
	"strings"
	"testing"
)

// A page with one of everything that must not be: the probe finds each.
func TestLookFindsWhatIsWrong(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	page := []byte(`<!DOCTYPE html><html><head><meta http-equiv="Content-Security-Policy" content="default-src 'none'"><title>x</title></head><body>
<h1>a</h1><h3>b</h3><p id="twice">x</p><p id="twice" style="width:900px">y</p><div class="wide">` + strings.Repeat("x", 400) + `</div>
<script>window.injected = 1</script><a href="#nowhere">z</a>
<div><table class="none"><thead><tr><th>` + strings.Repeat("表", 300) + `</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table></div>
<figure><svg viewBox="0 0 100 20" width="100" role="img"><title>t</title><desc>too short</desc><text x="90" y="10">far too long</text><text x="80" y="10">overlapping</text></svg><table><tbody></tbody></table></figure>
</body></html>`)
	all := ""
	for _, f := range Look(t, []Page{{"wrong", page}}, 360) {
		all += f.String() + "\n" + strings.Join(f.Problems, "\n") + "\n"
	}
	for _, want := range []string{
		"wide in a window of", "an element has a style", "an id is there twice", "a link leads nowhere", "no nav", "no language", "headings skip a level",
		"a table without a caption", "a header without a scope", "a row of another length", "a table cannot be scrolled",
		"a chart without a text alternative", "a chart without a table of its figures", "text leaves its chart", "labels overlap",
		"a word of a table breaks over two lines: 表", "wrong in print",
		"console: ", "Content Security Policy",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("%q was not found among\n%s", want, all)
		}
	}
}
