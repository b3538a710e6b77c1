package audit_test

import (
	"bytes"
	"fmt"
	"time"

	"github.com/dtbench/dtbench/core/audit"
	"github.com/dtbench/dtbench/core/audit/trail"
)

// A guard records a grant before it releases the value; a SIEM gets the records
// in its own format.
func Example() {
	var file bytes.Buffer
	log, err := audit.New(audit.Options{Sink: audit.NewSink(&file), GrantBound: time.Second})
	if err != nil {
		panic(err)
	}
	err = log.Append(&audit.Record{
		Event: audit.Verify, Result: audit.Granted,
		Request: audit.Identify("r-1"), Key: audit.NewName("API_KEY"),
	})
	if err != nil {
		return // not recorded: the value must not be released
	}
	if err := log.Close(time.Second); err != nil {
		panic(err)
	}

	report, err := trail.Verify(&file, trail.Options{Closed: true}, func(e *trail.Entry) error {
		if e.Event == "verify" {
			fmt.Println(len(trail.OCSF(e)) > 0, e.Result, e.Key)
		}
		return nil
	})
	fmt.Println(report.Records, report.Break, err)
	// Output:
	// true granted API_KEY
	// 3 <nil> <nil>
}
