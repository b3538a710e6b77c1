//go:build !unix

package services

import "syscall"

func ownGroup() *syscall.SysProcAttr { return nil }
