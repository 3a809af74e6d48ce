# SPDX-License-Identifier: Apache-2.0
"""Limits of the process: connections, channels of a client, deliveries per second, and what waits to be delivered."""
import re

from harness.client import Client
from harness.messages import Broken, request
from harness.publisher import body_of, item, tnet
from harness.wait import eventually


# ------------------------------------------------------------------------------------------------- max_connections


def test_max_connections(start):
    """One too many is told so; who is connected stays; a place that becomes free is given away again."""
    rig = start({"server": {"max_connections": 3}})
    channel = rig.name("c")
    stream, idle, busy = rig.stream(channel), rig.connect(), rig.connect()
    assert idle.get("/").status == busy.get("/").status == 200
    for _ in range(5):
        extra = rig.connect()
        response = extra.response()
        assert (response.status, response.body) == (503, b"Too many connections\n")
        assert response.header("connection") == "close" and response.header("retry-after")
        assert extra.to_end() == b""
    rig.daemon.wait_log(r"client refused: server.max_connections \(3\) reached")
    assert busy.get("/").status == 200
    rig.publish(channel, stream="still here\n")  # the control port has its own connections
    assert stream.until(b"\n") == b"still here\n"
    idle.close()
    eventually(lambda: admitted(rig), "the place of the one that left")


def admitted(rig):
    client = Client(rig.daemon.port)
    try:
        client.send(request("GET", "/"))
        return client.response().status == 200
    except Broken:
        return False  # refused, and gone before it could send anything
    finally:
        client.close()


# ------------------------------------------------------------------------------------- connection_subscription_max


def test_connection_subscription_max(start):
    """The first ones are kept, the rest is cut and said so; implicit channels are not counted."""
    rig = start({"grip": {"connection_subscription_max": 3}}, routes=["* ORIGIN,sub=implied"])
    names = [rig.name("c") for _ in range(5)]
    stream = rig.stream(names[0], names[0], *names[1:])
    for name in (*reversed(names), "implied"):
        rig.publish(name, stream=f"{name}\n")
    assert stream.until(b"implied\n").decode().split() == [names[2], names[1], names[0], "implied"]
    rig.daemon.wait_log(r"2 channels cut: grip.connection_subscription_max \(3\) reached: route=\S+ conn=\S+ /stream")


def test_a_hundred_channels_by_default(rig):
    names = [rig.name("c") for _ in range(101)]
    stream = rig.stream(", ".join(names))
    rig.publish_items(*(item(name, stream=f"{name}\n") for name in names), item(names[0], stream="end\n"))
    assert stream.until(b"end\n").decode().split() == names[:100] + ["end"]


# ------------------------------------------------------------------------------------- message_rate and message_hwm


def test_message_rate_loses_nothing(start):
    """50 a second: a burst of 60 to two streams arrives completely and in order, only later."""
    rig = start({"grip": {"message_rate": 50}})
    channel = rig.name("c")
    streams = [rig.stream(channel) for _ in range(2)]
    rig.publish_items(*(item(channel, stream=f"{n}\n") for n in range(60)))
    for stream in streams:
        assert stream.until(b"59\n") == b"".join(b"%d\n" % n for n in range(60))


def test_message_rate_holds_for_polls_and_closes_too(start):
    rig = start({"grip": {"message_rate": 40}})
    channel = rig.name("c")
    polls = [rig.poll(channel) for _ in range(10)]
    stream = rig.stream(channel)
    rig.publish(channel, response="news", stream="news\n")
    rig.publish(channel, close=True)
    assert [poll.response().body for poll in polls] == [b"news"] * 10
    assert stream.rest() == b"news\n"


