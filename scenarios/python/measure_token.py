"""Measures dynamic_token in one process: python3 measure_token.py CONTEXT

CONTEXT says what is loaded first: bare (nothing), runtime (the frame of a
function), http (an HTTP client), or a scenario, whose benchmark function's modules
are loaded. Prints one JSON object: milliseconds of processor time, bytes of the peak
resident set (VmHWM).
"""

import sys
import time

ACCESSES = 200


def peak():
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) << 10
    raise LookupError("no VmHWM")


def load(context):
    if context == "http":
        import http.client
    elif context != "bare":
        import frame
    if context not in ("bare", "runtime", "http"):
        __import__(context)


def timed(work):
    begin = time.process_time_ns()
    result = work()
    return result, (time.process_time_ns() - begin) / 1e6


load(sys.argv[1])
process_bytes = peak()
token, import_ms = timed(lambda: __import__("dynamic_token"))
import_bytes = peak() - process_bytes
guard, init_ms = timed(token.open_environment)

sys.stdout = open("/dev/null", "w")  # takes the access records


def access(count):
    for _ in range(count):
        guard.use("00000000-0000-4000-8000-000000000000", "API_KEY", len)


_, first_access_ms = timed(lambda: access(1))
_, all_ms = timed(lambda: access(ACCESSES))

import json  # not before: the token module loads it

sys.__stdout__.write(json.dumps({
    "process_bytes": process_bytes, "import_ms": import_ms, "import_bytes": import_bytes,
    "init_ms": init_ms, "first_access_ms": first_access_ms, "access_ms": all_ms / ACCESSES,
}) + "\n")
