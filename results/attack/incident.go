package attack

// Incident is a case that the paper tells, in words.
type Incident struct {
	Name   string `json:"name"` // such as webide
	Title  string `json:"title"`
	Source string `json:"source"` // where the paper tells it, and OWASP's category
	// Adversary is empty where the attacker is who sends the event: none of A0 to A4.
	Adversary Adversary `json:"adversary,omitempty"`
	Story     string    `json:"story"`  // what happens, act by act
	Lesson    string    `json:"lesson"` // what follows from it
	// OutOfScope says why there is nothing to run; empty where there is.
	OutOfScope string `json:"out_of_scope,omitempty"`
	// AsRoot is as that of a Description.
	AsRoot bool `json:"as_root,omitempty"`
	// Expected outcomes by variant.
	Expected map[string]Outcome `json:"expected,omitempty"`
}
