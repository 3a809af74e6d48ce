# SPDX-License-Identifier: Apache-2.0
"""A daemon with an origin behind it, and everything that a test does with them."""
import itertools

from .client import Client
from .messages import request
from .publisher import ZmqSockets, body_of, item
from .wait import eventually

_tokens = itertools.count(1)


def hold_headers(mode, channels, extra=()):
    return [("Content-Type", "text/plain"), ("Grip-Hold", mode), *[("Grip-Channel", c) for c in channels], *extra]


class Rig:
    def __init__(self, daemon, origin):
        self.daemon = daemon
        self.origin = origin
        self._clients = []
        self._publisher = None
        self._zmq = None

    # -- names that no other test uses

    def name(self, word="x"):
        return f"{word}-{next(_tokens)}"

    def path(self, word="x"):
        return "/" + self.name(word)

    # -- clients

    def connect(self, **how):
        client = Client(self.daemon.tls_port if how.get("tls") else self.daemon.port, **how)
        self._clients.append(client)
        return client

    def connect_control(self):
        client = Client(self.daemon.control_port)
        self._clients.append(client)
        return client

    def get(self, target, headers=(), *, tls=None, **how):
        """One GET on a connection of its own."""
        client = self.connect(tls=tls)
        response = client.get(target, headers, **how)
        client.close()
        return response

    # -- holds

    def hold_stream(self, *channels, body=b"open\n", headers=(), path=None):
        """Lets the origin hold streams of these channels; returns the path to ask for."""
        path = path or self.path("stream")
        self.origin.reply(path, body=body, headers=hold_headers("stream", channels, headers))
        return path

    def hold_response(self, *channels, body=b"nothing yet\n", headers=(), path=None, **how):
        path = path or self.path("poll")
        self.origin.reply(path, body=body, headers=hold_headers("response", channels, headers), **how)
        return path

    def stream(self, *channels, body=b"open\n", headers=(), **how):
        """A client that is held as a stream of these channels, its initial body read."""
        stream = self.connect(**how).stream(self.hold_stream(*channels, body=body, headers=headers))
        assert stream.head.status == 200
        if body:
            assert stream.until(body) == body
        return stream

    def poll(self, *channels, body=b"nothing yet\n", headers=(), tls=None, **how):
        """A client whose long-poll has been answered by the origin: what is published from now on must reach it."""
        path = self.hold_response(*channels, body=body, headers=headers, **how)
        client = self.connect(tls=tls)
        self.send_poll(client, path)
        return client

    def send_poll(self, client, path, headers=()):
        before = len(self.origin.seen(path))
        answered = self.origin.answered
        client.send(request("GET", path, headers))
        self.origin.wait_for(path, before + 1)
        eventually(lambda: self.origin.answered > answered, "the origin's answer")

    # -- publishing

    def control(self, body, path="/publish/", headers=()):
        """POSTs to the control port on a connection that is kept, and returns the response."""
        if self._publisher is None:
            self._publisher = self.connect_control()
        return self._publisher.ask("POST", path, headers, body)

    def post_control(self, body, path="/publish/", headers=(), method="POST"):
        """The same on a connection of its own, and with any method."""
        client = self.connect_control()
        response = client.ask(method, path, headers, body)
        client.close()
        return response

    def publish(self, channel, **formats):
        """Publishes one item; see publisher.item."""
        response = self.control(body_of(item(channel, **formats)))
        assert (response.status, response.body) == (200, b"Published\n"), response.body

    def publish_items(self, *items):
        response = self.control(body_of(*items))
        assert response.status == 200, response.body

    @property
    def zmq(self):
        if self._zmq is None:
            self._zmq = ZmqSockets(self.daemon)
        return self._zmq

    # -- the end of a test

    def close(self):
        for client in self._clients:
            client.close()
        self._clients.clear()
        self._publisher = None
        if self._zmq is not None:
            self._zmq.close()
            self._zmq = None
        self.origin.drop_connections()
        errors, self.origin.errors = self.origin.errors, []
        assert not errors, "in the origin:\n" + "\n".join(errors)
