package hygiene

import "strings"

// IsPlatformCredential tells whether a supported platform hands over a
// credential of the function's role under this name.
func IsPlatformCredential(name string) bool {
	switch name {
	// AWS Lambda Developer Guide, "Defined runtime environment variables".
	// AWS_SECURITY_TOKEN is the older name of the session token, which SDKs still
	// read; with SnapStart the credentials come by an authorized request instead
	// (AWS SDKs and Tools Reference Guide, "Container credential provider").
	case "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
		"AWS_SECURITY_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN":
		return true
	// Alibaba Cloud Function Compute, custom runtimes with a function role.
	case "ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN":
		return true
	// Tencent Cloud SCF, functions with an execution role; the forms with more
	// underscores are those that the vendor's SDKs read.
	case "TENCENTCLOUD_SECRETID", "TENCENTCLOUD_SECRETKEY", "TENCENTCLOUD_SESSIONTOKEN",
		"TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_SESSION_TOKEN", "TENCENTCLOUD_TOKEN":
		return true
	}
	return false
}

// secretWords make a name look like a secret's when one of its words, between
// underscores, ends in one of them: DB_PASSWORD, GITHUB_TOKEN, PGPASSWORD.
var secretWords = []string{"SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "PWD", "TOKEN", "CREDENTIAL", "CREDENTIALS", "APIKEY", "SECRETKEY", "SECRETID"}

// secretPairs do so as two words in a row.
var secretPairs = []string{"API_KEY", "ACCESS_KEY", "PRIVATE_KEY", "SIGNING_KEY", "ENCRYPTION_KEY", "ACCOUNT_KEY", "AUTH_KEY", "CONNECTION_STRING"}

// harmlessTails are last words that speak about a secret instead of holding it:
// TOKEN_URL, SECRET_ARN, PASSWORD_FILE.
var harmlessTails = []string{"URL", "URI", "ENDPOINT", "ARN", "FILE", "PATH", "DIR", "NAME", "TTL", "EXPIRY", "EXPIRATION", "SIZE", "LENGTH", "COUNT", "LIMIT", "TYPE", "VERSION", "REGION", "ENABLED"}

// secretValues begin the values of credentials with a fixed form.
var secretValues = []string{
	"AKIA", "ASIA", // AWS access key ids (IAM User Guide, "Unique identifiers")
	"LTAI", "STS.", // Alibaba Cloud access key ids, long-lived and temporary
	"AKID",                                                            // Tencent Cloud secret ids
	"ghp_", "gho_", "ghs_", "github_pat_", "glpat-", "xoxb-", "xoxp-", // GitHub, GitLab, Slack
	"sk_live_", "rk_live_", "sk-", // Stripe and others
	"-----BEGIN ", // PEM
	"eyJ",         // a JSON object in base64url: JWT (RFC 7519)
}

// shortestSecret is the length in bytes below which a value that only begins
// like a credential is not taken for one.
const shortestSecret = 16

// looksSecret judges by the name, by the form of the value, and by credentials
// inside a URL. Empty values and the process's working directory, PWD and
// OLDPWD, are nothing to report.
func looksSecret(name, value string) bool {
	if value == "" || name == "PWD" || name == "OLDPWD" {
		return false
	}
	if nameLooksSecret(strings.ToUpper(name)) {
		return true
	}
	if len(value) >= shortestSecret {
		for _, begin := range secretValues {
			if strings.HasPrefix(value, begin) {
				return true
			}
		}
	}
	// scheme://user:password@host
	_, rest, ok := strings.Cut(value, "://")
	if !ok {
		return false
	}
	authority, _, _ := strings.Cut(rest, "/")
	user, _, ok := strings.Cut(authority, "@")
	return ok && strings.Contains(user, ":")
}

func nameLooksSecret(name string) bool {
	last := name[strings.LastIndexByte(name, '_')+1:]
	for _, tail := range harmlessTails {
		if last == tail {
			return false
		}
	}
	for rest := name; rest != ""; {
		var word string
		word, rest, _ = strings.Cut(rest, "_")
		for _, secret := range secretWords {
			if strings.HasSuffix(word, secret) {
				return true
			}
		}
	}
	for _, pair := range secretPairs {
		if name == pair || strings.HasPrefix(name, pair+"_") || strings.HasSuffix(name, "_"+pair) || strings.Contains(name, "_"+pair+"_") {
			return true
		}
	}
	return false
}
