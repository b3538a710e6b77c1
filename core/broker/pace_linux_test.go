package broker

import "testing"

// Two answers in a row that looking did not get, and the function does without it for a
// while.
func TestPace(t *testing.T) {
	looks := func(p *pace, want bool) {
		t.Helper()
		if field := p.next(); p.looking != want || (len(field) > 0) != want {
			t.Fatalf("it looks: %v, and says %v", p.looking, field)
		}
	}
	p := &pace{able: true}
	for range 3 {
		looks(p, true)
		p.slow()
		looks(p, true)
		p.quick()
	}
	for range 2 { // and again afterwards
		looks(p, true)
		p.slow()
		looks(p, true)
		p.slow()
		for range asleep {
			looks(p, false)
		}
	}
	looks(p, true)
	looks(&pace{}, false)
}
