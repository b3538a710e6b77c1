package core

import (
	"errors"
	"time"

	"github.com/dtbench/dtbench/core/audit"
)

// AuditMode says when a grant is recorded.
type AuditMode string

// The audit modes.
const (
	// AuditStrict writes the record of a grant before the value is released and
	// denies access if the sink does not take it in time. The default.
	AuditStrict AuditMode = "strict"

	// AuditAsync buffers records and writes them later, as Algorithm 2 of the
	// paper does: what is in the buffer is lost with the process.
	AuditAsync AuditMode = "async"

	// AuditOff records nothing.
	AuditOff AuditMode = "off"
)

// AuditPolicy says where audit records go.
type AuditPolicy struct {
	Mode AuditMode `json:"mode,omitempty"`

	// Sink is stdout (the default: platforms collect it), stderr, file:PATH, or
	// fd:N for an inherited descriptor.
	Sink string `json:"sink,omitempty"`

	// GrantBound is how long a grant may wait for the sink in strict mode.
	// Default 1 ms.
	GrantBound Duration `json:"grant_bound,omitempty"`

	// Template is a starting point for rules that apply to the records:
	// pci-dss, gdpr, ccpa or hipaa (see [audit.Templates]). Those that encrypt
	// fields need Config.AuditFieldKey.
	Template string `json:"template,omitempty"`
}

func (p AuditPolicy) check() error {
	switch {
	case !oneOf(p.Mode, "", AuditStrict, AuditAsync, AuditOff):
		return errors.New("audit: mode is not strict, async or off")
	case p.GrantBound < 0 || time.Duration(p.GrantBound) > time.Second:
		return errors.New("audit: grant_bound is not within 0 to 1s")
	case p.Template != "" && p.Mode == AuditOff:
		return errors.New("audit: a template for records that are not made")
	case p.Template != "":
		_, err := audit.FindTemplate(p.Template)
		return err
	}
	return nil
}
