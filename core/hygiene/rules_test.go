package hygiene

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestClassify(t *testing.T) {
	rules := Rules{
		Names:    []string{"DECLARED", "AWS_SESSION_TOKEN"},
		Patterns: []string{"*_PASSWORD", "DB_?"},
		Harmless: []string{"TOKEN_BUCKET", "DECLARED"},
	}
	check := func(name, value string, want Class) {
		t.Helper()
		if got := rules.Classify(name, value); got != want {
			t.Errorf("%s=%s is %s, want %s", name, value, got, want)
		}
	}
	check("DECLARED", "x", Declared) // Harmless takes nothing back
	check("APP_PASSWORD", "x", Declared)
	check("DB_1", "x", Declared)
	check("AWS_SESSION_TOKEN", "x", Declared)

	for _, name := range []string{
		"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
		"ALIBABA_CLOUD_SECURITY_TOKEN", "TENCENTCLOUD_SECRETID", "TENCENTCLOUD_SECRETKEY", "TENCENTCLOUD_SESSIONTOKEN",
	} {
		check(name, "x", Platform)
	}
	// What the platforms set beside their credentials.
	for _, name := range []string{
		"AWS_REGION", "AWS_LAMBDA_RUNTIME_API", "AWS_LAMBDA_FUNCTION_NAME", "_HANDLER", "LAMBDA_TASK_ROOT", "FC_FUNCTION_NAME",
		"FC_INSTANCE_ID", "TENCENTCLOUD_REGION", "TENCENTCLOUD_RUNENV", "SCF_NAMESPACE", "PATH", "LANG", "TZ", "PWD", "OLDPWD", "HOME",
		"ENCRYPTION_KEYS", "STORE_ENDPOINT", "STORE_BUCKET", "OBJECT_SIZE", "DTBENCH_POLICY_FD", "GODEBUG",
	} {
		check(name, "value", Plain)
	}

	for _, name := range []string{"GITHUB_TOKEN", "pgpassword", "STRIPE_API_KEY", "API_KEY_2", "MY_API_KEY_OLD", "CLIENT_SECRET", "MYSQL_PWD", "STORAGE_CONNECTION_STRING"} {
		check(name, "x", Suspicious)
		check(name, "", Plain)
	}
	for _, name := range []string{"TOKEN_URL", "SECRET_ARN", "DB_PASSWORD_FILE", "TOKEN_BUCKET", "TOKENIZER", "KEYBOARD", "MONKEY_ACCESS_KEYS"} {
		check(name, "x", Plain)
	}
	check("CONFIG", "AKIAIOSFODNN7EXAMPLE", Suspicious)
	check("CONFIG", "AKIA", Plain)
	check("CONFIG", "-----BEGIN PRIVATE KEY-----", Suspicious)
	check("CONFIG", "eyJhbGciOiJIUzI1NiJ9.e30.x", Suspicious)
	check("DATABASE_URL", "postgres://user:password@host/db", Suspicious)
	check("DATABASE_URL", "postgres://user@host/db", Plain)
	check("CONFIG", "https://host/path@x:y", Plain)
}

func TestInspect(t *testing.T) {
	found := Rules{Names: []string{"Z"}}.Inspect([]string{"Z=1", "AWS_SESSION_TOKEN=2", "=C:=odd", "odd", "A_TOKEN=3", "PATH=/bin"})
	if got := fmt.Sprint(found); got != "[{AWS_SESSION_TOKEN platform} {A_TOKEN suspicious} {Z declared}]" {
		t.Errorf("found %s", got)
	}
}

func TestCheckNamesThePatternByPosition(t *testing.T) {
	check := func(r Rules, want string) {
		t.Helper()
		err := r.Check()
		if want == "" && err != nil || want != "" && (!errors.Is(err, ErrPattern) || !strings.HasSuffix(err.Error(), want)) {
			t.Errorf("%+v: %v, want …%s", r, err, want)
		}
	}
	check(Rules{Patterns: []string{"A*", "[A-Z]?"}, Harmless: []string{"*"}}, "")
	check(Rules{Patterns: []string{"A", "[A"}}, "entry 2 of the declared patterns")
	check(Rules{Harmless: []string{""}}, "entry 1 of the harmless patterns")
}
