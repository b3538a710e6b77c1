"""The frame that every function shares: proof of temperature, clocks, errors.

It does for the Python functions what scenarios/function does for those in Go,
and answers with the same JSON: instance id, invocation counter, timings, result.
It imports nothing that the token mechanism would have to load otherwise, apart
from json and os, which every hosted Python runtime loads too.
"""

import json
import os
import sys
import time

import lambda_api


def now():
    """Nanoseconds on the clock that the processes of one machine share."""
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC)


class TimedSecrets:
    """Adds up the time spent in access, without the use of the value."""

    def __init__(self, inner):
        self.inner = inner
        self.spent = 0

    def use(self, request_id, name, use):
        using = 0

        def timed(secret):
            nonlocal using
            opened = now()
            try:
                return use(secret)
            finally:
                using = now() - opened

        begin = now()
        try:
            return self.inner.use(request_id, name, timed)
        finally:
            self.spent += now() - begin - using


class Instance:
    """One running copy of a function; invocations come one at a time."""

    def __init__(self, main_ns, secrets, handler):
        self.id = os.urandom(16).hex()
        self.invocations = 0
        self.secrets = TimedSecrets(secrets)
        self.handler = handler
        self.main_ns = main_ns
        self.ready_ns = now()

    def invoke(self, request_id, event):
        """Run the handler once and return its answer as JSON in bytes."""
        entered = now()
        self.invocations += 1
        self.secrets.spent = 0
        result = self.handler(request_id, event, self.secrets)
        took = now() - entered
        answer = {
            "instance": self.id,
            "invocation": self.invocations,
            "timings": {
                "main_ns": self.main_ns,  # first statement of the script
                "ready_ns": self.ready_ns,  # about to ask for the first event
                "entered_ns": entered,  # first statement of the handler
                "handler_ns": took,
                "secrets_ns": self.secrets.spent,
            },
            "result": result,
        }
        return json.dumps(answer).encode()


def main(main_ns, provider, setup):
    """The whole main of a function: initialise, then serve until killed.

    provider makes the way to the secrets and setup the handler, in this order:
    the paper's initialiser runs before the function's own code.
    """
    try:
        secrets = provider()
        handler = setup(os.environ.get)
        address = os.environ.get("AWS_LAMBDA_RUNTIME_API")
        if not address:
            raise LookupError("no known platform: AWS_LAMBDA_RUNTIME_API is not set")
        instance = Instance(main_ns, secrets, handler)
    except Exception as error:
        print("function: initialisation failed: %s" % error, file=sys.stderr)
        sys.exit(1)
    lambda_api.serve(address, instance.invoke)
