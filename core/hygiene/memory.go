package hygiene

// eraseRuntime overwrites the values in the runtime's own copy of the
// environment.
func eraseRuntime(old map[string]string, r *Report) {
	for _, value := range old {
		if zero(value) {
			r.Runtime++
		}
	}
}
