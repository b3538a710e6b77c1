package core

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dtbench/dtbench/core/audit"
)

func guardWith(t *testing.T, change func(p *Policy), clock *manualClock) *Guard {
	t.Helper()
	p := quiet()
	change(p)
	return newGuard(t, Config{Policy: p, Clock: clock.read})
}

func TestCallChain(t *testing.T) {
	clock := newClock()
	g := guardWith(t, func(p *Policy) {
		p.CallChain = CallChainPolicy{Action: Deny, Chains: [][]string{{"gateway", "orders"}}}
	}, clock)
	check := func(want reason, chain ...string) {
		t.Helper()
		before := count(g, want)
		g.UseFor(Request{ID: requestID, CallChain: chain}, "API_KEY", ignore)
		if count(g, want) != before+1 {
			t.Errorf("%q: not %d", chain, want)
		}
	}
	check(granted, "gateway", "orders")
	check(badChain, "gateway")
	check(badChain)
	check(badChain, "orders", "gateway")
	check(badChain, "gatewayo", "rders")
	check(badChain, "gateway", "orders", "more")

	// The chain is bound into the token as well.
	token, err := g.IssueFor(Request{ID: requestID, CallChain: []string{"gateway"}}, "API_KEY")
	if err != nil {
		t.Fatal(err)
	}
	if err := g.OpenFor(Request{ID: requestID, CallChain: []string{"gateway", "orders"}}, "API_KEY", token, ignore); err != ErrDenied || count(g, badMAC) != 1 {
		t.Errorf("a token for another chain: %v", err)
	}
}

func TestCallChainIsLearned(t *testing.T) {
	c := newCallChains(CallChainPolicy{Action: Deny, Learn: 2, Chains: [][]string{{}}})
	check := func(want finding, chain ...string) {
		t.Helper()
		if got := c.verify(chainDigest(chain)); got != want {
			t.Errorf("%q: %q, want %q", chain, got, want)
		}
	}
	check(learned, "a")
	check(known)
	check(unknownChain, "b")
	check(known, "a")
	check(known)

	c = newCallChains(CallChainPolicy{Learn: 2 * maxChains})
	for i := range maxChains + 1 {
		want := learned
		if i == maxChains {
			want = unknownChain
		}
		if got := c.verify(chainDigest([]string{fmt.Sprint(i)})); got != want {
			t.Fatalf("chain %d: %q", i, got)
		}
	}
}

func TestObservedFactorsDenyNothing(t *testing.T) {
	for _, action := range []Action{Observe, Alert} {
		g := guardWith(t, func(p *Policy) {
			p.CallChain = CallChainPolicy{Action: action}
			p.Behaviour = BehaviourPolicy{Action: action, MaxPerRequest: 1}
		}, newClock())
		for range 3 {
			if err := g.Use(requestID, "API_KEY", ignore); err != nil {
				t.Errorf("%s: %v", action, err)
			}
		}
	}
}

// run presents requests ("r1:AB" opens A and then B in request r1) and returns
// what was found of each opening.
func run(p BehaviourPolicy, apart time.Duration, openings string) string {
	b, table := newBehaviour(p), newRequestTable(int64(time.Hour))
	now := int64(0)
	var found []string
	for _, one := range strings.Fields(openings) {
		id, keys, _ := strings.Cut(one, ":")
		for _, key := range keys {
			r := table.find(id, now)
			f := b.verify(r, string(key), now)
			letter := map[finding]string{
				known: "k", learned: "l", wrongOrder: "O", wrongPair: "P", wrongSet: "S", tooMany: "M", tooFast: "F",
			}[f]
			if f.bad() != (letter == strings.ToUpper(letter)) {
				letter = "?"
			}
			found = append(found, letter)
			now += int64(apart)
		}
	}
	return strings.Join(found, "")
}

