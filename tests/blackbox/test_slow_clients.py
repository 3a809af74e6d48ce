# SPDX-License-Identifier: Apache-2.0
"""Clients that do not keep up: bounded in bytes, named in the log, never half a message, nobody else's problem."""

import re
import threading

import pytest

from harness.messages import Broken, answer
from harness.publisher import body_of, item
from harness.rig import hold_headers

LIMIT = 65536
MESSAGE = 8000


def message(n):
    """A line of MESSAGE bytes that begins with its number."""
    return f"{n} " + "x" * (MESSAGE - len(f"{n} ") - 1) + "\n"


def limited(start, slow_client, **server):
    return start({"server": {"send_buffer_max_bytes": LIMIT, **server}, "grip": {"slow_client": slow_client}})


class Crowd:
    """A slow client and two that read, on one channel."""

    def __init__(self, rig, version="1.1"):
        self.rig = rig
        self.channel = rig.name("c")
        path = rig.hold_stream(self.channel)
        self.slow = rig.connect(receive_buffer=4096).stream(path, version=version)
        self.slow.until(b"open\n")
        self.fast = [rig.connect().stream(path) for _ in range(2)]
        for stream in self.fast:
            stream.until(b"open\n")
        self.sent = 0

    def publish_until(self, pattern):
        """Publishes until the log says so; the others must get everything, and at once."""
        while not re.search(pattern, self.rig.daemon.log()):
            assert self.sent < 4000, f"{pattern} is not in the log after {self.sent * MESSAGE} bytes"
            numbers = range(self.sent, self.sent + 20)
            self.rig.publish_items(*(item(self.channel, stream=message(n)) for n in numbers))
            self.sent += 20
            for stream in self.fast:
                assert stream.take(20 * MESSAGE).decode() == "".join(map(message, numbers))


def numbers_of(data):
    """The numbers of whole messages."""
    lines = data.decode().split("\n")
    assert lines.pop() == ""
    numbers = [int(line.split(" ")[0]) for line in lines]
    assert all(message(n)[:-1] == line for n, line in zip(numbers, lines))
    return numbers


@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_close_ends_the_slow_client_alone(start, version):
    rig = limited(start, "close")
    crowd = Crowd(rig, version)
    crowd.publish_until("slow client: ")
    line = rig.daemon.wait_log(
        rf"slow client: client closed: server.send_buffer_max_bytes \({LIMIT}\) reached: "
        r"conn=(\S+) peer=127.0.0.1 route=\S+ queued=(\d+) /stream"
    )
    assert int(line[2]) <= LIMIT + 1000
    rig.daemon.wait_log(rf"conn={line[1]} .*hold=stream .*end=slow-client")
    # What the kernel had may still come; then it is cut, and looks it.
    got = []
    with pytest.raises(Broken):
        while True:
            got.append(crowd.slow.until(b"\n"))
    assert numbers_of(b"".join(got)) == list(range(len(got)))
    rig.publish(crowd.channel, stream="on we go\n")
    assert [stream.until(b"\n") for stream in crowd.fast] == [b"on we go\n"] * 2


@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_drop_loses_whole_messages_and_keeps_the_client(start, version):
    rig = limited(start, "drop")
    crowd = Crowd(rig, version)
    crowd.publish_until("slow client: ")
    rig.daemon.wait_log(
        rf"slow client: message dropped: server.send_buffer_max_bytes \({LIMIT}\) reached: "
        r"conn=\S+ peer=127.0.0.1 route=\S+ queued=\d+ /stream"
    )
    got = [crowd.slow.until(b"\n")]
    while not got[-1].startswith(b"end"):
        # The mark may be dropped as well, for as long as the client is behind.
        rig.publish(crowd.channel, stream="end\n")
        got.append(crowd.slow.until(b"\n"))
    numbers = numbers_of(b"".join(got[:-1]))
    assert numbers == sorted(set(numbers)) and numbers[0] == 0 and len(numbers) < crowd.sent
    while got[-1] != b"caught up\n":
        rig.publish(crowd.channel, stream="caught up\n")
        got.append(crowd.slow.until(b"\n"))
    rig.publish(crowd.channel, close=True)
    assert crowd.slow.rest().replace(b"caught up\n", b"").replace(b"end\n", b"") == b""


def test_a_close_reaches_a_client_that_is_behind(start):
    """It needs no room: the stream ends behind what is queued."""
    rig = limited(start, "drop")
    crowd = Crowd(rig)
    crowd.publish_until("slow client: ")
    rig.publish(crowd.channel, close=True)
    assert numbers_of(crowd.slow.rest())[0] == 0
    assert crowd.slow.client.get("/next").status == 200
    for stream in crowd.fast:
        assert stream.rest() == b""


