"""storage: writes one object with a protected secret key."""

import object_store

REQUIRED = ("STORE_ENDPOINT", "STORE_REGION", "STORE_BUCKET", "STORE_ACCESS_ID", "STORE_OBJECT")


class Writer:
    """Writes objects for a function; the network scenario uses it too."""

    def __init__(self, setting):
        values = []
        for name in REQUIRED:
            if not setting(name):
                raise ValueError("%s is not set" % name)
            values.append(setting(name))
        self.bucket = object_store.Bucket(*values[:4])
        self.object = values[4]

    def write(self, request_id, body, secrets):
        """Store body. The secret is in reach while the request is signed, not
        while it travels."""
        request = secrets.use(
            request_id, "STORE_SECRET_KEY",
            lambda secret: self.bucket.sign_put(self.object, body, secret),
        )
        self.bucket.send(request)


def setup(setting):
    writer = Writer(setting)
    size = setting("OBJECT_SIZE") or ""
    if not size.isdigit():
        raise ValueError("OBJECT_SIZE: want a number of bytes")
    size = int(size)

    def handler(request_id, event, secrets):
        writer.write(request_id, b"d" * size, secrets)
        return {"bytes": size}

    return handler
