"""The hello function; its secrets are plaintext environment variables."""

import time

MAIN_NS = time.clock_gettime_ns(time.CLOCK_MONOTONIC)  # imports below are part of the initialisation

import frame
import plain_secrets
import hello

frame.main(MAIN_NS, plain_secrets.open_environment, hello.setup)
