// Package contract connects a function to the platform that runs it. The
// contract is recognised by the environment, so that one binary serves every
// platform that it was built for; today that is the AWS Lambda Runtime API,
// through aws-lambda-go.
package contract

import (
	"context"
	"fmt"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/dtbench/dtbench/scenarios/function"
)

// Main is the whole main of a function. It does not return: the platform ends
// the process, or a failed initialisation exits with 1 after one line on
// standard error.
func Main(setup function.Setup, provider function.Provider) {
	in, err := function.Start(setup, provider)
	if err != nil {
		fail(err)
	}
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") == "" {
		fail(fmt.Errorf("no known platform: AWS_LAMBDA_RUNTIME_API is not set"))
	}
	in.Ready()
	lambda.Start(lambdaHandler{in})
}

func fail(err error) {
	fmt.Fprintf(os.Stderr, "function: initialisation failed: %v\n", err)
	os.Exit(1)
}

// lambdaHandler is a lambda.Handler, which spares the reflection of a plain
// func.
type lambdaHandler struct{ in *function.Instance }

func (h lambdaHandler) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	req := function.Request{Event: event}
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		req.ID = lc.AwsRequestID
	}
	return h.in.Invoke(ctx, req)
}