func TestBehaviour(t *testing.T) {
	check := func(p BehaviourPolicy, apart time.Duration, openings, want string) {
		t.Helper()
		if got := run(p, apart, openings); got != want {
			t.Errorf("%+v, %s: %s, want %s", p, openings, got, want)
		}
	}
	second := time.Second
	check(BehaviourPolicy{}, second, "1:ABC 2:CBA", "kkkkkk")
	order := BehaviourPolicy{Order: []string{"A", "B", "C"}}
	check(order, second, "1:ABC 2:BC 3:BA 4:CAB 5:AXB 6:ABA", "kkk"+"kk"+"kO"+"kOO"+"kkk"+"kkk")
	check(BehaviourPolicy{Sets: [][]string{{"A", "B"}, {"C"}}}, second, "1:ABA 2:C 3:AC 4:X", "kkk"+"k"+"kS"+"S")
	check(BehaviourPolicy{MaxPerRequest: 2}, second, "1:AAA 2:AB", "kkM"+"kk")
	check(BehaviourPolicy{MaxPerSecond: 2}, second/3, "1:AAA 2:AA", "kkF"+"Fk")
	learn := BehaviourPolicy{Learn: 2}
	check(learn, second, "1:AB 2:A 3:AB 4:B 5:BA 6:AC 7:ABA 8:C", "ll"+"l"+"kk"+"P"+"PP"+"kS"+"kkP"+"S")
	check(learn, second, "1:AA 2:A 3:AAA 4:AA", "ll"+"l"+"kkM"+"kk")
	check(learn, second/5, "1:A 2:A 3:A 4:A 5:A 6:A", "llkkFk")
	check(BehaviourPolicy{Learn: 1}, second/5, "1:A 2:A 3:A 4:A", "lkFF")
	check(BehaviourPolicy{Learn: 1, MaxPerSecond: 4}, second/5, "1:A 2:A 3:A 4:A 5:A", "lkkkF")
	check(BehaviourPolicy{Learn: 1, MaxPerRequest: 3}, second, "1:AA 2:AAA 3:AAAA", "ll"+"kkk"+"kkkM")
	check(BehaviourPolicy{Learn: 1, Sets: [][]string{{"A"}}}, second, "1:AB 2:A 3:B", "lS"+"k"+"S") // what deviates is not learned
}

func TestBehaviourDenies(t *testing.T) {
	clock := newClock()
	g := guardWith(t, func(p *Policy) {
		p.Behaviour = BehaviourPolicy{Action: Deny, Order: []string{"API_KEY", "DB_PASSWORD"}}
	}, clock)
	if err := g.Use("1", "DB_PASSWORD", ignore); err != nil {
		t.Error(err)
	}
	if err := g.Use("1", "API_KEY", ignore); err != ErrDenied || count(g, badBehaviour) != 1 {
		t.Error(err)
	}
	if err := g.Use("2", "API_KEY", ignore); err != nil {
		t.Error(err)
	}
}

// A denied opening is denied again, however often it is asked for, and leaves
// nothing behind that would excuse it or cost the request what it may do.
func TestAskingAgainDoesNotHelp(t *testing.T) {
	check := func(p BehaviourPolicy, apart time.Duration, openings, want string) {
		t.Helper()
		p.Action = Deny
		if got := run(p, apart, openings); got != want {
			t.Errorf("%+v, %s: %s, want %s", p, openings, got, want)
		}
	}
	second := time.Second
	check(BehaviourPolicy{Order: []string{"A", "B", "C"}}, second, "1:BAAACA 2:CBBAC", "kOOOkO"+"kOOOk")
	check(BehaviourPolicy{Sets: [][]string{{"A", "B"}}}, second, "1:AXXB 2:XXA", "kSSk"+"SSk")
	check(BehaviourPolicy{MaxPerRequest: 2}, second, "1:AAAAA 2:A", "kkMMM"+"k")
	check(BehaviourPolicy{MaxPerSecond: 2}, second/5, "1:AAAAA 2:AAA", "kkFFF"+"kkF")
	learn := BehaviourPolicy{Learn: 1}
	check(learn, second, "1:ABA 2:BBB 3:AABB", "lll"+"PPP"+"kPkP")
	check(learn, second, "1:AB 2:XXA 3:BAAB", "ll"+"SSk"+"PkPk")
	check(learn, second, "1:AA 2:AAAA", "ll"+"kkMM")
	check(learn, second/5, "1:A 2:A 3:A 4:A 5:A 6:A 7:A", "lkFFFkk")
	// A denied opening teaches nothing, nor does it use up the lesson.
	check(BehaviourPolicy{Learn: 1, Sets: [][]string{{"A"}}}, second, "1:B 2:B 3:BA 4:A 5:B", "S"+"S"+"Sl"+"k"+"S")

	g := guardWith(t, func(p *Policy) {
		p.Behaviour = BehaviourPolicy{Action: Deny, Order: []string{"API_KEY", "DB_PASSWORD"}}
		p.CallChain = CallChainPolicy{Action: Deny, Chains: [][]string{{"gateway"}}}
		p.Keys = map[string]KeyPolicy{"DB_PASSWORD": {Budget: 1}}
	}, newClock())
	open := func(want error, key string, chain ...string) {
		t.Helper()
		for range 3 {
			if err := g.UseFor(Request{ID: "1", CallChain: chain}, key, ignore); err != want {
				t.Errorf("%s by %q: %v", key, chain, err)
			}
			if want == nil {
				return
			}
		}
	}
	open(ErrDenied, "DB_PASSWORD", "stranger")
	open(nil, "DB_PASSWORD", "gateway") // the denied ones have not used up the budget
	open(ErrDenied, "DB_PASSWORD", "gateway")
	open(ErrDenied, "API_KEY", "gateway")
	if chain, budget, order := count(g, badChain), count(g, overBudget), count(g, badBehaviour); chain != 3 || budget != 3 || order != 3 {
		t.Errorf("%d by chain, %d by budget, %d by order", chain, budget, order)
	}
}

