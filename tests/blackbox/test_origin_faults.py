# SPDX-License-Identifier: Apache-2.0
"""Origins that break off, talk nonsense or take their time: the client sees a broken message or a clear error, never a
clean end of something that was cut, and nobody else notices."""
import threading

import pytest

from harness.messages import Broken, answer, chunk, request

BAD_GATEWAY = (502, b"Error while proxying to origin.\n")
GATEWAY_TIMEOUT = (504, b"Error while proxying to origin.\n")


def outcome(response):
    return response.status, response.body


# ------------------------------------------------------------------------------------------ before the answer


BEFORE = {
    "closes": lambda request, connection: connection.close(),
    "resets": lambda request, connection: connection.reset(),
}
INSIDE_HEAD = {
    "inside-status-line": b"HTTP/1.1 20",
    "behind-status-line": b"HTTP/1.1 200 OK\r\n",
    "inside-field": b"HTTP/1.1 200 OK\r\nContent-Le",
    "before-last-lf": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r",
}


@pytest.mark.parametrize("fault", BEFORE)
def test_an_origin_that_goes_without_an_answer_is_asked_once_more(rig, fault):
    path = rig.path()
    rig.origin.on(path, BEFORE[fault])
    client = rig.connect()
    assert outcome(client.get(path)) == BAD_GATEWAY
    assert len(rig.origin.seen(path)) == 2
    assert client.get("/next").status == 200


@pytest.mark.parametrize("method", ["POST", "PATCH", "FOO"])
def test_requests_that_may_not_be_repeated_are_not(rig, method):
    path = rig.path()
    rig.origin.on(path, BEFORE["closes"])
    assert outcome(rig.connect().ask(method, path, body=b"x")) == BAD_GATEWAY
    assert len(rig.origin.seen(path)) == 1


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "QUERY"])
def test_a_retry_carries_the_same_request(rig, method):
    path = rig.path()

    def once_bitten(request, connection):
        if len(rig.origin.seen(path)) == 1:
            return connection.reset()
        return answer(body=b"" if method == "HEAD" else request.body)

    rig.origin.on(path, once_bitten)
    body = None if method in ("GET", "HEAD") else b"the body"
    response = rig.connect().ask(method, path, [("X-A", "1")], body)
    assert (response.status, response.body) == (200, body or b"")
    first, second = rig.origin.seen(path)
    assert (first.line, first.headers, first.body) == (second.line, second.headers, second.body)


def test_a_body_that_is_not_kept_is_not_sent_again(start):
    """An upload over instruct_max_bytes is streamed, so there is nothing to repeat it from."""
    rig = start({"proxy": {"instruct_max_bytes": 5000}})
    rig.origin.on("/up", BEFORE["resets"])
    assert outcome(rig.connect().ask("PUT", "/up", body=b"x" * 5001)) == BAD_GATEWAY
    assert len(rig.origin.seen("/up")) == 1
    assert outcome(rig.connect().ask("PUT", "/up", body=b"x" * 5000)) == BAD_GATEWAY
    assert len(rig.origin.seen("/up")) == 3


@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize("fault", INSIDE_HEAD)
def test_an_origin_that_goes_inside_the_head(rig, fault, how):
    def handler(request, connection):
        connection.send(INSIDE_HEAD[fault])
        connection.end_of_input()
        getattr(connection, how)()

    path = rig.path()
    rig.origin.on(path, handler)
    client = rig.connect()
    assert outcome(client.get(path)) == BAD_GATEWAY
    assert client.get("/next").status == 200


GARBAGE = {
    "text": b"hello\r\n\r\n",
    "binary": bytes(range(256)),
    "nothing-but-lines": b"\r\n\r\n",
    "http-2": b"\x00\x00\x12\x04\x00\x00\x00\x00\x00",
    "version-2": b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    "lf-lines": b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
    "status-of-two-digits": b"HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n",
    "status-of-four-digits": b"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
    "status-099": b"HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n",
    "status-600": b"HTTP/1.1 600 OK\r\nContent-Length: 0\r\n\r\n",
    "reason-with-nul": b"HTTP/1.1 200 O\0K\r\nContent-Length: 0\r\n\r\n",
    "reason-with-cr": b"HTTP/1.1 200 O\rK\r\nContent-Length: 0\r\n\r\n",
    "101": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    "length-and-chunked": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "differing-lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 0\r\n\r\n",
    "negative-length": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    "length-list": b"HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\nx",
    "unknown-coding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunked-in-1.0": b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "folded": b"HTTP/1.1 200 OK\r\nX: 1\r\n y\r\nContent-Length: 0\r\n\r\n",
    "space-before-colon": b"HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n",
    "nul-in-value": b"HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n",
    "oversize-head": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70000 + b"\r\nContent-Length: 0\r\n\r\n",
    "head-without-end": b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 20000,
}


