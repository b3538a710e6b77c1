package audit

import (
	"strconv"
	"time"
)

// SchemaVersion is "v" in every line.
const SchemaVersion = 1

// encoder writes records as JSON by hand, in one field order, into a buffer that
// is reused. Nothing that it writes needs an escape: see class.
type encoder struct {
	chain   string
	start   string // of every line of the chain
	context []byte // ,"function":… in all records but minimal ones, which name the chain
	encrypt *FieldEncryption

	second int64  // the text of which is in stamp
	stamp  []byte // "2026-11-21T22:35:18"

	parameters parameters // the text of which is in known
	known      []byte
}

// parameters are what is the same in all records about a data key.
type parameters struct {
	scheme      Scheme
	algorithm   Name
	sensitivity Sensitivity
	window      time.Duration
}

func newEncoder(c Context, encrypt *FieldEncryption) encoder {
	e := encoder{encrypt: encrypt, second: -1 << 62}
	e.context = e.id(e.context, `,"function":"`, c.Function)
	e.context = e.id(e.context, `,"version":"`, c.Version)
	e.context = e.id(e.context, `,"instance":"`, c.Instance)
	e.context = e.id(e.context, `,"region":"`, c.Region)
	e.context = e.id(e.context, `,"platform":"`, c.Platform)
	return e
}

func (e *encoder) begin(chain string) {
	e.chain = chain
	e.start = `{"v":1,"chain":"` + chain + `","seq":`
}

// extra is what only the log knows of a record.
type extra struct {
	of      uint64 // number of the record that a Withdrawn is about
	dropped uint64 // records lost since the one before
	after   string // chain that an Opened goes on from
	keyed   bool   // the chain is an HMAC
}

// append appends the line without its hash.
func (e *encoder) append(b []byte, r *Record, detail Detail, sequence uint64, now time.Time, x extra) []byte {
	b = append(b, e.start...)
	b = strconv.AppendUint(b, sequence, 10)
	b = append(b, `,"time":"`...)
	b = e.time(b, now)
	if r.Event == Verify && r.Result == Granted { // most records
		b = append(b, `","event":"verify","result":"granted"`...)
	} else {
		b = append(append(append(b, `","event":"`...), r.Event.String()...), '"')
		b = text(b, `,"result":"`, r.Result, r.Result.String)
	}
	b = text(b, `,"reason":"`, r.Reason, r.Reason.String)
	b = e.protected(b, `,"request":"`, FieldRequest, r.Request, sequence)
	b = e.protected(b, `,"key":"`, FieldKey, r.Key.id, sequence)
	if detail >= DetailStandard {
		b = e.verification(b, r, sequence)
	}
	b = count(b, `,"failures":`, uint64(r.Failures))
	b = count(b, `,"of":`, x.of)
	b = count(b, `,"dropped":`, x.dropped)
	if x.after != "" {
		b = append(append(append(b, `,"after":"`...), x.after...), '"')
	}
	if x.keyed {
		b = append(b, `,"keyed":true`...)
	}
	if detail >= DetailFull && r.State != (State{}) {
		b = state(b, &r.State)
	}
	if detail == DetailMinimal && r.Event != Opened {
		return b // the chain's first record has the context
	}
	return append(b, e.context...)
}

func (e *encoder) verification(b []byte, r *Record, sequence uint64) []byte {
	b = e.protected(b, `,"source":"`, FieldSource, r.Source, sequence)
	if p := (parameters{r.Scheme, r.Algorithm, r.Sensitivity, r.Window}); p != e.parameters {
		e.parameters, e.known = p, e.appendParameters(e.known[:0], p)
	}
	b = append(b, e.known...)
	if r.Age != 0 {
		b = strconv.AppendInt(append(b, `,"age_ms":`...), r.Age.Milliseconds(), 10)
	}
	b = count(b, `,"elapsed_ns":`, uint64(max(0, r.Elapsed.Nanoseconds())))
	b = text(b, `,"call_chain":"`, r.Factors.CallChain, r.Factors.CallChain.String)
	return text(b, `,"behaviour":"`, r.Factors.Behaviour, r.Factors.Behaviour.String)
}

func (e *encoder) appendParameters(b []byte, p parameters) []byte {
	b = text(b, `,"scheme":"`, p.scheme, p.scheme.String)
	b = e.id(b, `,"algorithm":"`, p.algorithm.id)
	b = text(b, `,"sensitivity":"`, p.sensitivity, p.sensitivity.String)
	if p.window != 0 {
		b = strconv.AppendInt(append(b, `,"window_ms":`...), p.window.Milliseconds(), 10)
	}
	return b
}

func state(b []byte, s *State) []byte {
	b = strconv.AppendUint(append(b, `,"state":{"granted":`...), s.Granted, 10)
	b = strconv.AppendUint(append(b, `,"refused":`...), s.Refused, 10)
	b = strconv.AppendInt(append(b, `,"nonces":`...), int64(s.Nonces), 10)
	b = strconv.AppendInt(append(b, `,"sources":`...), int64(s.Sources), 10)
	if s.Blocked >= 0 {
		b = strconv.AppendInt(append(b, `,"blocked":`...), int64(s.Blocked), 10)
	}
	b = strconv.AppendInt(append(b, `,"protected":`...), int64(s.Protected), 10)
	b = strconv.AppendInt(append(b, `,"uptime_ms":`...), s.Uptime.Milliseconds(), 10)
	return append(b, '}')
}

func (e *encoder) id(b []byte, label string, id ID) []byte {
	if id.zero() {
		return b
	}
	return append(id.appendTo(append(b, label...)), '"')
}

// protected writes a field that may be encrypted.
func (e *encoder) protected(b []byte, label, field string, id ID, sequence uint64) []byte {
	if id.zero() || !e.encrypt.hides(field) {
		return e.id(b, label, id)
	}
	return append(e.encrypt.append(append(b, label...), e.chain, sequence, field, id.String()), '"')
}

func text[T ~uint8](b []byte, label string, value T, name func() string) []byte {
	if value == 0 {
		return b
	}
	return append(append(append(b, label...), name()...), '"')
}

func count(b []byte, label string, n uint64) []byte {
	if n == 0 {
		return b
	}
	return strconv.AppendUint(append(b, label...), n, 10)
}

// time appends RFC 3339 in UTC with nanoseconds. The seconds' text is kept: most
// records fall into the second of the one before.
func (e *encoder) time(b []byte, t time.Time) []byte {
	second := t.Unix()
	if second != e.second {
		e.second = second
		e.stamp = t.UTC().AppendFormat(e.stamp[:0], "2006-01-02T15:04:05.")
	}
	b = append(b, e.stamp...)
	b = append(b, "000000000Z"...)
	nanoseconds := uint32(t.Nanosecond())
	for i := len(b) - 2; nanoseconds > 0; i-- {
		b[i] = byte('0' + nanoseconds%10)
		nanoseconds /= 10
	}
	return b
}