func TestBudget(t *testing.T) {
	clock := newClock()
	g := guardWith(t, func(p *Policy) {
		p.Keys = map[string]KeyPolicy{"API_KEY": {Budget: 2}, "DB_PASSWORD": {Sensitivity: High}}
	}, clock)
	check := func(request, key string, want reason) {
		t.Helper()
		before := count(g, want)
		g.Use(request, key, ignore)
		if count(g, want) != before+1 {
			t.Errorf("%s, %s: not %d", request, key, want)
		}
	}
	check("1", "API_KEY", granted)
	check("1", "API_KEY", granted)
	check("1", "API_KEY", overBudget)
	check("1", "DB_PASSWORD", granted)
	check("2", "API_KEY", granted)
	check("1", "API_KEY", overBudget)
	for range highBudget - 1 {
		check("1", "DB_PASSWORD", granted)
	}
	check("1", "DB_PASSWORD", overBudget)
	life := defaultRequestTimeout + 2*10*time.Second
	for range 3 {
		clock.advance(life)
		check("1", "API_KEY", overBudget) // it is still going on
	}
	clock.advance(life + 1)
	check("1", "API_KEY", granted) // idle for so long that it is forgotten
}

func TestRequestTimeout(t *testing.T) {
	life := func(p Policy) time.Duration { return time.Duration(p.requestLifetime(int64(time.Second))) }
	if life(Policy{}) != 62*time.Second || life(Policy{RequestTimeout: Duration(time.Hour)}) != time.Hour+2*time.Second {
		t.Error("a request is remembered for another time")
	}
	for timeout, good := range map[time.Duration]bool{-1: false, 0: true, 24 * time.Hour: true, 24*time.Hour + 1: false} {
		if err := (&Policy{RequestTimeout: Duration(timeout)}).check(); (err == nil) != good {
			t.Errorf("%v: %v", timeout, err)
		}
	}
	if p, err := ParsePolicy([]byte(`{"policy": "dtbench/policy/v1", "request_timeout": "90s"}`)); err != nil || time.Duration(p.RequestTimeout) != 90*time.Second {
		t.Errorf("%+v, %v", p, err)
	}
	clock := newClock()
	g := guardWith(t, func(p *Policy) {
		p.RequestTimeout = Duration(time.Hour)
		p.Keys = map[string]KeyPolicy{"API_KEY": {Budget: 1, Window: Duration(time.Minute)}}
	}, clock)
	for _, pause := range []time.Duration{0, time.Hour + 2*time.Minute, time.Hour + 2*time.Minute + 1} {
		clock.advance(pause)
		g.Use("1", "API_KEY", ignore)
	}
	if count(g, granted) != 2 || count(g, overBudget) != 1 {
		t.Errorf("%+v", g.Stats())
	}
}

func TestRequestTable(t *testing.T) {
	const life = 1000
	table := newRequestTable(life)
	first := table.find("first", 0)
	first.count("A")
	for i := 1; i < maxRequests; i++ {
		if table.find(fmt.Sprint(i), 1) == nil {
			t.Fatalf("request %d found no room", i)
		}
	}
	if table.find("another", 1) != nil {
		t.Error("one more than fit")
	}
	if table.find("first", 2) != first {
		t.Error("a request that is there was refused or lost")
	}
	if table.find("another", life+1) != nil {
		t.Error("forgotten too early")
	}
	if table.find("another", life+2) == nil || len(table.byID) != 2 || table.find("first", life+2) != first || first.opened("A") != 1 {
		t.Errorf("%d are left, of which one was to go on", len(table.byID))
	}
	if r := table.find("first", 2*life+3); r.opened("A") != 0 || r.total != 0 || len(table.byID) != 1 {
		t.Error("idle for a life, but not forgotten")
	}
	// Entries are used again.
	now, ids := int64(10*life), [...]string{"a", "b", "c"}
	if n := testing.AllocsPerRun(100, func() {
		now += life + 1
		for _, id := range ids {
			r := table.find(id, now)
			r.count("A")
			r.count("B")
		}
	}); n != 0 || len(table.byID) != 3 {
		t.Errorf("%v allocations, %d requests", n, len(table.byID))
	}
}

