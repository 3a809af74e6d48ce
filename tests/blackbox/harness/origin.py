# SPDX-License-Identifier: Apache-2.0
"""A scripted origin: each test says what happens when a request arrives, down to single bytes."""
import socket
import threading
import traceback

from .messages import Broken, RequestHead, answer
from .wait import TIMEOUT, eventually
from .wire import Wire


class OriginConnection(Wire):
    """One connection of the daemon, as handlers see it."""

    def __init__(self, sock, number):
        super().__init__(sock)
        self.number = number
        self.requests = 0

    def body_of(self, head):
        coding, length = head.header("transfer-encoding"), head.header("content-length")
        if coding is not None:
            if coding != "chunked" or length is not None:
                raise Broken(f"ambiguous framing from the daemon: {head.headers}")
            return self.chunks()
        return self.exactly(int(length)) if length is not None else b""


class Origin:
    """A handler is called with the request and its connection, in a thread of the connection. It returns the bytes of
    its response, or None after it has done with the connection what it wanted."""

    def __init__(self, port=0, backlog=256, host="127.0.0.1", *, tls=None, path=None):
        """`tls`: the context to do TLS with. `path`: of a unix socket, instead of a port."""
        self.tls = tls
        if tls:
            tls.sni_callback = lambda sock, name, context: self.server_names.append(name)
        self.path = path
        self.listener = socket.socket(socket.AF_UNIX if path else socket.AF_INET)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(str(path) if path else (host, port))
        self.listener.listen(backlog)
        self.port = None if path else self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.connections = set()
        self.accepted = 0
        self.forget()
        threading.Thread(target=self._accept, daemon=True).start()

    def forget(self):
        """Back to the state of a new origin."""
        with self.lock:
            self.handlers = {}
            self.requests = []  # heads, in the order of arrival
            self.answered = 0  # requests whose response has been sent in full
            self.errors = []  # of handlers
            self.server_names = []  # that the daemon asked for in its TLS handshakes
            self.resumed = 0  # TLS handshakes that took up an earlier session

    def on(self, path, handler, *, read_body=True):
        """What happens to requests of this path (None: any other). With read_body=False the handler reads it."""
        self.handlers[path] = (handler, read_body)

    def reply(self, path, *args, **kw):
        """The same bytes for every request of this path."""
        data = answer(*args, **kw)
        self.on(path, lambda request, connection: data)

    def seen(self, path):
        with self.lock:
            return [r for r in self.requests if r.path == path]

    def wait_for(self, path, count=1):
        eventually(lambda: len(self.seen(path)) >= count, f"{count} requests of {path} at the origin")
        return self.seen(path)[count - 1]

    def drop_connections(self, how="close"):
        with self.lock:
            connections = list(self.connections)
        for connection in connections:
            try:
                if how == "reset":
                    connection.reset()
                else:
                    # The thread may be blocked in a read: only a shutdown wakes it.
                    socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)
            except OSError:
                pass

    def stop(self):
        """Nobody can connect any more, and who is connected is cut off."""
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        self.drop_connections()

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            if not self.path:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.accepted += 1
            connection = OriginConnection(sock, self.accepted)
            with self.lock:
                self.connections.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            if self.tls:
                connection.sock = self.tls.wrap_socket(connection.sock, server_side=True)
                self.resumed += connection.sock.session_reused
            while self._serve_one(connection):
                pass
        except (Broken, OSError):
            pass  # the daemon, or the test, has ended the connection
        except BaseException:  # whatever a handler asserts must fail the test
            self.errors.append(traceback.format_exc())
        finally:
            connection.close()
            with self.lock:
                self.connections.discard(connection)

    def _serve_one(self, connection):
        connection.sock.settimeout(None)  # idle for as long as the daemon likes
        if not connection.buffer:
            connection.buffer = connection.sock.recv(65536)
            if not connection.buffer:
                return False
        connection.sock.settimeout(TIMEOUT)
        request = RequestHead(connection.head_bytes())
        connection.requests += 1
        handler, read_body = self.handlers.get(request.path) or self.handlers.get(None) or (None, True)
        if read_body:
            request.body = connection.body_of(request)
        with self.lock:
            self.requests.append(request)
        data = handler(request, connection) if handler else answer(body=b"default\n")
        if data is not None:
            connection.send(data)
        with self.lock:
            self.answered += 1
        return connection.sock.fileno() >= 0
