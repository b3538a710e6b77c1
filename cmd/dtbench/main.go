// Command dtbench measures what a way of protecting a serverless function's
// credentials costs. See the README, or dtbench help.
//
// This package is the only one that reads arguments and the environment,
// prints, or exits.
package main

import (
	"os"
	"time"
)

func main() {
	executable, _ := os.Executable() // without it there is no prebuilt folder to look in
	dir, err := os.Getwd()
	if err != nil {
		dir = "."
	}
	os.Exit(execute(&app{
		stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv,
		executable: executable, workDir: dir, now: time.Now,
	}, os.Args[1:]))
}