def test_clients_that_leave_while_deliveries_wait_for_the_rate(start):
    rig = start({"grip": {"message_rate": 100}})
    channel = rig.name("c")
    path = rig.hold_stream(channel)
    streams = [rig.connect().stream(path) for _ in range(10)]
    for stream in streams:
        stream.until(b"open\n")
    rig.publish_items(*(item(channel, stream=f"{n}\n") for n in range(10)))
    for stream in streams[1:]:
        stream.client.reset()
    assert streams[0].until(b"9\n") == b"".join(b"%d\n" % n for n in range(10))
    late = rig.stream(channel)
    rig.publish(channel, stream="late\n")
    assert late.until(b"\n") == b"late\n" == streams[0].until(b"\n")


def test_message_hwm_drops_the_excess_of_one_route(start):
    """Ten may wait on each route: the rest is dropped and logged, the other route loses nothing."""
    rig = start({"grip": {"message_rate": 20, "message_hwm": 10}}, workers=1,
                routes=["a.test,id=a ORIGIN", "b.test,id=b ORIGIN"])
    a, b = rig.name("a"), rig.name("b")
    path_a, path_b = rig.hold_stream(a), rig.hold_stream(b)
    stream_a, stream_b = rig.connect().stream(path_a, host="a.test"), rig.connect().stream(path_b, host="b.test")
    stream_a.until(b"open\n")
    stream_b.until(b"open\n")
    rig.publish_items(*(item(a, stream=f"{n}\n") for n in range(200)), *(item(b, stream=f"{n}\n") for n in range(10)))
    assert stream_b.until(b"9\n") == b"".join(b"%d\n" % n for n in range(10))
    line = rig.daemon.wait_log(r"delivery dropped: grip.message_hwm \((\d+)\) reached: route=(\S+) channel=(\S+)")
    assert line.groups() == ("10", "a", a)
    got = []
    while not got or got[-1] != b"end\n":
        rig.publish(a, stream="end\n")  # dropped as well, for as long as the route is full
        got.append(stream_a.until(b"\n"))
    numbers = [int(n) for n in got if n != b"end\n"]
    assert numbers == list(range(len(numbers))) and 10 <= len(numbers) < 200


# ---------------------------------------------------------------------------------------------- backlog_max_bytes


def test_backlog_max_bytes(start):
    """What waits for the rate is bounded too: HTTP publishers are told to come again, ZeroMQ ones wait at the door."""
    rig = start(
        {
            "control": {"backlog_max_bytes": 300000},
            "grip": {"message_rate": 3},
            "server": {"send_buffer_max_bytes": 1 << 30},
        }
    )
    channel, message = rig.name("c"), "x" * 90000
    stream, push = rig.stream(channel), rig.zmq.push()
    body, accepted = body_of(item(channel, stream=message)), 0
    while (response := rig.control(body)).status == 200:
        accepted += 1
        assert accepted < 100
    assert response.status == 503 and "control.backlog_max_bytes" in response.text and response.header("retry-after")
    rig.daemon.wait_log(r"publish refused: control.backlog_max_bytes \(300000\) reached")
    push.send(tnet({"channel": channel, "formats": {"http-stream": {"content": "pushed\n"}}}))
    end = body_of(item(channel, stream="end\n"))
    eventually(lambda: rig.control(end).status == 200, "publishing is possible again")
    got = stream.until(b"end\n")
    assert got.count(b"x") == accepted * 90000
    assert b"pushed\n" in got or stream.until(b"pushed\n")


def test_backlog_is_not_for_what_nobody_waits_for(start):
    """Idle workers need a moment to throw it away; a publisher who comes again gets through."""
    rig = start({"control": {"backlog_max_bytes": 3000000}})
    for _ in range(20):
        body = body_of(item(rig.name("c"), stream="x" * 900000))
        eventually(lambda: rig.control(body).status == 200, "a publish is accepted")


def test_a_limit_that_the_system_does_not_allow_is_said(start):
    rig = start({"server": {"max_connections": 100000000}})
    assert re.search(
        r"server.max_connections is 100000000, but the descriptor limit \(\d+\) allows \d+", rig.daemon.log()
    )
    assert rig.get("/").status == 200
