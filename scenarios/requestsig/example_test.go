package requestsig_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/dtbench/dtbench/scenarios/requestsig"
)

func Example() {
	key := []byte("a shared key")
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := requestsig.Verify(r, key, time.Now(), 5*time.Minute); err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		fmt.Fprint(w, "welcome")
	}))
	defer target.Close()

	req, _ := http.NewRequest(http.MethodGet, target.URL+"/data?size=1024", nil)
	if err := requestsig.Sign(req, key, time.Now()); err != nil {
		fmt.Println(err)
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	answer.Body.Close()
	fmt.Println(answer.Status)
	// Output: 200 OK
}
