"""The optimized variant: a stand-in for the paper's dynamic-token prototype.

The prototype of Liu et al. (PeerJ Computer Science 11:e3029, 2025) ran on CPython
3.8 and is unpublished. This module does what the paper describes:

* the initialiser encrypts the variables that ENCRYPTION_KEYS names, so that only
  ciphertext is left in the environment;
* the handler computes DecryptToken = H(RequestID | InstanceID | Nonce | Timestamp |
  DataKey), Eq. (1), with | for concatenation;
* Algorithm 1 verifies it: nonce unused, timestamp in the window, token equal to
  the one computed again; then the value is opened and the access recorded.

Our guesses, because the paper does not say: the hash (SHA-256), the cipher (a
keystream and a tag of HMAC-SHA256, encrypt-then-MAC, all that the standard library
has), the window (10 s), the record (one JSON line on standard output), and so what
is imported below, which is most of what the mechanism costs.

This is an object of measurement. Eq. (1) has no key and frames nothing, CPython
keeps copies of strings, and the process's initial environment stays readable in
/proc: the module core of this project is what to use.
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import time

WINDOW_NS = 10 * 10**9
TAG_BYTES = 32


class AccessDenied(Exception):
    """The token was refused. The reason is in the record, not in the error."""


def keystream(key, nonce, size):
    """HMAC-SHA256 in counter mode."""
    blocks = [
        hmac.new(key, nonce + counter.to_bytes(8, "big"), "sha256").digest()
        for counter in range((size + 31) // 32)
    ]
    return b"".join(blocks)[:size]


def xor(data, stream):
    return (int.from_bytes(data, "big") ^ int.from_bytes(stream, "big")).to_bytes(len(data), "big")


class Guard:
    """Seals values under keys of this process and opens them for a token."""

    def __init__(self):
        self.instance_id = os.urandom(16).hex()
        self.stream_key = os.urandom(32)
        self.tag_key = os.urandom(32)
        self.used = {}  # nonce → timestamp (ns), oldest first
        self.sealed = {}  # name → ciphertext

    def seal(self, name, value):
        """Encrypt a value; the tag binds it to its name."""
        nonce = os.urandom(16)
        encrypted = xor(value, keystream(self.stream_key, nonce, len(value)))
        self.sealed[name] = nonce + encrypted + self.tag(name, nonce + encrypted)
        return base64.urlsafe_b64encode(self.sealed[name]).decode()

    def tag(self, name, data):
        name = name.encode()
        return hmac.new(self.tag_key, len(name).to_bytes(4, "big") + name + data, "sha256").digest()

    def unseal(self, name):
        sealed = self.sealed[name]
        body, tag = sealed[:-TAG_BYTES], sealed[-TAG_BYTES:]
        if not hmac.compare_digest(tag, self.tag(name, body)):
            raise AccessDenied("access to %s was denied" % name)
        nonce, encrypted = body[:16], body[16:]
        return xor(encrypted, keystream(self.stream_key, nonce, len(encrypted)))

    def token(self, request_id, nonce, timestamp, name):
        """Eq. (1)."""
        text = request_id + self.instance_id + nonce + str(timestamp) + name
        return hashlib.sha256(text.encode()).hexdigest()

    def issue(self, request_id, name):
        """Return decryption token, nonce and timestamp (ns since 1970)."""
        nonce, timestamp = os.urandom(16).hex(), time.time_ns()
        return self.token(request_id, nonce, timestamp, name), nonce, timestamp

    def open(self, request_id, name, token, nonce, timestamp):
        """Algorithm 1: return the value, or raise AccessDenied."""
        now = time.time_ns()
        reason = self.refusal(request_id, name, token, nonce, timestamp, now)
        self.record(request_id, name, reason, now)
        if reason:
            raise AccessDenied("access to %s was denied" % name)
        self.forget(now)
        self.used[nonce] = timestamp
        return self.unseal(name)

    def refusal(self, request_id, name, token, nonce, timestamp, now):
        if nonce in self.used:
            return "nonce_reused"
        if abs(now - timestamp) > WINDOW_NS:
            return "outside_window"
        if not hmac.compare_digest(token, self.token(request_id, nonce, timestamp, name)):
            return "token_mismatch"
        return None

    def forget(self, now):
        """Drop nonces whose tokens are outside of the window anyway."""
        while self.used:
            oldest = next(iter(self.used))
            if now - self.used[oldest] <= 2 * WINDOW_NS:
                return
            del self.used[oldest]

    def record(self, request_id, name, reason, now):
        """Write one line for the platform's log: no token, no nonce, no value."""
        entry = {
            "event": "secret_access", "request_id": request_id, "data_key": name,
            "result": "denied" if reason else "granted", "time_ns": now,
        }
        if reason:
            entry["reason"] = reason
        sys.stdout.write(json.dumps(entry) + "\n")
        sys.stdout.flush()

    def use(self, request_id, name, use):
        """Call use with the plaintext of the named secret and return its result."""
        if name not in self.sealed:
            raise LookupError("%s is not among ENCRYPTION_KEYS" % name)
        token, nonce, timestamp = self.issue(request_id, name)
        return use(self.open(request_id, name, token, nonce, timestamp))


def open_environment():
    """Seal the variables that ENCRYPTION_KEYS names, in place."""
    guard = Guard()
    names = os.environ.get("ENCRYPTION_KEYS", "").split(",")
    for name in filter(None, (name.strip() for name in names)):
        value = os.environ.get(name)
        if not value:
            raise LookupError("the variable %s of ENCRYPTION_KEYS is not set" % name)
        os.environ[name] = guard.seal(name, value.encode())
    if not guard.sealed:
        raise LookupError("ENCRYPTION_KEYS is not set")
    return guard
