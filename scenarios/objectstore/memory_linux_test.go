package objectstore

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// The memory test runs this test binary again as a function would run: it reads the secret from a pipe into bytes, puts
// three objects, clears its own copy, and then searches every writable page of itself for what should be gone. The
// needles come masked, so that the search itself is no copy.

const (
	memoryTestMode = "DTBENCH_TEST_MEMORY"
	needleMask     = 0xa5
)

// memoryTask is what the parent hands to the process that is searched. Needles are masked with needleMask.
type memoryTask struct {
	Mode     string
	Endpoint string
	Needles  map[string][]byte
}

func TestMain(m *testing.M) {
	if task := os.Getenv(memoryTestMode); task != "" {
		if err := searchedProcess([]byte(task)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestNothingOfTheSecretStaysInMemory(t *testing.T) {
	const secret = "dtb3nch+memory/test/SECRET+0123456789abc"
	needles := keyMaterial(t, secret, "us-east-1")

	own := searchMemory(t, "objectstore", secret, needles)
	for name, n := range own {
		if name != "decoy" {
			t.Errorf("%d copies of %s are left", n, name)
		}
	}
	if own["decoy"] == 0 {
		t.Error("the search does not find the decoy: it proves nothing")
	}

	// The same search over the vendor's client: it finds the secret, so this test can fail.
	sdk := searchMemory(t, "aws-sdk-go-v2", secret, needles)
	if sdk["secret"] == 0 || sdk["decoy"] == 0 {
		t.Errorf("the search finds nothing behind the AWS SDK: %v", sdk)
	}
	t.Logf("%d needles. Found behind objectstore: %v. Found behind aws-sdk-go-v2: %v", len(needles), own, sdk)
}

// keyMaterial lists everything that signs as well as the secret does: the secret, the keys of the chain, each key as a
// padded HMAC block, and each saved hash state of a padded key, all of them also in the byte order of SHA-256's 32-bit words.
func keyMaterial(t *testing.T, secret, region string) map[string][]byte {
	needles := map[string][]byte{"secret": []byte(secret), "decoy": []byte("decoy: planted in the process that is searched")}
	add := func(name string, b []byte) {
		needles[name] = b
		swapped := bytes.Clone(b[:len(b)&^3])
		for i := 0; i < len(swapped); i += 4 {
			swapped[i], swapped[i+1], swapped[i+2], swapped[i+3] = swapped[i+3], swapped[i+2], swapped[i+1], swapped[i]
		}
		needles[name+", words"] = swapped
	}
	mac := func(key []byte, message string) []byte {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(message))
		return h.Sum(nil)
	}
	key := []byte("AWS4" + secret)
	for i, message := range []string{awsDate.Format("20060102"), region, "s3", terminator, ""} {
		name := []string{"AWS4+secret", "date key", "region key", "service key", "signing key"}[i]
		add(name, key)
		for _, pad := range []byte{0x36, 0x5c} {
			block := make([]byte, sha256.BlockSize)
			copy(block, key)
			for j := range block {
				block[j] ^= pad
			}
			add(fmt.Sprintf("%s ^ %#x", name, pad), block[:len(key)])
			h := sha256.New()
			h.Write(block)
			state, err := h.(encoding.BinaryMarshaler).MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			add(fmt.Sprintf("state after %s ^ %#x", name, pad), state[4:36])
		}
		key = mac(key, message)
	}
	return needles
}

// searchMemory runs the process and returns how often it found each needle in itself.
func searchMemory(t *testing.T, mode, secret string, needles map[string][]byte) map[string]int {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		if !strings.Contains(r.Header.Get("Authorization"), "Signature=") {
			t.Error("an unsigned request")
		}
	}))
	defer server.Close()

	task := memoryTask{Mode: mode, Endpoint: server.URL, Needles: map[string][]byte{}}
	for name, needle := range needles {
		task.Needles[name] = masked(needle)
	}
	text, err := json.Marshal(task)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), memoryTestMode+"="+string(text))
	cmd.Stdin = strings.NewReader(secret)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v: %s", mode, err, stderr.String())
	}
	found := map[string]int{}
	if err := json.Unmarshal(out, &found); err != nil {
		t.Fatal(err)
	}
	return found
}

func masked(b []byte) []byte {
	out := bytes.Clone(b)
	mask(out)
	return out
}

func mask(b []byte) {
	for i := range b {
		b[i] ^= needleMask
	}
}

