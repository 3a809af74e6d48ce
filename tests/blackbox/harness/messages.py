# SPDX-License-Identifier: Apache-2.0
"""HTTP/1 messages as bytes: building them as a test wants them, and reading them without any tolerance."""
import re

CRLF = b"\r\n"
TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")


class Broken(Exception):
    """The peer's message ended before it was complete, or is not HTTP."""


def as_bytes(text):
    return text if isinstance(text, bytes) else text.encode("latin-1")


def field_lines(headers):
    return b"".join(as_bytes(name) + b": " + as_bytes(value) + CRLF for name, value in headers)


def request(method, target, headers=(), body=None, *, host="test", version="1.1"):
    """A request with Host, and with Content-Length where there is a body."""
    fields = [("Host", host)] if host is not None else []
    fields += headers
    if body is not None:
        fields.append(("Content-Length", str(len(body))))
    line = f"{method} {target} HTTP/{version}\r\n".encode("latin-1")
    return line + field_lines(fields) + CRLF + (body or b"")


def chunk(data):
    return b"%x\r\n" % len(data) + data + CRLF


LAST_CHUNK = b"0\r\n\r\n"


def chunked(parts):
    return b"".join(map(chunk, parts)) + LAST_CHUNK


def answer(status=200, body=b"", headers=(), *, reason="OK", framing="sized", version="1.1"):
    """A response. framing: sized, chunked, close (the connection's end ends the body) or none (head only)."""
    fields = list(headers)
    if framing == "sized":
        fields.append(("Content-Length", str(len(body))))
    elif framing == "chunked":
        fields.append(("Transfer-Encoding", "chunked"))
        body = chunked([body]) if body else LAST_CHUNK
    elif framing == "close":
        fields.append(("Connection", "close"))
    head = f"HTTP/{version} {status} {reason}\r\n".encode("latin-1")
    return head + field_lines(fields) + CRLF + (body if framing != "none" else b"")


class Head:
    """A start line and its fields, in order and as they came."""

    def __init__(self, raw):
        self.raw = raw
        lines = raw[:-4].split(CRLF)
        self.line = lines[0].decode("latin-1")
        self.headers = []
        for line in lines[1:]:
            name, colon, value = line.partition(b":")
            if not colon or not TOKEN.match(name) or b"\r" in value or b"\n" in value:
                raise Broken(f"malformed field {line!r}")
            self.headers.append((name.decode(), value.strip(b" \t").decode("latin-1")))

    def all(self, name):
        return [value for own, value in self.headers if own.lower() == name.lower()]

    def header(self, name):
        values = self.all(name)
        if len(values) > 1:
            raise Broken(f"{name} came {len(values)} times: {values}")
        return values[0] if values else None

    def names(self):
        return [name.lower() for name, _ in self.headers]


class RequestHead(Head):
    def __init__(self, raw):
        super().__init__(raw)
        self.method, self.target, self.version = self.line.split(" ")
        self.body = None

    @property
    def path(self):
        return self.target.partition("?")[0]


class ResponseHead(Head):
    def __init__(self, raw):
        super().__init__(raw)
        match = re.fullmatch(r"HTTP/(1\.[01]) (\d{3}) (.*)", self.line)
        if not match:
            raise Broken(f"malformed status line {self.line!r}")
        self.version, self.status, self.reason = match[1], int(match[2]), match[3]
        self.body = None

    def framing(self, method="GET"):
        """How the body ends, as a client has to see it (RFC 9112 section 6.3)."""
        length, coding = self.header("content-length"), self.header("transfer-encoding")
        if length is not None and coding is not None:
            raise Broken("both Content-Length and Transfer-Encoding")
        if coding is not None and coding != "chunked":
            raise Broken(f"Transfer-Encoding: {coding}")
        if method == "HEAD" or self.status < 200 or self.status in (204, 304):
            return "none"
        return "chunked" if coding else "sized" if length is not None else "close"

    @property
    def text(self):
        return self.body.decode()
