# SPDX-License-Identifier: Apache-2.0
"""What clients do over TLS is what they do in clear text."""
import hashlib

import pytest

from harness.messages import answer, chunked, request
from harness.wait import eventually


@pytest.fixture(scope="module")
def options(authority):
    return {"tls": authority.issue("localhost")}


@pytest.fixture(scope="module")
def tls(authority):
    return authority.client()


def test_requests_on_one_connection(rig, tls):
    client = rig.connect(tls=tls)
    assert client.sock.version() == "TLSv1.3"
    for _ in range(3):
        path = rig.path()
        response = client.get(path)
        assert (response.status, response.body) == (200, b"default\n")
        assert rig.origin.seen(path)[0].header("x-forwarded-proto") == "https"
    rig.get("/plain")
    assert rig.origin.seen("/plain")[0].header("x-forwarded-proto") is None


def test_a_client_cannot_lie_about_its_scheme(rig, tls):
    rig.get("/lie", [("X-Forwarded-Proto", "http")], tls=tls)
    assert rig.origin.seen("/lie")[0].all("x-forwarded-proto") == ["https"]


def test_pipelined_requests(rig, tls):
    client = rig.connect(tls=tls)
    paths = [rig.path() for _ in range(50)]
    for path in paths:
        rig.origin.reply(path, body=path.encode())
    client.send(b"".join(request("GET", path) for path in paths))
    for path in paths:
        assert client.response().body == path.encode()


@pytest.mark.parametrize("framing", ["sized", "chunked"])
def test_large_bodies_both_ways(rig, tls, framing):
    path = rig.path()
    body = hashlib.sha256(b"seed").digest() * 300_000  # 9.6 MB

    def echo(head, connection):
        assert head.body == body
        return answer(body=head.body, framing=framing)

    rig.origin.on(path, echo)
    client = rig.connect(tls=tls)
    if framing == "sized":
        client.send(request("POST", path, body=body))
    else:
        parts = [body[at : at + 70_001] for at in range(0, len(body), 70_001)]
        client.send(request("POST", path, [("Transfer-Encoding", "chunked")]) + chunked(parts))
    response = client.response()
    assert response.framing() == framing and response.body == body
    assert client.get("/after").status == 200


def test_a_body_that_ends_with_the_connection(rig, tls):
    path = rig.path()

    def say_and_close(head, connection):
        connection.send(answer(body=b"all of it", framing="close"))
        connection.close()

    rig.origin.on(path, say_and_close)
    client = rig.connect(tls=tls)
    client.send(request("GET", path, version="1.0"))
    response = client.response()
    assert (response.framing(), response.body) == ("close", b"all of it")


def test_connection_close_says_goodbye(rig, tls):
    client = rig.connect(tls=tls)
    assert client.get("/x", [("Connection", "close")]).status == 200
    assert client.to_end() == b"" and not client.was_reset


def test_bad_requests_are_answered(rig, tls):
    client = rig.connect(tls=tls)
    client.send(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
    assert client.response().status == 400
    assert client.to_end() == b"" and not client.was_reset


def test_streams_and_long_polls(rig, tls):
    channel = rig.name("c")
    streams = [rig.stream(channel, tls=tls) for _ in range(3)] + [rig.stream(channel)]
    poll = rig.poll(channel, tls=tls)
    rig.publish(channel, stream="one\n", response="answered\n")
    assert poll.response().body == b"answered\n"
    for n in range(200):
        rig.publish(channel, stream=f"{n}\n")
    rig.publish(channel, stream="last\n", close=False)
    wanted = b"one\n" + b"".join(b"%d\n" % n for n in range(200)) + b"last\n"
    for stream in streams:
        assert stream.until(b"last\n") == wanted
    rig.publish(channel, close=True)
    for stream in streams:
        assert stream.rest() == b""


def test_a_client_that_leaves_is_noticed(rig, tls):
    path = rig.hold_stream(rig.name("c"))
    for leave in ("close", "reset", "end_of_input"):
        seen = rig.daemon.log().count("end=client-gone")
        stream = rig.connect(tls=tls).stream(path)
        assert stream.until(b"open\n")
        getattr(stream.client, leave)()
        eventually(lambda: rig.daemon.log().count("end=client-gone") == seen + 1, f"{leave} in the access log")


LIMIT = 65536


def test_a_slow_client_is_bounded(start, authority, tls):
    rig = start({"server": {"send_buffer_max_bytes": LIMIT}}, tls=authority.issue("localhost"))
    channel = rig.name("c")
    slow = rig.stream(channel, tls=tls, receive_buffer=4096)
    fast = rig.stream(channel, tls=tls)
    before = rig.daemon.resident_kib()
    count = 0
    while "end=slow-client" not in rig.daemon.log():
        rig.publish(channel, stream=f"{count} ".ljust(7999, "x") + "\n")
        assert fast.take(8000).startswith(b"%d " % count)
        count += 1
        assert count < 5000, "nobody was slow"
    assert rig.daemon.resident_kib() - before < 20_000
    # It still gets whole messages, and then an end that is none.
    got = b""
    while part := slow.client.receive():
        got += part
    assert b" xxx" in got
    rig.publish(channel, stream="end\n")
    assert fast.until(b"end\n") == b"end\n"


def test_a_slow_reader_of_a_large_answer(rig, tls):
    path = rig.path()
    body = b"0123456789abcdef" * 500_000
    rig.origin.reply(path, body=body)
    client = rig.connect(tls=tls, receive_buffer=4096)
    client.send(request("GET", path))
    eventually(lambda: rig.origin.seen(path), "the request")
    assert client.response().body == body
