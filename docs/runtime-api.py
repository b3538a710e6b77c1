"""A Lambda Runtime API for one function, to look at it by hand: each line of
standard input is an event, each answer is printed. The argument is the port,
9001 without one, 0 for any. See docs/security.md."""

import http.server
import os
import sys
import time


class API(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):  # the function asks for its next event
        event = sys.stdin.readline() or os._exit(0)
        self.reply(200, event.encode(), {
            "Lambda-Runtime-Aws-Request-Id": "request-%d" % time.time_ns(),
            "Lambda-Runtime-Deadline-Ms": "%d" % (time.time() * 1000 + 60000),
        })

    def do_POST(self):  # the function answers, in chunks
        answer = b""
        while size := int(self.rfile.readline(), 16):
            answer += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        print(answer.decode(), flush=True)
        self.reply(202, b"", {})

    def reply(self, status, body, headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


port = int(sys.argv[1]) if len(sys.argv) > 1 else 9001
server = http.server.ThreadingHTTPServer(("127.0.0.1", port), API)
print("AWS_LAMBDA_RUNTIME_API=127.0.0.1:%d" % server.server_port, file=sys.stderr, flush=True)
server.serve_forever()