@pytest.mark.parametrize("slow_client", ["close", "drop"])
def test_one_message_larger_than_the_buffer_reaches_a_client_that_is_not_behind(start, slow_client):
    """Contract §7."""
    rig = limited(start, slow_client)
    channel, large = rig.name("c"), "x" * 900000 + "\n"
    stream = rig.stream(channel, receive_buffer=4096)
    for _ in range(3):
        rig.publish(channel, stream=large)
        assert stream.take(len(large)).decode() == large
        rig.publish(channel, stream="small\n")
        assert stream.until(b"\n") == b"small\n"
    assert "slow client" not in rig.daemon.log()


def test_what_follows_a_message_larger_than_the_buffer_comes_whole_or_not_at_all(start):
    rig = limited(start, "drop")
    channel = rig.name("c")
    stream = rig.stream(channel, receive_buffer=4096)
    for n in range(9):
        rig.publish(channel, stream=f"{n}" + "x" * 600000 + "\n")
    rig.publish(channel, close=True)
    lines = stream.rest().decode().split("\n")
    assert lines.pop() == "" and lines[0] == "0" + "x" * 600000
    assert all(line[1:] == "x" * 600000 for line in lines) and lines == sorted(lines) and len(lines) < 9


@pytest.mark.parametrize("slow_client", ["close", "drop"])
def test_what_waits_for_a_slow_origin_is_bounded_too(start, slow_client):
    """Messages published while the initial body is still on its way count as queued."""
    rig = limited(start, slow_client)
    channel, go_on = rig.name("c"), threading.Event()

    def handler(request, connection):
        connection.send(
            answer(headers=hold_headers("stream", [channel], [("Content-Length", "10")]), framing="none") + b"begin"
        )
        go_on.wait()
        return b"-end\n"

    rig.origin.on("/slow", handler)
    stream = rig.connect().stream("/slow")
    assert stream.take(5) == b"begin"
    # In one piece: the line in the log then says that all of it has come to where it waits.
    rig.publish_items(*(item(channel, stream=message(k)) for k in range(40)))
    rig.daemon.wait_log("slow client: ")
    go_on.set()
    if slow_client == "close":
        with pytest.raises(Broken):
            stream.rest()
        return
    rig.publish(channel, close=True)
    data = stream.rest()
    assert data.startswith(b"-end\n")
    assert numbers_of(data[5:]) == list(range(LIMIT // (MESSAGE + 8)))


def test_the_memory_of_slow_clients_is_shared_and_bounded(start):
    """Thirty of them that read nothing hold one copy of a message, and no more than the buffer each."""
    rig = start({"server": {"send_buffer_max_bytes": 1 << 20}, "grip": {"slow_client": "drop"}})
    channel = rig.name("c")
    path = rig.hold_stream(channel)
    slow = [rig.connect(receive_buffer=4096).stream(path) for _ in range(30)]
    for stream in slow:
        stream.until(b"open\n")
    before = rig.daemon.resident_kib()
    for _ in range(120):
        assert rig.control(body_of(item(channel, stream="x" * 500000))).status == 200
    rig.daemon.wait_log("message dropped")
    assert rig.daemon.resident_kib() - before < 30 * 1024 + 16 * 1024


def test_slow_long_polls_get_their_whole_answer(start):
    """An answer is one message for a client that is not behind."""
    rig = limited(start, "close")
    channel, body = rig.name("c"), "0123456789" * 90000
    path = rig.hold_response(channel)
    clients = [rig.connect(receive_buffer=4096) for _ in range(5)]
    for client in clients:
        rig.send_poll(client, path)
    rig.publish(channel, response=body)
    for client in clients:
        assert client.response().text == body


def test_ka_4_no_keep_alives_for_a_client_that_is_behind(start):
    """It gets what waits for it, and the keep-alives that were due meanwhile are not made up for."""
    rig = start({"server": {"send_buffer_max_bytes": 64 << 20}})
    channel = rig.name("c")
    path = rig.hold_stream(channel, headers=[("Grip-Keep-Alive", "K; timeout=1; mode=interval")])
    behind = rig.connect(receive_buffer=4096).stream(path)
    behind.until(b"open\n")
    for _ in range(12):  # more than the kernel takes for it
        rig.publish(channel, stream="x" * 900000)
    other = rig.connect().stream(path)
    other.until(b"open\n")
    assert other.take(3) == b"KKK"
    rig.publish(channel, stream="end\n")
    data = behind.until(b"end\n")
    assert data.count(b"x") == 12 * 900000 and data.endswith(b"xend\n")
