"""network: fetches from a service with a signed request, then writes the answer
to the object store."""

import http_client
import request_signature
import storage

MAX_ANSWER = 8 << 20  # bytes read from the target


def setup(setting):
    target = http_client.parse(setting("TARGET_URL") or "", "TARGET_URL")
    writer = storage.Writer(setting)
    client = http_client.Client(target)

    def handler(request_id, event, secrets):
        headers = secrets.use(
            request_id, "TARGET_KEY",
            lambda key: request_signature.sign("GET", target.host, target.path, key),
        )
        status, body = client.exchange("GET", target.path, None, headers, MAX_ANSWER)
        if status != 200:
            raise RuntimeError("the target answered status %d" % status)
        writer.write(request_id, body, secrets)
        return {"bytes": len(body)}

    return handler
