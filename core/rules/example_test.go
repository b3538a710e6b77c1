package rules_test

import (
	"fmt"

	"github.com/dtbench/dtbench/core/rules"
)

// A rule is compiled once; each goroutine computes with an evaluator of its own.
func ExampleCompile() {
	rule, err := rules.Compile("$sha512($functionname, $tenant)", rules.Options{Static: map[string]string{"tenant": "acme"}})
	if err != nil {
		panic(err)
	}
	e, err := rule.NewEvaluator([]byte("a key of thirty-two bytes or more"))
	if err != nil {
		panic(err)
	}
	mac, err := e.Sum(nil, &rules.Values{
		RequestID: "r-1", InstanceID: "i-1", DataKey: "API_KEY", FunctionName: "hello",
		Nonce: make([]byte, rules.NonceSize), Timestamp: make([]byte, rules.TimestampSize),
	})
	fmt.Println(rule.Algorithm(), rule.Parameters(), len(mac), err)
	// Output: hmac_sha512 [datakey functionname instanceid nonce requestid tenant timestamp] 32 <nil>
}

func ExampleError() {
	_, err := rules.Compile("$sha256($request_id)", rules.Options{})
	fmt.Println(err)
	// Output:
	// rules: line 1, column 9: unknown parameter $request_id (did you mean $requestid?)
	//     $sha256($request_id)
	//             ^
}
