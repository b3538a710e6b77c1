package attack

// Risk is one of the OWASP Serverless Top 10 (2018), with what the paper relates
// to it, and which attacks and incidents here are about it.
type Risk struct {
	ID, Title string
	Paper     string // what the paper's sections "Attack model analysis" and "Security analysis" say; "" for nothing
	Attacks   []string
	Incidents []string // names, as the source of each says
}

// Risks returns those that the paper or an attack is about, in their order.
func Risks() []Risk {
	return []Risk{
		{"A2", "Broken Authentication", "stolen tokens", []string{"T5", "T6", "T7", "T8", "T9", "T10", "T11", "T12", "T13", "T14"}, []string{"email-approval (out of scope)"}},
		{"A3", "Sensitive Data Exposure", "the WebIDE, with A5 and A6", []string{"T1", "T2", "T3", "T4", "T18", "T20", "T25"}, []string{"webide", "temporary-file"}},
		{"A5", "Broken Access Control", "forgery and access control; the WebIDE", []string{"T6", "T16"}, []string{"webide"}},
		{"A6", "Security Misconfiguration", "the WebIDE; the deployment tool, with A9", []string{"T22", "T25"}, []string{"deployment-tool", "public-upload"}},
		{"A8", "Insecure Deserialization", "a limit: who controls the environment may bypass verification", nil, []string{"deserialization"}},
		{"A9", "Using Components with Known Vulnerabilities", "poisoned packages; the deployment tool", []string{"T1", "T6"}, []string{"poisoned-dependency", "deployment-tool", "url-parse"}},
		{"A10", "Insufficient Logging and Monitoring", "audit", []string{"T19"}, nil},
	}
}
