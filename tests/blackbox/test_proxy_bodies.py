# SPDX-License-Identifier: Apache-2.0
"""Bodies that pass through: framing in both directions, Expect, trailers and chunk extensions, limits."""
import hashlib
import random

import pytest

from harness.messages import LAST_CHUNK, answer, chunk, chunked, request
from harness.wait import eventually

MIB = 1 << 20


def noise(size, seed=1):
    return random.Random(seed).randbytes(size)


def sha(data):
    return hashlib.sha256(data).hexdigest()


def pieces(data, seed=2):
    """Of very different sizes, so that no boundary falls on that of any buffer."""
    rng, at = random.Random(seed), 0
    while at < len(data):
        size = rng.choice([1, 2, 100, 4096, 65535, 65536, 65537, 300000])
        yield data[at:at + size]
        at += size


def hash_body(request, connection):
    return answer(body=f"{len(request.body)} {sha(request.body)}".encode())


# ------------------------------------------------------------------------------------------------------ framing


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 5 * MIB])
@pytest.mark.parametrize("framing", ["sized", "chunked"])
def test_request_bodies_arrive_whole(rig, framing, size):
    rig.origin.on("/up", hash_body)
    data = noise(size)
    client = rig.connect()
    if framing == "sized":
        client.send(request("POST", "/up", body=data))
    else:
        client.send(request("POST", "/up", [("Transfer-Encoding", "chunked")]) + chunked(pieces(data)))
    assert client.response().text == f"{size} {sha(data)}"
    assert client.get("/next").status == 200


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 5 * MIB])
@pytest.mark.parametrize("framing", ["sized", "chunked", "close"])
def test_response_bodies_arrive_whole(rig, framing, size):
    data = noise(size)
    whole = answer(body=data, framing=framing)
    if framing == "chunked":
        whole = answer(headers=[("Transfer-Encoding", "chunked")], framing="none") + chunked(pieces(data))

    def handler(request, connection):
        connection.send(whole)
        if framing == "close":
            connection.end_of_input()

    rig.origin.on("/down", handler)
    client = rig.connect()
    for _ in range(2):
        response = client.get("/down")
        assert (response.status, sha(response.body)) == (200, sha(data))
    assert client.get("/next").status == 200


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_response_that_ends_with_the_connection(rig, version):
    """Delimited by close at the origin; by close or chunks at the client."""
    def handler(request, connection):
        connection.send(answer(framing="close", body=b"one "))
        eventually(lambda: seen, "the client has the first part")
        connection.send(b"two")
        connection.end_of_input()

    seen = []
    rig.origin.on("/close", handler)
    stream = rig.connect().stream("/close", version=version)
    assert stream.framing == ("chunked" if version == "1.1" else "close")
    assert stream.take(4) == b"one "
    seen.append(True)
    assert stream.rest() == b"two"


def test_bodies_flow_both_ways_at_once(rig):
    """The answer begins while the request is still being sent, and each is an echo of the other (SRV-11)."""
    def echo(request, connection):
        connection.send(answer(headers=[("Transfer-Encoding", "chunked")], framing="none"))
        while (part := connection.next_chunk()) is not None:
            connection.send(chunk(part))
        connection.send(LAST_CHUNK)

    rig.origin.on("/echo", echo, read_body=False)
    client = rig.connect()
    client.send(request("POST", "/echo", [("Transfer-Encoding", "chunked")]))
    client.send(chunk(b"ping-0 "))
    stream = client.streaming()
    assert stream.until(b"ping-0 ")
    for n in range(1, 20):
        client.send(chunk(b"ping-%d " % n))
        assert stream.until(b"ping-%d " % n)
    client.send(LAST_CHUNK)
    assert stream.rest() == b""


def test_content_length_zero_is_passed_for_methods_that_mean_a_body(rig):
    """REQ-15"""
    for method, length in [("POST", "0"), ("PUT", "0"), ("GET", None), ("HEAD", None), ("OPTIONS", None)]:
        rig.connect().ask(method, rig.path())
        assert rig.origin.requests[-1].header("content-length") == length, method


def test_a_chunked_body_that_is_here_in_full_gets_a_length(rig):
    """REQ-15"""
    rig.origin.on("/small", hash_body)
    client = rig.connect()
    client.send(request("POST", "/small", [("Transfer-Encoding", "chunked")]) + chunked([b"ab", b"c"]))
    assert client.response().text == f"3 {sha(b'abc')}"
    assert rig.origin.requests[-1].header("content-length") == "3"


# ------------------------------------------------------------------------------------------ extensions, trailers


def test_chunk_extensions_are_ignored(rig):
    rig.origin.on(
        "/ext",
        lambda request, connection: answer(headers=[("Transfer-Encoding", "chunked")], framing="none")
        + b'5;a=b;c="d;e"\r\n'
        + request.body
        + b"\r\n0;x\r\n\r\n",
    )
    client = rig.connect()
    client.send(request("POST", "/ext", [("Transfer-Encoding", "chunked")]) +
                b'3;name=value\r\nhel\r\n2 ; x="y"\r\nlo\r\n0;last\r\n\r\n')
    assert client.response().body == b"hello"
    assert client.get("/next").status == 200


