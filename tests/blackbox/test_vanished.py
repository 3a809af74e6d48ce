# SPDX-License-Identifier: Apache-2.0
"""Clients and origins that vanish without a word: no end, no reset, only silence. A cable between two network namespaces
is pulled out for that."""
import pytest

from harness.client import Client
from harness.messages import request
from harness.network import Neighbour
from harness.origin import Origin
from harness.wait import eventually

PATIENCE = {"tcp_user_timeout_ms": 1000, "tcp_keepalive_s": 1}


@pytest.fixture
def neighbour():
    made = Neighbour()
    yield made
    made.remove()


def stream_from(neighbour, rig, channel):
    path = rig.hold_stream(channel)
    client = neighbour.inside(lambda: Client(rig.daemon.port, host=neighbour.ours))
    stream = client.stream(path)
    assert stream.until(b"open\n") == b"open\n"
    return stream


def test_a_client_that_acknowledges_nothing_is_gone(start, neighbour):
    rig = start({"server": {**PATIENCE, "tcp_keepalive_s": 0}}, host="0.0.0.0")
    channel = rig.name("c")
    gone = stream_from(neighbour, rig, channel)
    stays = rig.stream(channel)
    neighbour.pull_out()
    rig.publish(channel, stream="into the void\n")
    rig.daemon.wait_log(rf"peer={neighbour.theirs} .*hold=stream .*end=timeout")
    assert stays.until(b"void\n") == b"into the void\n"
    rig.publish(channel, stream="still here\n")
    assert stays.until(b"here\n") == b"still here\n"
    gone.client.close()


def test_a_client_that_is_never_sent_anything_is_missed_too(start, neighbour):
    rig = start({"server": PATIENCE}, host="0.0.0.0")
    gone = stream_from(neighbour, rig, rig.name("c"))
    neighbour.pull_out()
    rig.daemon.wait_log(rf"peer={neighbour.theirs} .*hold=stream .*end=timeout")
    gone.client.close()


def test_a_client_that_is_only_quiet_stays(start, neighbour):
    """The kernel answers for it."""
    rig = start({"server": PATIENCE}, host="0.0.0.0")
    channel, going = rig.name("c"), rig.name("going")
    quiet = stream_from(neighbour, rig, channel)
    other = Neighbour(2)
    try:
        gone = stream_from(other, rig, going)
        other.pull_out()
        rig.daemon.wait_log(rf"peer={other.theirs} .*hold=stream .*end=timeout")
        gone.client.close()
    finally:
        other.remove()
    rig.publish(channel, stream="good morning\n")
    assert quiet.until(b"\n") == b"good morning\n"


def test_an_origin_that_vanishes_is_given_up(start, neighbour):
    origin = neighbour.inside(lambda: Origin(host=neighbour.theirs))
    rig = start({"server": PATIENCE}, routes=[f"* {neighbour.theirs}:{origin.port}"])
    arrived = []

    def handler(request, connection):
        arrived.append(request)
        eventually(lambda: not arrived, "the end of the test")

    origin.on("/", handler)
    client = rig.connect()
    client.send(request("GET", "/"))
    eventually(lambda: arrived, "a request at the origin")
    neighbour.pull_out()
    response = client.response()
    assert response.status == 502
    rig.daemon.wait_log("origin failed .*cause=header")
    arrived.clear()
    origin.stop()
