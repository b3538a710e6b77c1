"""hello: signs its event with an API key, as a webhook does."""

import hmac


def setup(setting):
    def handler(request_id, event, secrets):
        signature = secrets.use(
            request_id, "API_KEY", lambda key: hmac.new(key, event, "sha256").hexdigest()
        )
        return {"signature": signature}

    return handler