def test_trailers_are_dropped_both_ways(rig):
    """OUT-8"""
    trailers = b"0\r\nX-Trailer: 1\r\nContent-Length: 3\r\n\r\n"
    rig.origin.on(
        "/trail",
        lambda request, connection: answer(
            headers=[("Transfer-Encoding", "chunked"), ("Trailer", "X-Trailer")], framing="none"
        )
        + chunk(request.body)
        + trailers,
    )
    client = rig.connect()
    for _ in range(2):
        client.send(
            request("POST", "/trail", [("Transfer-Encoding", "chunked"), ("Trailer", "X-Trailer")])
            + chunk(b"hi")
            + trailers
        )
        response = client.response()
        assert response.body == b"hi"
        assert "x-trailer" not in response.names() and "trailer" not in response.names()
        assert "x-trailer" not in rig.origin.requests[-1].names() and "trailer" not in rig.origin.requests[-1].names()
    assert client.get("/next").status == 200


# ------------------------------------------------------------------------------------------------------- Expect


def test_expect_100_continue_is_answered_by_the_proxy(rig):
    """SRV-9, REQ-5"""
    rig.origin.on("/expect", hash_body)
    client = rig.connect()
    for _ in range(2):
        client.send(request("POST", "/expect", [("Expect", "100-Continue"), ("Content-Length", "4")]))
        assert client.head().status == 100
        client.send(b"body")
        assert client.response().text == f"4 {sha(b'body')}"
        assert rig.origin.requests[-1].header("expect") is None


def test_no_100_where_the_body_has_come_or_there_is_none(rig):
    rig.origin.on("/expect", hash_body)
    client = rig.connect()
    client.send(request("POST", "/expect", [("Expect", "100-continue")], b"here"))
    response = client.response()
    assert (response.interim, response.status) == ([], 200)
    client.send(request("GET", "/expect", [("Expect", "100-continue")]))
    assert client.response().interim == []


def test_no_100_for_http_1_0(rig):
    rig.origin.on("/expect", hash_body)
    client = rig.connect()
    client.send(request("POST", "/expect", [("Expect", "100-continue"), ("Content-Length", "2")], version="1.0"))
    client.send(b"ok")
    response = client.response()
    assert (response.interim, response.text) == ([], f"2 {sha(b'ok')}")


def test_other_expectations_are_refused(rig):
    client = rig.connect()
    response = client.ask("POST", "/expect", [("Expect", "200-ok")], b"x")
    assert response.status == 417 and "100-continue" in response.text
    assert client.to_end() == b"" and rig.origin.requests == []


def test_an_answer_instead_of_100_reaches_a_client_that_waits(rig):
    """The origin refuses before the body has come; the connection is not used again, for the body may still come."""
    rig.origin.on("/refuse", lambda request, connection: answer(403, b"no", reason="Forbidden"), read_body=False)
    client = rig.connect()
    client.send(request("PUT", "/refuse", [("Expect", "100-continue"), ("Content-Length", "1000")]))
    response = client.response()
    assert (response.status, response.body, response.header("connection")) == (403, b"no", "close")
    assert client.to_end() == b""


# ------------------------------------------------------------------------------------------------------- limits


def test_body_max_bytes(start):
    rig = start({"server": {"body_max_bytes": 1000}})
    rig.origin.on("/up", hash_body)
    for framing in ("sized", "chunked"):
        for size, status in [(1000, 200), (1001, 413)]:
            client = rig.connect()
            if framing == "sized":
                client.send(request("POST", "/up", body=b"x" * size))
            else:
                client.send(
                    request("POST", "/up", [("Transfer-Encoding", "chunked")])
                    + chunked([b"x" * 600, b"x" * (size - 600)])
                )
            response = client.response()
            assert response.status == status, (framing, size)
            if status == 413:
                assert "body_max_bytes in [server]" in response.text
                assert client.to_end() == b""


def test_a_chunked_body_that_grows_over_the_limit_never_ends_cleanly_at_the_origin(start):
    rig = start({"server": {"body_max_bytes": 100000}})
    got = []

    def handler(request, connection):
        try:
            got.append(connection.chunks())
        except Exception as broken:
            got.append(broken)

    rig.origin.on("/up", handler, read_body=False)
    client = rig.connect()
    client.send(request("POST", "/up", [("Transfer-Encoding", "chunked")]) + chunk(b"x" * 60000))
    rig.origin.wait_for("/up")
    client.send(chunk(b"x" * 60000) + LAST_CHUNK)
    assert client.response().status == 413
    eventually(lambda: got, "the end of the origin's connection")
    assert not isinstance(got[0], bytes)


def test_a_request_body_that_stops_is_answered_408(start):
    rig = start({"proxy": {"idle_timeout_ms": 300}})
    client = rig.connect()
    client.send(request("POST", "/up", [("Content-Length", "10")]) + b"half")
    response = client.response()
    assert response.status == 408 and "body" in response.text
    assert client.to_end() == b""


def test_a_client_that_leaves_inside_its_body_breaks_the_request_at_the_origin(rig):
    got = []

    def handler(request, connection):
        try:
            got.append(connection.body_of(request))
        except Exception as broken:
            got.append(broken)

    rig.origin.on("/up", handler, read_body=False)
    for framing, start_of_body in [
        ("Content-Length: 1000", b"x" * 500),
        ("Transfer-Encoding: chunked", chunk(b"x" * 500)),
    ]:
        client = rig.connect()
        name, value = framing.split(": ")
        client.send(request("POST", "/up", [(name, value)]) + start_of_body)
        rig.origin.wait_for("/up")
        client.close()
        eventually(lambda: got, "the end of the origin's connection")
        assert not isinstance(got.pop(), bytes), framing
        rig.origin.requests.clear()
