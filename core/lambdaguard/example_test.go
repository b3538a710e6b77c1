package lambdaguard_test

import (
	"context"
	"fmt"
	"os"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/dtbench/dtbench/core"
	"github.com/dtbench/dtbench/core/access"
	"github.com/dtbench/dtbench/core/lambdaguard"
)

type order struct {
	Item string `json:"item"`
}

// pay is a function's business. It names the value and gets it for as long as
// the callback runs.
func pay(ctx context.Context, o order) (string, error) {
	err := access.Use(ctx, "PAYMENT_KEY", func(key []byte) error {
		return nil // sign the order with key, and keep no copy
	})
	return "paid for " + o.Item, err
}

func Example() {
	os.Setenv("ENCRYPTION_KEYS", "PAYMENT_KEY") // by the operator, in the function's configuration
	os.Setenv("PAYMENT_KEY", "0123456789abcdef")

	// In main. The audit is off only because an example's output is compared.
	guard, err := core.FromEnvironment(core.Config{Policy: &core.Policy{Audit: core.AuditPolicy{Mode: core.AuditOff}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer guard.Close()
	handler := lambdaguard.Wrap(guard, pay)
	// lambda.Start(handler)

	// What lambda.Start does with an event.
	ctx := lambdacontext.NewContext(context.Background(), &lambdacontext.LambdaContext{AwsRequestID: "8476a536-e9f4-11e8-9739-2dfe598c3fcd"})
	answer, err := handler.Invoke(ctx, []byte(`{"item":"a book"}`))
	fmt.Println(string(answer), err)
	fmt.Println("in the environment:", os.Getenv("PAYMENT_KEY")[:4]+"…")

	// Output:
	// "paid for a book" <nil>
	// in the environment: dt1.…
}
