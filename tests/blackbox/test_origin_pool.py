# SPDX-License-Identifier: Apache-2.0
"""Connections to origins that are kept: when they are used again, and that what an idle one says reaches nobody. One
worker each, since every worker has a pool of its own."""
import pytest

from harness.messages import answer, request
from harness.origin import Origin
from harness.wait import eventually

POISON = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"


def test_connections_are_used_again(start):
    rig = start(workers=1)
    client, other = rig.connect(), rig.connect()
    for _ in range(5):
        assert client.get("/a").status == other.ask("POST", "/b", body=b"x").status == 200
    assert rig.origin.accepted == 1


@pytest.mark.parametrize("framing, headers, version", [
    ("sized", [("Connection", "close")], "1.1"), ("sized", [], "1.0"), ("close", [], "1.1")])
def test_connections_that_the_origin_ends_are_not(start, framing, headers, version):
    rig = start(workers=1)

    def handler(request, connection):
        connection.send(answer(body=b"b", headers=headers, framing=framing, version=version))
        if framing == "close":
            connection.end_of_input()

    rig.origin.on("/a", handler)
    client = rig.connect()
    assert [client.get("/a").body for _ in range(3)] == [b"b"] * 3
    assert rig.origin.accepted == 3


def test_an_origin_of_http_1_0_that_keeps_alive(start):
    rig = start(workers=1)
    rig.origin.reply("/a", body=b"b", headers=[("Connection", "keep-alive")], version="1.0")
    client = rig.connect()
    assert [client.get("/a").body for _ in range(3)] == [b"b"] * 3
    assert rig.origin.accepted == 1


def test_pool_max_idle(start):
    rig = start({"proxy": {"pool_max_idle": 0}}, workers=1)
    client = rig.connect()
    assert [client.get("/a").status for _ in range(3)] == [200] * 3
    assert rig.origin.accepted == 3


def test_tgt_5_idle_connections_are_closed_in_time(start):
    rig = start({"proxy": {"pool_idle_ms": 200}}, workers=1)
    client = rig.connect()
    assert client.get("/a").status == 200
    eventually(lambda: not rig.origin.connections, "the end of the idle connection")
    assert client.get("/a").status == 200
    assert rig.origin.accepted == 2


def test_an_idle_connection_that_the_origin_closed_is_not_used(start):
    """Also for requests that may not be repeated: the end of the connection was there to be seen."""
    rig = start(workers=1)

    def handler(request, connection):
        connection.send(answer(body=b"ok"))
        connection.end_of_input()

    rig.origin.on("/a", handler)
    client = rig.connect()
    for _ in range(10):
        assert client.ask("POST", "/a", body=b"x").status == 200
        eventually(lambda: not rig.origin.connections, "the end of the closed connection")
    assert len(rig.origin.requests) == 10


@pytest.mark.parametrize("fault", ["close", "reset"])
@pytest.mark.parametrize("method, status, asked", [("GET", 200, 2), ("PUT", 200, 2), ("POST", 502, 1)])
def test_a_connection_that_dies_of_old_age_just_as_it_is_used(start, method, status, asked, fault):
    """One retry on a fresh connection, for requests that may be repeated."""
    rig = start(workers=1)

    def only_once(request, connection):
        if connection.requests > 1:
            return getattr(connection, fault)()
        return answer(body=b"fresh")

    rig.origin.on(None, only_once)
    client = rig.connect()
    for _ in range(3):
        rig.origin.drop_connections()
        eventually(lambda: not rig.origin.connections, "an empty pool")
        assert client.get("/warm").status == 200
        response = client.ask(method, "/x", body=b"x" if method != "GET" else None)
        assert response.status == status
        assert len(rig.origin.seen("/x")) == asked
        rig.origin.requests.clear()


@pytest.mark.parametrize(
    "method, first",
    [
        ("GET", answer(body=b"good")),
        ("GET", answer(body=b"good", framing="chunked")),
        ("HEAD", answer(headers=[("Content-Length", "4")], framing="none")),
        ("GET", answer(204, framing="none")),
        ("GET", answer(304, framing="none")),
        ("POST", answer(body=b"good")),
    ],
)
def test_bytes_behind_a_response_are_nobodys_answer(start, method, first):
    rig = start(workers=1)
    rig.origin.on("/a", lambda request, connection: first + POISON)
    client, other = rig.connect(), rig.connect()
    for _ in range(5):
        body = client.ask(method, "/a", body=b"" if method == "POST" else None).body
        assert body in (b"good", b"")
        assert client.get("/mine").body == b"default\n"
        assert other.get("/theirs").body == b"default\n"


def test_bytes_on_an_idle_connection_are_nobodys_answer(start):
    rig = start(workers=1)
    idle = []
    rig.origin.on("/a", lambda request, connection: idle.append(connection) or answer(body=b"good"))
    client, other = rig.connect(), rig.connect()
    for _ in range(20):
        assert client.get("/a").body == b"good"
        idle[-1].send(POISON)
        assert other.get("/theirs").body == b"default\n"
    assert rig.origin.accepted >= 20


def test_an_answer_that_comes_before_the_request_is_complete_ends_the_connection(start):
    rig = start(workers=1)
    rig.origin.on("/early", lambda request, connection: answer(body=b"early"), read_body=False)
    client = rig.connect()
    client.send(request("POST", "/early", [("Content-Length", "100000")]) + b"x" * 10)
    assert client.response().body == b"early"
    other = rig.connect()
    assert [other.get("/x").body for _ in range(3)] == [b"default\n"] * 3
    assert rig.origin.accepted == 2


def test_an_origin_that_dies_leaves_those_who_are_held(start):
    """50 streams and a long-poll stay and still receive, new requests are told, and a new origin serves at once."""
    rig = start()
    channel = rig.name("c")
    path = rig.hold_stream(channel)
    streams = [rig.connect().stream(path) for _ in range(50)]
    for stream in streams:
        stream.until(b"open\n")
    poll = rig.poll(channel)
    rig.origin.stop()
    eventually(lambda: not rig.origin.connections, "the end of the origin")
    assert rig.get("/new").status == 502
    rig.publish(channel, stream="still here\n", response="and you\n")
    for stream in streams:
        assert stream.until(b"\n") == b"still here\n"
    assert poll.response().body == b"and you\n"
    revived = Origin(port=rig.origin.port)
    try:
        assert rig.get("/new").status == 200
    finally:
        revived.stop()
    rig.publish(channel, stream="again\n")
    for stream in streams:
        assert stream.until(b"\n") == b"again\n"
