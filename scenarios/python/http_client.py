"""A kept-alive HTTP client over http.client, without proxies and redirects."""

import http.client
import urllib.parse

DEFAULT_PORTS = {"http": 80, "https": 443}


class Address:
    """Where a URL leads: scheme, host as requests name it, path with query."""

    def __init__(self, scheme, host, path):
        self.scheme = scheme
        self.host = host
        self.path = path


def parse(url, name):
    """Return the Address of url; the error names the setting, not its value."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or parts.username is not None:
        raise ValueError("%s: want an http or https URL" % name)
    host = parts.hostname if ":" not in parts.hostname else "[%s]" % parts.hostname
    if parts.port and parts.port != DEFAULT_PORTS[parts.scheme]:
        host += ":%d" % parts.port
    path = parts.path or "/"
    if parts.query:
        path += "?" + parts.query
    return Address(parts.scheme, host, path)


class Client:
    """Requests to one address over one connection, opened when it is needed."""

    def __init__(self, address):
        kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
        self.connection = kind(address.host)
        self.used = False

    def exchange(self, method, path, body, headers, limit):
        """Return status and at most limit bytes of the answer.

        An idle connection may have been closed by the server meanwhile; then the
        request is sent once more on a new one.
        """
        try:
            return self.once(method, path, body, headers, limit)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            if not self.used:
                raise
            self.connection.close()
            self.used = False
            return self.once(method, path, body, headers, limit)

    def once(self, method, path, body, headers, limit):
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        data = response.read(limit)
        if response.isclosed() or not response.read(1):
            self.used = True
        else:  # more than the limit: not worth reading
            self.connection.close()
            self.used = False
        return response.status, data