@pytest.mark.parametrize("case", GARBAGE)
def test_err_3_answers_that_are_not_http(rig, case):
    path = rig.path()
    rig.origin.on(path, lambda request, connection: GARBAGE[case])
    client = rig.connect()
    assert outcome(client.get(path)) == BAD_GATEWAY
    assert client.get("/next").status == 200


def test_the_cause_is_shown_in_debug(start):
    rig = start(routes=["*,debug ORIGIN"])
    rig.origin.on("/x", lambda request, connection: GARBAGE["length-and-chunked"])
    assert rig.get("/x").text == "Error while proxying to origin: header: both Content-Length and Transfer-Encoding\n"


# --------------------------------------------------------------------------------------------- inside the body


def broken_body(rig, path, version="1.1"):
    """The client gets the head and the beginning, and then must see that it is not all."""
    client = rig.connect()
    client.send(request("GET", path, version=version))
    stream = client.streaming()
    assert stream.head.status == 200
    with pytest.raises(Broken):
        if stream.framing == "sized":
            client.exactly(int(stream.head.header("content-length")))
        else:
            stream.rest()
    return stream


BODIES = {
    "sized": answer(headers=[("Content-Length", "1000")], framing="none") + b"x" * 500,
    "chunked-between": answer(headers=[("Transfer-Encoding", "chunked")], framing="none") + chunk(b"x" * 500),
    "chunked-inside": answer(headers=[("Transfer-Encoding", "chunked")], framing="none") + b"400\r\n" + b"x" * 500,
    "chunked-before-end": answer(headers=[("Transfer-Encoding", "chunked")], framing="none")
    + chunk(b"x" * 500)
    + b"0\r\n",
}


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize("case", BODIES)
def test_err_12_a_body_that_is_cut_never_ends_cleanly(rig, case, how, version):
    path = rig.path()
    cut = threading.Event()

    def handler(request, connection):
        connection.send(BODIES[case])
        cut.wait()
        getattr(connection, how)()

    rig.origin.on(path, handler)
    client = rig.connect()
    client.send(request("GET", path, version=version))
    stream = client.streaming()
    got = client.exactly(500) if stream.framing == "sized" else stream.take(500)
    assert got == b"x" * 500  # what did come has been passed on
    cut.set()
    with pytest.raises(Broken):
        if stream.framing == "sized":
            client.exactly(500)
        else:
            stream.rest()
    assert len(rig.origin.seen(path)) == 1 and rig.get("/next").status == 200


@pytest.mark.parametrize(
    "garbage", [b"xyz\r\n", b"5\nhello\r\n", b"-1\r\n", b"5\r\nhello!\r\n0\r\n\r\n", b"fffffffffffffffff\r\n"]
)
def test_a_chunk_that_is_none_breaks_the_response(rig, garbage):
    head_seen = threading.Event()

    def handler(request, connection):
        connection.send(answer(headers=[("Transfer-Encoding", "chunked")], framing="none") + chunk(b"good"))
        head_seen.wait()
        return garbage

    path = rig.path()
    rig.origin.on(path, handler)
    client = rig.connect()
    stream = client.stream(path)
    assert stream.take(4) == b"good"
    head_seen.set()
    with pytest.raises(Broken):
        stream.rest()
    assert client.to_end() == b""


def test_a_cut_response_is_logged_with_its_cause(start):
    rig = start()
    rig.origin.on("/cut", lambda request, connection: connection.send(BODIES["sized"]) or connection.close())
    broken_body(rig, "/cut")
    rig.daemon.wait_log(r"response cut.*cause=body target=127.0.0.1:\d+ detail=\"[^\"]+\" .* GET /cut")
    rig.daemon.wait_log(r"/cut .*code=200 .*end=origin-failed")