// searchedProcess is the process that puts and then searches itself.
func searchedProcess(text []byte) error {
	var task memoryTask
	if err := json.Unmarshal(text, &task); err != nil {
		return err
	}
	buffer := make([]byte, 128)
	n, err := io.ReadFull(os.Stdin, buffer)
	if err != io.ErrUnexpectedEOF {
		return fmt.Errorf("read the secret: %d bytes, %w", n, err)
	}
	secret := buffer[:n]
	decoy := masked(task.Needles["decoy"])

	switch task.Mode {
	case "objectstore":
		c := &Client{
			Endpoint: task.Endpoint, Region: "us-east-1", Bucket: "bucket", AccessKey: "AKID",
			Now: func() time.Time { return awsDate },
		}
		for range 3 {
			if err := c.Put(context.Background(), "key", make([]byte, 1024), secret); err != nil {
				return err
			}
		}
	case "aws-sdk-go-v2":
		client := s3.New(s3.Options{
			BaseEndpoint: &task.Endpoint, Region: "us-east-1", UsePathStyle: true,
			Credentials:                credentials.NewStaticCredentialsProvider("AKID", string(secret), ""),
			RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		})
		for range 3 {
			_, err := client.PutObject(context.Background(), &s3.PutObjectInput{
				Bucket: aws.String("bucket"), Key: aws.String("key"), Body: bytes.NewReader(make([]byte, 1024)),
			})
			if err != nil {
				return err
			}
		}
	default:
		return fmt.Errorf("unknown mode %q", task.Mode)
	}
	clear(buffer)

	found, err := searchOwnMemory(task.Needles)
	if err != nil {
		return err
	}
	if decoy[0] != 'd' {
		return fmt.Errorf("the decoy changed: %x", decoy)
	}
	return json.NewEncoder(os.Stdout).Encode(found)
}

// searchOwnMemory counts each masked needle in the writable pages of this process. It masks what it reads, in place,
// before it compares.
func searchOwnMemory(needles map[string][]byte) (map[string]int, error) {
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return nil, err
	}
	defer maps.Close()
	memory, err := os.Open("/proc/self/mem")
	if err != nil {
		return nil, err
	}
	defer memory.Close()

	// One pass for all needles: the table says which pairs of bytes begin one.
	var begins [1 << 16]bool
	longest := 0
	for _, needle := range needles {
		begins[uint16(needle[0])<<8|uint16(needle[1])] = true
		longest = max(longest, len(needle))
	}

	const window = 1 << 20
	buffer := make([]byte, window)
	empty := make([]byte, window)
	found := map[string]int{}
	lines := bufio.NewScanner(maps)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if !strings.HasPrefix(fields[1], "rw") {
			continue
		}
		from, to, _ := strings.Cut(fields[0], "-")
		start, err := strconv.ParseInt(from, 16, 64)
		if err != nil {
			return nil, err
		}
		end, err := strconv.ParseInt(to, 16, 64)
		if err != nil {
			return nil, err
		}
		for at := start; at < end; at += int64(window - longest) {
			n, err := memory.ReadAt(buffer[:min(window, end-at)], at)
			if err != nil && n == 0 {
				break // a mapping that went away
			}
			if bytes.Equal(buffer[:n], empty[:n]) {
				continue
			}
			mask(buffer[:n])
			// A needle that begins in the last longest bytes is found in the next window, unless this is the last.
			limit := n - 1
			if at+int64(n) < end {
				limit = n - longest
			}
			for i := range max(limit, 0) {
				if !begins[uint16(buffer[i])<<8|uint16(buffer[i+1])] {
					continue
				}
				for name, needle := range needles {
					if bytes.HasPrefix(buffer[i:n], needle) {
						found[name]++
					}
				}
			}
		}
	}
	return found, lines.Err()
}

// TestKeyMaterial checks the needles themselves: a search for the wrong bytes would find nothing and pass.
func TestKeyMaterial(t *testing.T) {
	needles := keyMaterial(t, awsSecretKey, "us-east-1")
	// The signing key of the published examples: it gives the published signature.
	h := hmac.New(sha256.New, needles["signing key"])
	h.Write([]byte("AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n" +
		"7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972"))
	if got, want := hex.EncodeToString(h.Sum(nil)), "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"; got != want {
		t.Errorf("the signing key gives %s, want %s", got, want)
	}
}
