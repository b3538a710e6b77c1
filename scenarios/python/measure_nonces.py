"""Measures what an entry of the used-nonce registry takes: the growth of the
resident set (VmRSS) over many accesses. Prints one JSON object."""

import json
import sys

import dynamic_token

WARM_UP, ACCESSES = 1000, 20000


def resident():
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) << 10
    raise LookupError("no VmRSS")


def access(count):
    for _ in range(count):
        guard.use("00000000-0000-4000-8000-000000000000", "API_KEY", len)


guard = dynamic_token.open_environment()
sys.stdout = open("/dev/null", "w")  # takes the access records
access(WARM_UP)
before = resident()
access(ACCESSES)
sys.__stdout__.write(json.dumps({"nonce_bytes": (resident() - before) / ACCESSES}) + "\n")
