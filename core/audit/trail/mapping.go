package trail

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/dtbench/dtbench/core/audit"
)

// A Mapper turns an entry into a line of another format, without a newline. The
// chain does not survive a mapping: keep the original, and map a copy.
type Mapper func(*Entry) []byte

// Mappers by the name that a user types.
func Mappers() map[string]Mapper {
	return map[string]Mapper{"ocsf": OCSF, "ecs": ECS, "cef": CEF}
}

type object map[string]any

// set leaves out what is empty, and objects that are.
func (o object) set(name string, value any) {
	switch v := value.(type) {
	case string:
		if v == "" {
			return
		}
	case object:
		if len(v) == 0 {
			return
		}
	case int64:
		if v == 0 {
			return
		}
	}
	o[name] = value
}

func (o object) line() []byte {
	data, err := json.Marshal(o)
	if err != nil { // maps, strings and numbers only
		panic(err)
	}
	return data
}

func (e *Entry) uid() string { return e.Chain + ":" + strconv.FormatUint(e.Sequence, 10) }

// outcome is empty for events that decide nothing.
func (e *Entry) outcome() string {
	switch {
	case e.Refused():
		return "failure"
	case e.Result == audit.Granted.String():
		return "success"
	}
	return ""
}

// OCSF maps to API Activity (class 6003, category 6) of the Open Cybersecurity
// Schema Framework 1.3.0, https://schema.ocsf.io/1.3.0/classes/api_activity: a
// verification is a Read of the API operation "Open" on the data key. Everything
// without an attribute there is in unmapped. With a region, the cloud profile is
// declared.
func OCSF(e *Entry) []byte {
	activity, activityName := 99, e.Event
	if e.Event == audit.Verify.String() {
		activity, activityName = 2, "Read"
	}
	status, statusName := 0, "Unknown"
	switch e.outcome() {
	case "success":
		status, statusName = 1, "Success"
	case "failure":
		status, statusName = 2, "Failure"
	}
	severity, severityName := 1, "Informational"
	switch {
	case e.Critical():
		severity, severityName = 4, "High"
	case e.Refused():
		severity, severityName = 3, "Medium"
	}
	metadata := object{
		"version": "1.3.0", "uid": e.uid(), "sequence": e.Sequence,
		"product": object{"name": "dtbench core", "vendor_name": "dtbench"},
	}
	service := object{}
	service.set("name", e.Function)
	service.set("version", e.FunctionVersion)
	api := object{"operation": "Open"}
	api.set("service", service)
	if e.Request != "" {
		api["request"] = object{"uid": e.Request}
	}
	actor, source := object{"app_name": "dtbench core"}, object{}
	if e.Source != "" {
		actor["user"] = object{"uid": e.Source}
		source["uid"] = e.Source
	} else {
		source["name"] = "unknown"
	}
	target := object{}
	target.set("instance_uid", e.Instance)
	target.set("svc_name", e.Function)

	o := object{
		"activity_id": activity, "activity_name": activityName,
		"category_uid": 6, "category_name": "Application Activity",
		"class_uid": 6003, "class_name": "API Activity", "type_uid": 600300 + activity,
		"severity_id": severity, "severity": severityName, "status_id": status, "status": statusName,
		"time": e.Time.UnixMilli(), "metadata": metadata, "actor": actor, "api": api, "src_endpoint": source,
	}
	o.set("status_code", e.Reason)
	o.set("dst_endpoint", target)
	if x, ok := Explain(e); ok {
		o["status_detail"] = x.Why
	}
	if e.Key != "" {
		o["resources"] = []object{{"name": e.Key, "type": "data key"}}
	}
	if e.Region != "" {
		metadata["profiles"] = []string{"cloud"}
		o["cloud"] = object{"provider": e.Platform, "region": e.Region}
	}
	o.set("unmapped", rest(e))
	return o.line()
}

// rest holds what OCSF has no attribute for.
func rest(e *Entry) object {
	o := object{}
	o.set("scheme", e.Scheme)
	o.set("algorithm", e.Algorithm)
	o.set("sensitivity", e.Sensitivity)
	o.set("window_ms", e.WindowMS)
	o.set("age_ms", e.AgeMS)
	o.set("elapsed_ns", e.ElapsedNS)
	o.set("call_chain", e.CallChain)
	o.set("behaviour", e.Behaviour)
	o.set("failures", int64(e.Failures))
	o.set("of", int64(e.Of))
	o.set("dropped", int64(e.Dropped))
	o.set("hash", e.Hash)
	if e.State != nil {
		o["state"] = e.State
	}
	return o
}

