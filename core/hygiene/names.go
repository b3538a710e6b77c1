package hygiene

import "strings"

// IsPlatformCredential tells whether a supported platform hands over a
// credential under this name.
func IsPlatformCredential(name string) bool { return platformCredentials[name] }

var platformCredentials = map[string]bool{
	// AWS Lambda Developer Guide, "Defined runtime environment variables"; the
	// last two are how SnapStart and container credentials travel (AWS SDKs and
	// Tools Reference Guide, "Container credential provider").
	"AWS_ACCESS_KEY_ID":                 true,
	"AWS_SECRET_ACCESS_KEY":             true,
	"AWS_SESSION_TOKEN":                 true,
	"AWS_SECURITY_TOKEN":                true, // the name before 2014, still read by SDKs
	"AWS_CONTAINER_AUTHORIZATION_TOKEN": true,
	// Alibaba Cloud Function Compute, custom runtimes on Debian 11 and later.
	"ALIBABA_CLOUD_ACCESS_KEY_ID":     true,
	"ALIBABA_CLOUD_ACCESS_KEY_SECRET": true,
	"ALIBABA_CLOUD_SECURITY_TOKEN":    true,
	// Tencent Cloud SCF, functions with an execution role; the forms with
	// underscores are those that its SDKs read.
	"TENCENTCLOUD_SECRETID":      true,
	"TENCENTCLOUD_SECRETKEY":     true,
	"TENCENTCLOUD_SESSIONTOKEN":  true,
	"TENCENTCLOUD_SECRET_ID":     true,
	"TENCENTCLOUD_SECRET_KEY":    true,
	"TENCENTCLOUD_SESSION_TOKEN": true,
	"TENCENTCLOUD_TOKEN":         true,
}

func looksSecret(name, value string) bool {
	return strings.Contains(name, "SECRET") && value != ""
}
