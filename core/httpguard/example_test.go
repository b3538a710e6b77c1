package httpguard_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/dtbench/dtbench/core"
	"github.com/dtbench/dtbench/core/access"
	"github.com/dtbench/dtbench/core/httpguard"
)

func Example() {
	os.Setenv("ENCRYPTION_KEYS", "SIGNING_KEY") // by the operator, in the function's configuration
	os.Setenv("SIGNING_KEY", "0123456789abcdef")

	// In main. The audit is off only because an example's output is compared.
	guard, err := core.FromEnvironment(core.Config{Policy: &core.Policy{Audit: core.AuditPolicy{Mode: core.AuditOff}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer guard.Close()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /sign", func(w http.ResponseWriter, r *http.Request) {
		err := access.Use(r.Context(), "SIGNING_KEY", func(key []byte) error {
			fmt.Fprintf(w, "signed with a key of %d bytes", len(key))
			return nil
		})
		if err != nil {
			http.Error(w, http.StatusText(httpguard.Status(err)), httpguard.Status(err))
		}
	})
	handler := httpguard.Wrap(guard, mux, httpguard.WithSource(httpguard.RemoteAddress))
	// http.ListenAndServe(":9000", handler)

	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/sign", nil))
	fmt.Println(w.Code, w.Body)

	// Output:
	// 200 signed with a key of 16 bytes
}
