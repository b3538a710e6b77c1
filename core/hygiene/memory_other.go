//go:build !unix

package hygiene

// zero does nothing: here os.Getenv asks the system and returns a copy.
func zero(string) bool { return false }
