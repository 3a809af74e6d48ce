# SPDX-License-Identifier: Apache-2.0
"""Publishing over HTTP and ZeroMQ, as the GRIP client libraries do."""
import json

import zmq

from .wait import TIMEOUT, eventually


def item(channel, *, stream=None, response=None, close=False, **members):
    """An item in the layout with `formats`. stream: text; response: text, or the members of http-response."""
    formats = {}
    if stream is not None:
        formats["http-stream"] = {"content": stream}
    if close:
        formats["http-stream"] = {"action": "close"}
    if response is not None:
        formats["http-response"] = response if isinstance(response, dict) else {"body": response}
    return {"channel": channel, "formats": formats, **members}


def body_of(*items):
    return json.dumps({"items": list(items)}).encode()


def tnet(value):
    """A tnetstring; text is encoded as UTF-8."""
    if value is None:
        return b"0:~"
    if isinstance(value, bool):
        return b"4:true!" if value else b"5:false!"
    if isinstance(value, (list, tuple)):
        payload, kind = b"".join(map(tnet, value)), b"]"
    elif isinstance(value, dict):
        payload, kind = b"".join(tnet(k) + tnet(v) for k, v in value.items()), b"}"
    elif isinstance(value, float):
        payload, kind = repr(value).encode(), b"^"
    elif isinstance(value, int):
        payload, kind = str(value).encode(), b"#"
    else:
        payload, kind = value if isinstance(value, bytes) else value.encode(), b","
    return b"%d:%s%s" % (len(payload), payload, kind)


class ZmqSockets:
    """Publishing sockets of one test, closed together."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.context = zmq.Context()

    def _socket(self, kind):
        socket = self.context.socket(kind)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.RCVTIMEO, int(TIMEOUT * 1000))
        socket.setsockopt(zmq.SNDTIMEO, int(TIMEOUT * 1000))
        return socket

    def push(self):
        socket = self._socket(zmq.PUSH)
        socket.connect(f"tcp://127.0.0.1:{self.daemon.pull_port}")
        return socket

    def xpub(self):
        """Connected to the daemon's SUB socket: it also receives what the daemon subscribes to."""
        socket = self._socket(zmq.XPUB)
        socket.connect(f"tcp://127.0.0.1:{self.daemon.sub_port}")
        return socket

    def bound_xpub(self, address=None):
        """One that a daemon with zmq_sub_connect comes to; with its address."""
        socket = self._socket(zmq.XPUB)
        if address is None:
            return socket, f"tcp://127.0.0.1:{socket.bind_to_random_port('tcp://127.0.0.1')}"
        eventually(lambda: self._bind(socket, address), f"{address} is free")
        return socket, address

    @staticmethod
    def _bind(socket, address):
        try:
            socket.bind(address)
        except zmq.ZMQError:
            return False
        return True

    def close(self):
        self.context.destroy(linger=0)


def interest(socket, channel, begins):
    """Waits for the daemon's word that a channel has got, or has lost, its listeners."""
    wanted = (b"\x01" if begins else b"\x00") + channel.encode()
    seen = []
    while (note := socket.recv()) != wanted:
        seen.append(note)
        assert len(seen) < 1000, f"{wanted!r} did not come; {seen[-10:]!r} did"


class Audience:
    """A stream of a channel of its own, to see what was published and what was not."""

    def __init__(self, rig):
        self.rig = rig
        self.channel = rig.name("c")
        self.stream = rig.stream(self.channel)

    def expect(self, *texts):
        """These have been delivered, and nothing else: what was published before a mark comes before it."""
        self.rig.publish(self.channel, stream="mark\n")
        assert self.stream.until(b"mark\n").decode() == "".join(texts) + "mark\n"