def test_a_client_of_1_0_sees_a_reset_where_only_the_end_would_end_the_body(rig):
    def handler(request, connection):
        connection.send(BODIES["chunked-between"])
        seen.wait()
        connection.close()

    seen = threading.Event()
    rig.origin.on("/cut", handler)
    stream = rig.connect().stream("/cut", version="1.0")
    assert stream.framing == "close" and stream.take(500)
    seen.set()
    with pytest.raises(Broken):
        stream.rest()
    assert stream.client.was_reset


# ------------------------------------------------------------------------------------------------- taking time


def silent(request, connection):
    connection.receive()  # until the daemon gives up


def test_response_timeout(start):
    rig = start({"proxy": {"response_timeout_ms": 300}})
    rig.origin.on("/silent", silent)
    rig.origin.on(
        "/half", lambda request, connection: connection.send(b"HTTP/1.1 200 OK\r\nX: ") or silent(request, connection)
    )
    client = rig.connect()
    for path in ("/silent", "/half"):
        assert outcome(client.get(path)) == GATEWAY_TIMEOUT
        assert len(rig.origin.seen(path)) == 1  # a timeout is no reason to ask again
    rig.daemon.wait_log(r"cause=header-timeout .*response_timeout_ms.* GET /silent")
    assert client.get("/next").status == 200


def test_1xx_responses_extend_the_wait_for_the_final_one(start):
    rig = start({"proxy": {"response_timeout_ms": 1000}})

    def handler(request, connection):
        for _ in range(3):
            connection.send(answer(102, framing="none", reason="Processing"))
            threading.Event().wait(0.5)  # all of them together are longer than the timeout
        return answer(body=b"at last")

    rig.origin.on("/working", handler)
    assert rig.get("/working").body == b"at last"


@pytest.mark.parametrize("case", BODIES)
def test_idle_timeout_inside_a_body(start, case):
    rig = start({"proxy": {"idle_timeout_ms": 300}})
    rig.origin.on("/stuck", lambda request, connection: connection.send(BODIES[case]) or silent(request, connection))
    broken_body(rig, "/stuck")
    rig.daemon.wait_log(r"cause=body-timeout .*idle_timeout_ms")
    assert rig.get("/next").status == 200


def test_an_origin_that_does_not_take_an_upload(start):
    rig = start({"proxy": {"idle_timeout_ms": 400}})
    def deaf_to_bodies(request, connection):
        gave_up.wait()
        connection.close()

    gave_up = threading.Event()
    rig.origin.on("/up", deaf_to_bodies, read_body=False)
    client = rig.connect()
    client.send(request("PUT", "/up", [("Content-Length", str(64 << 20))]))
    sender = threading.Thread(target=lambda: send_until_refused(client), daemon=True)
    sender.start()
    try:
        assert client.head().status == 504
        rig.daemon.wait_log(r"cause=write-timeout ")
    finally:
        gave_up.set()
        client.close()
        sender.join()


def send_until_refused(client):
    try:
        client.send(b"x" * (64 << 20))
    except OSError:
        pass


def test_an_early_answer_while_the_body_is_still_being_sent(rig):
    """The client gets the answer, and is told that the connection ends: its body was not read (SRV-11)."""
    rig.origin.on("/early", lambda request, connection: answer(413, b"too much", reason="Too Much"), read_body=False)
    client = rig.connect()
    client.send(request("POST", "/early", [("Content-Length", "10000000")]) + b"x" * 300000)
    response = client.response()
    assert (response.status, response.body, response.header("connection")) == (413, b"too much", "close")


def test_an_early_answer_followed_by_a_reset_still_reaches_the_client(rig):
    """Origins that refuse an upload often close at once; what they said must not be lost in our failing write."""
    def handler(request, connection):
        connection.send(answer(401, b"who are you?", reason="Unauthorized"))
        connection.end_of_input()
        connection.close()  # with unread input: the kernel makes this a reset

    rig.origin.on("/early", handler, read_body=False)
    for _ in range(10):
        client = rig.connect()
        client.send(request("POST", "/early", [("Content-Length", "200000")]))
        rig.origin.wait_for("/early")
        rig.origin.requests.clear()
        try:
            client.send(b"x" * 200000)
        except OSError:
            pass
        assert client.head().status == 401