// A clock that goes back shortens no budget and keeps no request for long.
func TestRequestTableWithTheClockSetBack(t *testing.T) {
	const life, late = 1000, 1_000_000
	table := newRequestTable(life)
	table.find("1", late).count("A")
	if table.find("1", late-life).opened("A") != 1 || table.step != 0 {
		t.Error("set back a little: forgotten")
	}
	if table.find("1", 0).opened("A") != 1 || table.find("1", life).opened("A") != 1 {
		t.Error("set back: forgotten")
	}
	table.find("2", 2*life+1)
	if len(table.byID) != 1 {
		t.Error("set back: kept")
	}
}

// Requests without a budget fill nothing, and a full table stops only what it
// has to count.
func TestManyRequests(t *testing.T) {
	clock := newClock()
	g := guardWith(t, func(p *Policy) {
		p.Keys = map[string]KeyPolicy{"API_KEY": {Budget: 2}}
	}, clock)
	use := func(g *Guard, request, key string, want error) {
		t.Helper()
		if err := g.Use(request, key, ignore); err != want {
			t.Errorf("request %s, %s: %v, want %v", request, key, err, want)
		}
	}
	fill := func(g *Guard) {
		table := internals(g).requests
		for i := range maxRequests {
			table.find(fmt.Sprint(i), clock.read().UnixNano())
		}
	}
	for i := range 100 {
		use(g, fmt.Sprint(i), "DB_PASSWORD", nil)
	}
	if n := len(internals(g).requests.byID); n != 0 {
		t.Errorf("%d requests are kept that have no budget", n)
	}
	fill(g)
	use(g, "new", "DB_PASSWORD", nil)
	use(g, "new", "API_KEY", ErrDenied)
	use(g, "1", "API_KEY", nil)
	if s := g.Stats(); s.RequestsFull != 1 || s.RegistryFull != 0 || s.Denied != 1 {
		t.Errorf("%+v", s)
	}
	if why := outcomes[requestsFull]; why.audit != audit.RequestsFull || why.counts {
		t.Errorf("recorded as %s, counts: %v", why.audit, why.counts)
	}
	clock.advance(defaultRequestTimeout + 20*time.Second + 1)
	use(g, "new", "API_KEY", nil)

	for action, want := range map[Action]error{Observe: nil, Alert: nil, Deny: ErrDenied} {
		g := guardWith(t, func(p *Policy) { p.Behaviour = BehaviourPolicy{Action: action} }, clock)
		fill(g)
		use(g, "1", "API_KEY", nil)
		use(g, "new", "API_KEY", want)
	}
}

// What each validation of a low key skips, and that nothing else skips it.
func TestProgressiveValidation(t *testing.T) {
	check := func(v Validation, replay, old, forged error) {
		t.Helper()
		clock := newClock()
		g := guardWith(t, func(p *Policy) {
			p.Keys = map[string]KeyPolicy{"API_KEY": {Sensitivity: Low, Validation: v}}
		}, clock)
		token := issue(t, g, requestID, "API_KEY")
		other := token
		other.bytes[macStart] ^= 1
		if err := g.Open(requestID, "API_KEY", other, ignore); err != forged {
			t.Errorf("%q: forged: %v", v, err)
		}
		if err := g.Open(requestID, "API_KEY", token, ignore); err != nil {
			t.Errorf("%q: %v", v, err)
		}
		if err := g.Open(requestID, "API_KEY", token, ignore); err != replay {
			t.Errorf("%q: replayed: %v", v, err)
		}
		token = issue(t, g, requestID, "API_KEY")
		clock.advance(lowWindow + 1)
		if err := g.Open(requestID, "API_KEY", token, ignore); err != old {
			t.Errorf("%q: old: %v", v, err)
		}
		if err := g.Open(requestID, "DB_PASSWORD", token, ignore); err != ErrDenied {
			t.Errorf("%q: for another key: %v", v, err)
		}
		token = issue(t, g, requestID, "DB_PASSWORD")
		g.Open(requestID, "DB_PASSWORD", token, ignore)
		if err := g.Open(requestID, "DB_PASSWORD", token, ignore); err != ErrDenied {
			t.Errorf("%q: another key replayed: %v", v, err)
		}
	}
	check("", ErrDenied, ErrDenied, ErrDenied)
	check(ValidateFully, ErrDenied, ErrDenied, ErrDenied)
	check(ValidateWithoutReplay, nil, ErrDenied, ErrDenied)
	check(ValidateMACOnly, nil, nil, ErrDenied)
}
