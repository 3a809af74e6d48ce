#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An API that answers every request at once; its Grip-* headers say which clients Holdfast is to hold, and for what."""
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANSWERS = {
    "/": {"Content-Type": "application/json", "body": '{"try": ["/stream", "/wait"]}\n'},
    "/stream": {"Content-Type": "text/event-stream", "body": ": open\n\n", "Grip-Hold": "stream", "Grip-Channel": "news",
                "Grip-Keep-Alive": r":\n\n; format=cstring; timeout=20"},
    "/wait": {"Content-Type": "text/plain", "body": "nothing new\n", "Grip-Hold": "response", "Grip-Channel": "news",
              "Grip-Timeout": "60"},
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path not in ANSWERS:
            return self.send_error(404)
        headers = dict(ANSWERS[self.path])
        body = headers.pop("body").encode()
        self.send_response(200)
        for name, value in {**headers, "Content-Length": len(body)}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


# The argument: [ADDRESS:]PORT
address, _, port = (sys.argv[1] if len(sys.argv) > 1 else "8080").rpartition(":")
ThreadingHTTPServer((address or "localhost", int(port)), Handler).serve_forever()
