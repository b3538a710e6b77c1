"""Signs a request without body as scenarios/requestsig describes: HMAC-SHA256
over length-framed method, host, path with query, and date."""

import hmac
import time

LABEL = "dtbench/requestsig/v1"


def sign(method, host, path, key, seconds=None):
    """Return the two headers of a request that is signed now, or at seconds since
    1970 (UTC)."""
    date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(seconds))
    framed = b""
    for field in (LABEL, method, host.lower(), path, date):
        data = field.encode()
        framed += len(data).to_bytes(8, "big") + data
    code = hmac.new(key, framed, "sha256").hexdigest()
    return {"X-Dtbench-Date": date, "X-Dtbench-Signature": "v1=" + code}
