# SPDX-License-Identifier: Apache-2.0
"""A daemon with an application behind it that is written with a GRIP library, and its users."""
from urllib.parse import quote, urlencode

from harness.client import Client
from harness.daemon import SIG_KEY, Daemon
from harness.messages import request
from harness.publisher import ZmqSockets
from harness.wait import eventually, free_port

ISSUER = "holdfast"


class Site:
    def __init__(self, run, stopping):
        self.app_port = free_port()
        self.daemon = stopping(Daemon([f"* 127.0.0.1:{self.app_port}"]).start())
        self.run = run
        self.zmq = stopping(Sockets(self.daemon))

    @property
    def grip_url(self):
        """As GRIP_URL in an environment (clients.md section 1)."""
        key = quote(SIG_KEY)
        return (f"http://127.0.0.1:{self.daemon.control_port}/?iss={ISSUER}&key={key}&verify-iss={ISSUER}"
                f"&verify-key={key}")

    def start_app(self, name, *command):
        self.run(name, [*command], port=self.app_port)

    def ask(self, method, path, body=None, *, port=None, **query):
        client = Client(port or self.daemon.port)
        try:
            return client.ask(method, f"{path}?{urlencode(query)}", body=body)
        finally:
            client.close()

    def post(self, path, body=b"", **query):
        answer = self.ask("POST", path, body, **query)
        assert answer.status == 200, answer.text

    def stream(self, path, **query):
        return Client(self.daemon.port).stream(f"{path}?{urlencode(query)}")

    def send_poll(self, path, **query):
        """A client that is held: the daemon listens to its channel. Nobody else may have held that channel before."""
        client = Client(self.daemon.port)
        client.send(request("GET", f"{path}?{urlencode(query)}"))
        self.zmq.wait_for_listener(query["channel"])
        return client


class Sockets(ZmqSockets):
    """What a publisher is told about channels: the daemon's subscriptions follow what its clients listen to, so this
    tells when a long-poll is held, which its client cannot see."""

    def __init__(self, daemon):
        super().__init__(daemon)
        self.heard = set()
        self.socket = self.xpub()

    def wait_for_listener(self, channel):
        while channel.encode() not in self.heard:
            note = self.socket.recv()
            (self.heard.add if note[:1] == b"\x01" else self.heard.discard)(note[1:])

    def stop(self):
        self.close()


def wait_until(site, path, text, **query):
    eventually(lambda: site.ask("GET", path, port=site.app_port, **query).text == text, f"{path} says {text}")
