"""A client of the AWS Lambda Runtime API (version 2018-06-01).

It speaks HTTP/1.1 over a socket and does not load http.client, because that
loads ssl and hashlib. A hosted Python function does not have them for its
platform's sake either: awslambdaric, Amazon's own client, talks through a native
library and imports http.client for a failed initialisation only. With http.client
here the functions under test could no longer show what a token mechanism has to
load by itself.
"""

import json
import socket

PREFIX = "/2018-06-01/runtime/invocation/"


class ProtocolError(Exception):
    """The platform answered with something that the protocol does not know."""


class Connection:
    """One kept-alive connection to the platform."""

    def __init__(self, address):
        host, _, port = address.rpartition(":")
        self.host = address
        # As bytes: a str would load the codec for international names.
        self.socket = socket.create_connection((host.encode(), int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = self.socket.makefile("rb")

    def get(self, path):
        """Return status, headers (names in lower case) and body."""
        return self.exchange("GET", path, None)

    def post(self, path, body, *headers):
        return self.exchange("POST", path, body, *headers)

    def exchange(self, method, path, body, *headers):
        lines = ["%s %s HTTP/1.1" % (method, path), "Host: " + self.host]
        if body is not None:
            lines += ["Content-Type: application/json", "Content-Length: %d" % len(body)]
        lines += headers
        self.socket.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b""))
        return self.answer()

    def answer(self):
        status = self.line().split(" ", 2)
        if len(status) < 2 or status[0] != "HTTP/1.1" or not status[1].isdigit():
            raise ProtocolError("not an HTTP/1.1 answer")
        headers = {}
        while True:
            line = self.line()
            if not line:
                break
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return int(status[1]), headers, self.chunks()
        return int(status[1]), headers, self.exactly(int(headers.get("content-length", 0)))

    def line(self):
        line = self.reader.readline(65536)
        if not line.endswith(b"\r\n"):
            raise ProtocolError("the platform closed the connection")
        return line[:-2].decode("latin-1")

    def exactly(self, size):
        data = self.reader.read(size)
        if len(data) != size:
            raise ProtocolError("the platform closed the connection")
        return data

    def chunks(self):
        body = b""
        while True:
            size = int(self.line().partition(";")[0], 16)
            if size == 0:
                while self.line():  # trailers
                    pass
                return body
            body += self.exactly(size)
            self.line()


def serve(address, invoke):
    """Ask for events and answer them with invoke(request_id, event), for ever.

    An exception of invoke is reported as an error of the invocation. Anything
    that the protocol does not foresee ends the process, as in other clients.
    """
    connection = Connection(address)
    while True:
        status, headers, event = connection.get(PREFIX + "next")
        request_id = headers.get("lambda-runtime-aws-request-id")
        if status != 200 or not request_id:
            raise ProtocolError("no event: status %d" % status)
        try:
            answer = invoke(request_id, event)
        except Exception as error:
            kind = type(error).__name__
            failure = {"errorType": kind, "errorMessage": str(error), "stackTrace": []}
            status, _, _ = connection.post(
                PREFIX + request_id + "/error", json.dumps(failure).encode(),
                "Lambda-Runtime-Function-Error-Type: " + kind,
            )
        else:
            status, _, _ = connection.post(PREFIX + request_id + "/response", answer)
        # 413: the platform has told the caller that the answer is too large.
        if status not in (202, 413):
            raise ProtocolError("the answer was not taken: status %d" % status)
