# SPDX-License-Identifier: Apache-2.0
"""An HTTP/1 client that hides nothing."""
import socket

from .messages import Broken, ResponseHead, request
from .wait import TIMEOUT
from .wire import Wire


def connect(port, *, receive_buffer=None, host="127.0.0.1", path=None):
    """A connected socket; with `path`, to a unix socket."""
    sock = socket.socket(socket.AF_UNIX if path else socket.AF_INET6 if ":" in host else socket.AF_INET)
    if receive_buffer:  # before connecting: it decides the window that is announced
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.settimeout(TIMEOUT)
    sock.connect(str(path) if path else (host, port))
    if not path:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


class Client(Wire):
    """`tls`: the context to do TLS with; `session`: one of another connection to resume; `preface`: goes in front of
    everything."""

    def __init__(self, port, *, tls=None, server_name="localhost", session=None, preface=b"", **how):
        sock = connect(port, **how)
        sock.sendall(preface)
        if tls:
            # An end without TLS's own goodbye is an error, since it may be anybody's doing.
            sock = tls.wrap_socket(sock, server_hostname=server_name, session=session, suppress_ragged_eofs=False)
        super().__init__(sock)

    def ask(self, method, target, headers=(), body=None, **how):
        """Sends a request and reads its response."""
        self.send(request(method, target, headers, body, **how))
        return self.response(method)

    def get(self, target, headers=(), **how):
        return self.ask("GET", target, headers, **how)

    def head(self):
        return ResponseHead(self.head_bytes())

    def response(self, method="GET"):
        """The next final response with its body; those of 1xx are in its `interim`."""
        interim = []
        while (head := self.head()).status < 200:
            interim.append(head)
        head.interim = interim
        framing = head.framing(method)
        if framing == "none":
            head.body = b""
        elif framing == "chunked":
            head.body = self.chunks()
        elif framing == "sized":
            head.body = self.exactly(int(head.header("content-length")))
        else:
            head.body = self.to_end()
            if self.was_reset:
                raise Broken("reset inside a body that the connection's end would have ended")
        return head

    def stream(self, target, headers=(), **how):
        """Sends a GET and returns its response as a body that goes on."""
        self.send(request("GET", target, headers, **how))
        return self.streaming()

    def streaming(self):
        return Stream(self, self.head())


class Stream:
    """The body of a response that goes on."""

    def __init__(self, client, head):
        self.client = client
        self.head = head
        self.framing = head.framing()
        self.content = b""

    def _more(self, what):
        """False at the body's clean end."""
        if self.framing == "chunked":
            part = self.client.next_chunk()
        else:
            part = self.client.receive() or None
            if part is None and self.client.was_reset:
                raise Broken(f"reset, waiting for {what}; so far: {self.content[-300:]!r}")
        self.content += part or b""
        return part is not None

    def until(self, mark):
        """Everything up to and with `mark`."""
        searched = 0
        while (at := self.content.find(mark, searched)) < 0:
            searched = max(0, len(self.content) - len(mark) + 1)
            if not self._more(repr(mark)):
                raise Broken(f"the body ended, waiting for {mark!r}; so far: {self.content[-300:]!r}")
        end = at + len(mark)
        data, self.content = self.content[:end], self.content[end:]
        return data

    def take(self, size):
        while len(self.content) < size:
            if not self._more(f"{size} bytes"):
                raise Broken(f"the body ended; so far: {self.content[-300:]!r}")
        data, self.content = self.content[:size], self.content[size:]
        return data

    def rest(self):
        """Everything up to the body's clean end; Broken when there is none."""
        while self._more("the end of the body"):
            pass
        data, self.content = self.content, b""
        return data
