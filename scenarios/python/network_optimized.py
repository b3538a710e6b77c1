"""The network function; its secrets are encrypted, a one-time token opens them."""

import time

MAIN_NS = time.clock_gettime_ns(time.CLOCK_MONOTONIC)  # imports below are part of the initialisation

import frame
import dynamic_token
import network

frame.main(MAIN_NS, dynamic_token.open_environment, network.setup)
