package model

import "github.com/dtbench/dtbench/results/profiles"

// token is what the mechanism adds to one scenario, from a cost profile.
type token struct {
	initialise float64 // C_init, ms of processor time
	access     float64 // C_access, likewise
	memory     float64 // MB once
	nonce      float64 // MB per access
}

// overlapped is C_init(s) = c0 + c_mod·(1 − ω_s) and m_mod·(1 − ω_s): what the
// mechanism loads costs nothing as far as the scenario has loaded it already.
// factor is the time on the platform over that on the profile's machine.
func overlapped(p profiles.Profile, scenario string, factor float64) token {
	return token{
		initialise: factor * (p.InitMS + p.LoadingMS(scenario)),
		access:     factor * p.AccessMS,
		memory:     p.LoadingMB(scenario),
		nonce:      p.NonceBytes / 1e6,
	}
}
