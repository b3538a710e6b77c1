"""hello: signs its event with an API key, as a webhook does.

The paper's hello world hashes nothing, as far as it says, and so has not loaded
OpenSSL. This one must sign, to do what the Go function does, and still loads no
more than that one: SHA-256 is the interpreter's own, which hashlib falls back to,
and HMAC (RFC 2104) is a few lines. With hmac and hashlib here the benchmark function
would have loaded most of what the token mechanism needs.
"""

import sys

try:
    if sys.version_info >= (3, 12):
        from _sha2 import sha256
    else:
        from _sha256 import sha256
except ImportError:  # an interpreter built without its own hashes
    from hashlib import sha256

BLOCK_BYTES = 64
INNER = bytes(b ^ 0x36 for b in range(256))
OUTER = bytes(b ^ 0x5C for b in range(256))


def hmac_sha256(key, message):
    """Return the HMAC-SHA256 of message in hexadecimal."""
    if len(key) > BLOCK_BYTES:
        key = sha256(key).digest()
    key = key.ljust(BLOCK_BYTES, b"\0")
    return sha256(key.translate(OUTER) + sha256(key.translate(INNER) + message).digest()).hexdigest()


def setup(setting):
    def handler(request_id, event, secrets):
        signature = secrets.use(request_id, "API_KEY", lambda key: hmac_sha256(key, event))
        return {"signature": signature}

    return handler
