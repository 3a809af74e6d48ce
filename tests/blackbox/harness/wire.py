# SPDX-License-Identifier: Apache-2.0
"""A socket that HTTP/1 messages are read from, for clients and for the origin."""
import socket
import ssl
import struct

from .messages import CRLF, Broken
from .wait import TIMEOUT


class Wire:
    """Reads exactly what is asked for and keeps the rest."""

    def __init__(self, sock):
        self.sock = sock
        self.sock.settimeout(TIMEOUT)
        self.buffer = b""
        self.was_reset = False

    def send(self, data):
        self.sock.sendall(data)

    def close(self):
        self.sock.close()

    def reset(self):
        """Closes so that the peer sees a reset."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def end_of_input(self):
        """Tells the peer that nothing more will be sent."""
        socket.socket.shutdown(self.sock, socket.SHUT_WR)  # also below TLS, which knows of no such end

    def receive(self, most=262144):
        """What comes next, b"" at the end. A reset is an end too, and remembered."""
        if self.buffer:
            data, self.buffer = self.buffer[:most], self.buffer[most:]
            return data
        try:
            return self.sock.recv(most)
        except (ConnectionError, ssl.SSLError):
            self.was_reset = True
            return b""

    def _more(self, what):
        try:
            data = self.sock.recv(262144)
        except TimeoutError:
            raise AssertionError(
                f"nothing came within {TIMEOUT:.0f} s, waiting for {what}; so far: {self.buffer[-300:]!r}"
            )
        except (ConnectionError, ssl.SSLError):
            self.was_reset = True
            data = b""
        if not data:
            raise Broken(f"the connection ended, waiting for {what}; so far: {self.buffer[-300:]!r}")
        self.buffer += data

    def until(self, mark, what=None):
        """Everything up to and with `mark`."""
        searched = 0
        while True:
            at = self.buffer.find(mark, searched)
            if at >= 0:
                end = at + len(mark)
                data, self.buffer = self.buffer[:end], self.buffer[end:]
                return data
            searched = max(0, len(self.buffer) - len(mark) + 1)
            self._more(what or repr(mark))

    def exactly(self, size, what="a body"):
        parts, missing = [], size
        while missing:
            if not self.buffer:
                self._more(f"{missing} more bytes of {what}")
            part, self.buffer = self.buffer[:missing], self.buffer[missing:]
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def to_end(self):
        """Everything up to the end of the connection."""
        parts = []
        while data := self.receive():
            parts.append(data)
        return b"".join(parts)

    def head_bytes(self):
        return self.until(b"\r\n\r\n", "a head")

    def next_chunk(self):
        """The content of the next chunk, None for the last one. Extensions and trailers are refused."""
        line = self.until(CRLF, "a chunk size")[:-2]
        if not line or line.strip(b"0123456789abcdefABCDEF"):
            raise Broken(f"bad chunk size {line!r}")
        size = int(line, 16)
        data = self.exactly(size + 2, "a chunk")
        if data[-2:] != CRLF:
            raise Broken(f"chunk without its end: {data[-20:]!r}")
        return data[:-2] if size else None

    def chunks(self):
        parts = []
        while (part := self.next_chunk()) is not None:
            parts.append(part)
        return b"".join(parts)
