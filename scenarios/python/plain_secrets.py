"""The benchmark variant: secrets are plaintext environment variables.

The paper's baseline: "The benchmark version directly reads environment
variables". It protects nothing.
"""

import os


class PlainSecrets:
    def use(self, request_id, name, use):
        """Call use with the plaintext of the variable and return its result."""
        value = os.environ.get(name)
        if value is None:
            raise LookupError("the environment variable %s is not set" % name)
        return use(value.encode())


def open_environment():
    return PlainSecrets()
