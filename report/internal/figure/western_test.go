package figure

import "testing"

// The fonts of a PDF have Windows-1252: a text in UTF-8 would show two characters for
// one.
func TestWestern(t *testing.T) {
	for text, want := range map[string]string{
		"plain 10 %": "plain 10 %", "±10 µs – 95 %": "\xb110 \xb5s \x96 95 %", "a → b": "a . b", "": "",
	} {
		if got := western(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}
