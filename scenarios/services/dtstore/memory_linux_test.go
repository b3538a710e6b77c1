package main

import (
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"
)

// TestMemory holds the store's memory after load: it runs beside what is measured.
func TestMemory(t *testing.T) {
	store, client, _ := start(t)
	highWater := func() int {
		status, err := os.ReadFile("/proc/" + strconv.Itoa(store.PID()) + "/status")
		if err != nil {
			t.Fatal(err)
		}
		kib, err := strconv.Atoi(regexp.MustCompile(`VmHWM:\s+([0-9]+) kB`).FindStringSubmatch(string(status))[1])
		if err != nil {
			t.Fatal(err)
		}
		return kib
	}
	idle := highWater()
	body := make([]byte, 1024)
	began := time.Now()
	const n = 500
	for range n {
		if err := client.Put(t.Context(), "k", body, []byte(secretKey)); err != nil {
			t.Fatal(err)
		}
	}
	each := time.Since(began) / n
	loaded := highWater()
	t.Logf("VmHWM %d KiB when ready, %d KiB after %d PUTs of 1 KiB, %v each", idle, loaded, n, each)
	if limit := 128 << 10; loaded > limit {
		t.Errorf("VmHWM %d KiB, more than %d", loaded, limit)
	}
}