// ECS maps to the Elastic Common Schema 8.17,
// https://www.elastic.co/guide/en/ecs/8.17: event.category "api", as nested
// objects. What has no field there is under dtbench, a custom field set.
func ECS(e *Entry) []byte {
	event := object{
		"kind": "event", "category": []string{"api"}, "action": e.Event,
		"id": e.uid(), "sequence": e.Sequence, "dataset": "dtbench.audit", "module": "dtbench", "hash": e.Hash,
	}
	switch {
	case e.Refused():
		event["type"] = []string{"access", "denied"}
	case e.Result == audit.Granted.String():
		event["type"] = []string{"access", "allowed"}
	default:
		event["type"] = []string{"info"}
	}
	if e.Critical() {
		event["kind"] = "alert"
	}
	event.set("outcome", e.outcome())
	event.set("reason", e.Reason)
	event.set("duration", e.ElapsedNS)

	function, cloud := object{}, object{}
	function.set("name", e.Function)
	function.set("version", e.FunctionVersion)
	function.set("execution", e.Request)
	cloud.set("provider", e.Platform)
	cloud.set("region", e.Region)
	if e.Instance != "" {
		cloud["instance"] = object{"id": e.Instance}
	}
	own := rest(e)
	delete(own, "hash")
	delete(own, "elapsed_ns")
	own.set("data_key", e.Key)

	o := object{"@timestamp": e.Time.UTC().Format("2006-01-02T15:04:05.000Z"), "ecs": object{"version": "8.17.0"}, "event": event}
	o.set("faas", function)
	o.set("cloud", cloud)
	o.set("dtbench", own)
	if e.Source != "" {
		o["user"] = object{"id": e.Source}
	}
	return o.line()
}

// CEF maps to the ArcSight Common Event Format, version 0 (Implementing ArcSight
// Common Event Format, version 25), without a syslog header. Severity is 3 for
// what succeeds, 6 for a refusal, 9 for critical events.
func CEF(e *Entry) []byte {
	severity, name := "3", "dynamic token event: "+e.Event
	switch {
	case e.Critical():
		severity = "9"
	case e.Refused():
		severity = "6"
	}
	if x, ok := Explain(e); ok {
		name = x.Why
	}
	class := e.Event
	if e.Reason != "" {
		class += ":" + e.Reason
	}
	var b strings.Builder
	b.WriteString("CEF:0|dtbench|core|" + strconv.Itoa(e.Version))
	for _, field := range []string{class, name, severity} {
		b.WriteString("|" + headerEscape.Replace(field))
	}
	b.WriteByte('|')
	first := true
	put := func(key, value string) {
		if value == "" {
			return
		}
		if !first {
			b.WriteByte(' ')
		}
		first = false
		b.WriteString(key + "=" + extensionEscape.Replace(value))
	}
	labelled := func(key, label, value string) {
		if value != "" {
			put(key+"Label", label)
			put(key, value)
		}
	}
	put("rt", strconv.FormatInt(e.Time.UnixMilli(), 10))
	put("externalId", e.uid())
	put("act", e.Result)
	put("outcome", e.outcome())
	put("reason", e.Reason)
	put("suid", e.Source)
	put("deviceExternalId", e.Instance)
	put("deviceProcessName", e.Function)
	labelled("cs1", "requestId", e.Request)
	labelled("cs2", "dataKey", e.Key)
	labelled("cs3", "algorithm", e.Algorithm)
	labelled("cs4", "sensitivity", e.Sensitivity)
	labelled("cs5", "region", e.Region)
	labelled("cs6", "hash", e.Hash)
	if e.Failures != 0 {
		labelled("cn1", "consecutiveFailures", strconv.FormatUint(uint64(e.Failures), 10))
	}
	if e.AgeMS != 0 {
		labelled("cn2", "ageMilliseconds", strconv.FormatInt(e.AgeMS, 10))
	}
	return []byte(b.String())
}

var (
	headerEscape    = strings.NewReplacer(`\`, `\\`, `|`, `\|`)
	extensionEscape = strings.NewReplacer(`\`, `\\`, `=`, `\=`)
)
