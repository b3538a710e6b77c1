package audit

var templates = []Template{
	{
		Name: "pci-dss", Title: "PCI DSS v4.0.1 (June 2024)",
		Retention: Retention{Least: 365 * day, Immediate: 92 * day},
		Mode:      Strict, CriticalFailures: 3,
		Clauses: []Clause{
			{"PCI DSS v4.0.1, 10.5.1", "keep audit log history for at least 12 months, the most recent three at once available", "Retention.Least, Retention.Immediate"},
			{"PCI DSS v4.0.1, 10.2.2", "record who, what kind of event, when, success or failure, from where, and which data or resource", "the schema: source, event, time, result, function and instance, key"},
			{"PCI DSS v4.0.1, 10.2.1.4", "record all invalid attempts at logical access", "every refusal is a record"},
			{"PCI DSS v4.0.1, 10.3.4", "detect changes to audit logs", "the hash chain; use ChainKey and keep Log.Head elsewhere"},
			{"PCI DSS v4.0.1, 10.2.1.6", "record when logs are started, stopped or paused", "opened and closed records"},
			{"PCI DSS v4.0.1, 10.3.1, 10.3.2, 10.3.3, 10.4", "limit who reads logs, protect them, back them up promptly, review them", ""},
		},
		Note: "The standard names no number of failures after which to alert, and does not ask for encryption of log fields; Strict and 3 are ours.",
	},
	{
		Name: "gdpr", Title: "Regulation (EU) 2016/679 (GDPR)",
		Retention: Retention{Most: 180 * day},
		Mode:      Strict, CriticalFailures: 3,
		Encrypt: []string{FieldRequest, FieldSource},
		Clauses: []Clause{
			{"GDPR Art. 5(1)(e)", "keep personal data in identifying form no longer than the purpose needs", "Retention.Most"},
			{"GDPR Art. 5(1)(c)", "limit personal data to what the purpose needs", "successes record no source"},
			{"GDPR Art. 32(1)(a)", "pseudonymise and encrypt, where appropriate to the risk", "Encrypt"},
			{"GDPR Art. 5(2)", "be able to demonstrate compliance", "the hash chain"},
			{"GDPR Art. 13, 15, 17, 30", "inform, give access, erase, keep a record of processing", ""},
		},
		Note: "The regulation sets no period: 180 days is our choice and has to be justified by the purpose. Encrypted records are still personal data for whoever has the key; to erase a record breaks the chain from there on, so erase by destroying the field key.",
	},
	{
		Name: "ccpa", Title: "California Consumer Privacy Act, as amended by the CPRA",
		Retention: Retention{Most: 365 * day},
		Mode:      Strict, CriticalFailures: 3,
		Encrypt: []string{FieldSource},
		Clauses: []Clause{
			{"Cal. Civ. Code 1798.100(a)(3)", "tell how long each category of personal information is kept, and keep it no longer than reasonably necessary", "Retention.Most"},
			{"Cal. Civ. Code 1798.100(e)", "take reasonable security procedures appropriate to the information", "Encrypt"},
			{"Cal. Civ. Code 1798.150(a)(1)", "liability is for information that is nonencrypted and nonredacted", "Encrypt"},
			{"Cal. Civ. Code 1798.105", "delete on request, with exceptions for security incidents", ""},
		},
		Note: "The act sets no period for security logs: 365 days is our choice. The 24 months of 11 CCR 7101 are for records of consumer requests, which these are not.",
	},
	{
		Name: "hipaa", Title: "HIPAA Security Rule, 45 CFR Part 164 Subpart C",
		Retention: Retention{Least: 6*365*day + 2*day},
		Mode:      Strict, CriticalFailures: 3,
		Encrypt: []string{FieldRequest, FieldSource},
		Clauses: []Clause{
			{"45 CFR 164.312(b)", "record and examine activity in systems that hold electronic protected health information", "every access is a record"},
			{"45 CFR 164.316(b)(2)(i)", "keep required documentation for 6 years", "Retention.Least"},
			{"45 CFR 164.312(c)(1)", "protect information from improper alteration", "the hash chain"},
			{"45 CFR 164.312(a)(2)(iv)", "encrypt, where reasonable and appropriate (addressable)", "Encrypt"},
			{"45 CFR 164.308(a)(1)(ii)(D)", "review records of activity regularly", ""},
		},
		Note: "The six years are for documentation; that they hold for audit records is the cautious reading, not the text.",
	},
}
