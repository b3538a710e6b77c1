"""Writes an object to S3-compatible storage with AWS Signature Version 4.

One signed PUT with the payload's hash, as scenarios/objectstore sends it; a vendor
SDK would load tens of megabytes that have nothing to do with what is measured.

Sources: Amazon S3 API Reference, "Signature Calculations for the Authorization
Header: Transferring Payload in a Single Chunk"; Amazon S3 User Guide, "Virtual
hosting of general purpose buckets".
"""

import hashlib
import hmac
import re
import time
import urllib.parse

import http_client

ALGORITHM = "AWS4-HMAC-SHA256"

# The clouds whose buckets are host names.
VIRTUAL_HOSTED = (".aliyuncs.com", ".myqcloud.com", ".amazonaws.com", ".amazonaws.com.cn")

ERROR_LIMIT = 8 << 10  # bytes of an error document that are searched for its code


class StoreError(Exception):
    """The store refused the request; the text holds no secret."""


class Bucket:
    """One bucket at one endpoint for one access key."""

    def __init__(self, endpoint, region, bucket, access_key):
        address = http_client.parse(endpoint, "STORE_ENDPOINT")
        if address.path != "/":
            raise ValueError("STORE_ENDPOINT: it goes on after the host")
        name = address.host.rpartition(":")[0] or address.host  # without the port
        self.virtual = name.lower().endswith(VIRTUAL_HOSTED)
        if self.virtual:
            address.host = bucket + "." + address.host
        self.host = address.host
        self.region = region
        self.bucket = bucket
        self.access_key = access_key
        self.client = http_client.Client(address)

    def sign_put(self, key, body, secret, seconds=None):
        """Return the request that stores body under key: path, headers, body.

        It is dated now, or seconds since 1970 (UTC), and tells nothing of secret,
        the secret access key.
        """
        path = "/" + key if self.virtual else "/" + self.bucket + "/" + key
        path = urllib.parse.quote(path, safe="/-_.~")
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(seconds))
        payload = hashlib.sha256(body).hexdigest()
        headers = {"Host": self.host, "X-Amz-Content-Sha256": payload, "X-Amz-Date": stamp}

        names = sorted(name.lower() for name in headers)
        values = {name.lower(): value for name, value in headers.items()}
        signed = ";".join(names)
        canonical = "\n".join(
            ["PUT", path, ""] + [name + ":" + values[name] for name in names] + ["", signed, payload]
        )
        scope = "%s/%s/s3/aws4_request" % (stamp[:8], self.region)
        to_sign = "\n".join([ALGORITHM, stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])

        chain = b"AWS4" + secret
        for part in (stamp[:8], self.region, "s3", "aws4_request"):
            chain = hmac.new(chain, part.encode(), "sha256").digest()
        signature = hmac.new(chain, to_sign.encode(), "sha256").hexdigest()
        headers["Authorization"] = "%s Credential=%s/%s, SignedHeaders=%s, Signature=%s" % (
            ALGORITHM, self.access_key, scope, signed, signature,
        )
        return path, headers, body

    def send(self, request):
        """Send what sign_put returned."""
        path, headers, body = request
        status, document = self.client.exchange("PUT", path, body, headers, ERROR_LIMIT)
        if not 200 <= status <= 299:
            code = re.search(rb"<Code>([A-Za-z0-9._~-]{1,64})</Code>", document)
            raise StoreError("PUT %s%s: status %d %s" % (self.host, path, status, code.group(1).decode() if code else ""))
