# SPDX-License-Identifier: Apache-2.0
"""Grip-Hold: response, the long-poll: nothing until something is published or time is up, then one whole response."""
import select
import threading

import pytest

from harness.messages import LAST_CHUNK, answer, chunk, request
from harness.publisher import interest, item
from harness.rig import hold_headers


# ------------------------------------------------------------------------------------------------- the published one


def test_lp_3_the_published_response_in_full(rig):
    channel = rig.name("c")
    client = rig.poll(channel)
    rig.publish(
        channel,
        response={
            "code": 201,
            "reason": "Made It",
            "headers": {"X-A": "1", "Content-Type": "text/x"},
            "body": "news\n",
        },
    )
    response = client.response()
    assert (response.status, response.reason, response.body) == (201, "Made It", b"news\n")
    assert sorted(response.headers) == [("Content-Length", "5"), ("Content-Type", "text/x"), ("X-A", "1")]


def test_lp_1_nothing_comes_before_it(rig):
    """What the client reads first is the published response, though keep-alives were asked for."""
    channel = rig.name("c")
    client = rig.poll(channel, headers=[("Grip-Keep-Alive", "tick; timeout=1"), ("Grip-Timeout", "60")])
    rig.publish(channel, stream="not for polls")
    other = rig.stream(rig.name("s"), headers=[("Grip-Keep-Alive", "tick; timeout=1")])
    assert other.take(8) == b"ticktick"
    rig.publish(channel, response="first\n")
    assert client.head_bytes().startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("headers", [{"x-one": "new"}, [["x-one", "new"]], [["X-One", "new"], ["X-ONE", "newer"]]])
def test_lp_3_published_headers_replace_stored_ones_of_the_same_name(rig, headers):
    channel = rig.name("c")
    client = rig.poll(channel, headers=[("X-One", "1"), ("X-One", "2"), ("X-Two", "kept")])
    rig.publish(channel, response={"headers": headers, "body": "b"})
    response = client.response()
    published = list(headers.items()) if isinstance(headers, dict) else [tuple(pair) for pair in headers]
    assert [h for h in response.headers if h[0].lower() == "x-one"] == published
    assert response.all("x-two") == ["kept"] and response.all("content-type") == ["text/plain"]


def test_lp_3_the_status_is_that_of_the_publisher(rig):
    channel = rig.name("c")
    for code, wanted in [(None, (200, "OK")), (404, (404, "Not Found")), ("503", (503, "Service Unavailable"))]:
        client = rig.poll(channel, headers=[("Grip-Status", "418")])
        rig.publish(channel, response={"body": "b"} if code is None else {"code": code, "body": "b"})
        response = client.response()
        assert (response.status, response.reason) == wanted


def test_lp_3_framing_is_made_anew(rig):
    channel = rig.name("c")
    client = rig.poll(channel, framing="chunked")
    rig.publish(
        channel,
        response={
            "headers": {"Content-Length": "999", "Transfer-Encoding": "chunked", "Connection": "close"},
            "body": "x",
        },
    )
    response = client.response()
    assert (response.header("content-length"), response.header("transfer-encoding"), response.header("connection")) == (
        "1",
        None,
        None,
    )
    assert client.get("/next").status == 200


def test_lp_4_expose_keeps_only_what_it_names(rig):
    """The documented meaning, which the reference reverses; other Grip-* fields are stripped."""
    channel = rig.name("c")
    client = rig.poll(channel, headers=[("X-One", "1"), ("X-Two", "2")])
    rig.publish(
        channel,
        response={
            "headers": {"Grip-Expose-Headers": "x-one, X-Three", "Grip-Hold": "stream", "X-Three": "3", "X-Four": "4"},
            "body": "b",
        },
    )
    response = client.response()
    assert sorted(response.headers) == [("Content-Length", "1"), ("X-One", "1"), ("X-Three", "3")]


@pytest.mark.parametrize("code", [204, 304])
def test_published_codes_without_a_body(rig, code):
    channel = rig.name("c")
    client = rig.poll(channel)
    rig.publish(channel, response={"code": code, "body": "must not be sent"})
    assert client.response().status == code
    assert client.get("/next").body == b"default\n"


def test_a_large_published_body(rig):
    channel, body = rig.name("c"), "0123456789" * 80000
    clients = [rig.poll(channel) for _ in range(5)]
    rig.publish(channel, response=body)
    for client in clients:
        assert client.response().text == body


def test_lp_6_only_the_first_message_counts(rig):
    channel = rig.name("c")
    client = rig.poll(channel)
    rig.publish_items(item(channel, response="first"), item(channel, response="second"))
    assert client.response().body == b"first"
    rig.send_poll(client, rig.hold_response(channel))
    rig.publish(channel, response="third")
    assert client.response().body == b"third"


def test_lp_8_stream_items_and_closes_are_not_for_polls(rig):
    channel = rig.name("c")
    client = rig.poll(channel)
    rig.publish_items(item(channel, stream="no"), item(channel, close=True), item(channel, response="yes"))
    assert client.response().body == b"yes"


def test_the_first_of_several_channels(rig):
    a, b = rig.name("a"), rig.name("b")
    client = rig.poll(f"{a}, {b}", a)
    rig.publish_items(item(b, response="b"), item(a, response="a"))
    assert client.response().body == b"b"


def test_everybody_gets_the_same(rig):
    channel = rig.name("c")
    clients = [rig.poll(channel) for _ in range(30)]
    rig.publish(channel, response="same\n")
    assert [client.response().body for client in clients] == [b"same\n"] * 30


# ------------------------------------------------------------------------------------------------------ time is up


def test_lp_2_the_stored_response_comes_when_time_is_up(rig):
    path = rig.hold_response(
        rig.name("c"),
        status=203,
        reason="Nothing",
        body=b"empty\n",
        headers=[("X-A", "1"), ("Grip-Timeout", "1"), ("Grip-X", "y")],
    )
    client = rig.connect()
    for _ in range(2):
        response = client.get(path)
        assert (response.status, response.reason, response.body) == (203, "Nothing", b"empty\n")
        assert response.headers == [("Content-Type", "text/plain"), ("X-A", "1"), ("Content-Length", "6")]
    rig.daemon.wait_log(rf"{path} .*hold=response .*end=timeout")


def test_what_the_timeout_response_shows(rig):
    """Grip-Status and Grip-Expose-Headers, in both framings of the client, with and without a body."""
    def slow(word, headers, **how):
        return rig.hold_response(rig.name("c"), headers=[("Grip-Timeout", "1"), *headers], path="/" + word, **how)

    slow("status", [("Grip-Status", "304")])
    slow("expose", [("Grip-Expose-Headers", "X-A"), ("X-A", "1"), ("X-B", "2")])
    slow("empty", [], body=b"")
    waiting = {}
    for word, method, version in [
        ("status", "GET", "1.1"),
        ("expose", "GET", "1.1"),
        ("empty", "GET", "1.0"),
        ("empty", "HEAD", "1.1"),
    ]:
        client = rig.connect()
        client.send(request(method, "/" + word, version=version))
        waiting[word, method] = client
    responses = {key: client.response(key[1]) for key, client in waiting.items()}
    assert (responses["status", "GET"].status, responses["status", "GET"].reason) == (304, "Not Modified")
    assert responses["expose", "GET"].names() == ["x-a", "content-length"]
    assert (responses["empty", "GET"].version, responses["empty", "GET"].body) == ("1.0", b"")
    assert responses["empty", "HEAD"].status == 200


# ------------------------------------------------------------------------------------------------------ connections


def test_the_connection_is_used_again(rig):
    channel = rig.name("c")
    path = rig.hold_response(channel)
    client = rig.connect()
    for n in range(10):
        rig.send_poll(client, path)
        rig.publish(channel, response=f"{n}")
        assert client.response().text == f"{n}"
    assert client.get("/next").status == 200


@pytest.mark.parametrize("headers, reused", [([], False), ([("Connection", "keep-alive")], True)])
def test_http_1_0(rig, headers, reused):
    channel = rig.name("c")
    path = rig.hold_response(channel)
    client = rig.connect()
    client.send(request("GET", path, headers, version="1.0"))
    rig.origin.wait_for(path)
    publish_until(rig, channel, client)
    response = client.response()
    assert (response.version, response.status, response.body) == ("1.0", 200, b"late\n")
    assert response.header("connection") == ("keep-alive" if reused else None)
    if reused:
        assert client.get("/next", version="1.0").status == 200
    else:
        assert client.to_end() == b""


def publish_until(rig, channel, client):
    """The origin's answer may still be on its way: publishes until the client has something to read."""
    while not select.select([client.sock], [], [], 0.05)[0]:
        rig.publish(channel, response="late\n")


def test_a_pipelined_request_waits_behind_the_poll(rig):
    channel = rig.name("c")
    path = rig.hold_response(channel)
    client = rig.connect()
    client.send(request("GET", path) + request("GET", "/behind"))
    rig.origin.wait_for(path)
    publish_until(rig, channel, client)
    assert client.response().body == b"late\n"
    assert client.response().body == b"default\n"


@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_client_that_leaves_is_noticed(start, how):
    rig = start({"grip": {"subscription_linger_s": 0}})
    channel = rig.name("c")
    publisher = rig.zmq.xpub()
    client = rig.poll(channel)
    interest(publisher, channel, True)
    getattr(client, how)()
    interest(publisher, channel, False)
    rig.daemon.wait_log(r"/poll-\d+ .*code=0 .*hold=response .*end=client-gone")


def test_a_post_is_held_and_its_body_is_at_the_origin(rig):
    channel = rig.name("c")
    path = rig.hold_response(channel)
    client = rig.connect()
    client.send(request("POST", path, body=b"x" * 100000))
    assert rig.origin.wait_for(path).body == b"x" * 100000
    publish_until(rig, channel, client)
    assert client.response().body == b"late\n"
    assert client.get("/next").status == 200


def test_err_4_a_request_too_large_to_be_kept_is_not_held(rig):
    path = rig.hold_response(rig.name("c"))
    client = rig.connect()
    response = client.ask("POST", path, body=b"x" * 100001)
    assert (response.status, response.body) == (400, b"Request too large to accept GRIP instruct.\n")
    assert client.get("/next").status == 200


def test_prefix_and_implicit_channels(start):
    rig = start(routes=["*,prefix=p- ORIGIN,sub=implied"])
    for channel, deaf in [("p-c", "c"), ("implied", "p-implied")]:
        client = rig.poll("c")
        rig.publish_items(item(deaf, response="no"), item(channel, response="yes"))
        assert client.response().body == b"yes"


# ----------------------------------------------------------------------------------------- while the origin answers


def test_acc_4_what_is_published_before_the_origin_has_finished_is_the_answer(rig):
    """The hold begins when the origin's response is complete, the subscription with its head."""
    channel, go_on = rig.name("c"), threading.Event()

    def handler(request, connection):
        connection.send(
            answer(headers=hold_headers("response", [channel], [("Transfer-Encoding", "chunked")]), framing="none")
            + chunk(b"nothing")
        )
        head_sent.set()
        go_on.wait()
        return LAST_CHUNK

    head_sent = threading.Event()
    path = rig.path()
    rig.origin.on(path, handler)
    client = rig.connect()
    client.send(request("GET", path))
    head_sent.wait()
    rig.publish_items(item(channel, stream="no"), item(channel, response="early"), item(channel, response="later"))
    go_on.set()
    assert client.response().body == b"early"
    assert client.get("/next").status == 200


@pytest.mark.parametrize("fault", ["cut", "too-large"])
def test_acc_7_an_origin_that_fails_inside_its_instructions(rig, fault):
    """Nothing has been sent yet, so the client gets an error, and its subscription ends."""
    channel = rig.name("c")

    def handler(request, connection):
        connection.send(
            answer(headers=hold_headers("response", [channel], [("Content-Length", "200000")]), framing="none")
        )
        connection.send(b"x" * (200000 if fault == "too-large" else 100))
        connection.close()

    path = rig.path()
    rig.origin.on(path, handler)
    client = rig.connect()
    response = client.get(path)
    assert (response.status, response.body) == (502, b"Error while proxying to origin.\n")
    rig.publish(channel, response="to nobody")
    assert client.get("/next").body == b"default\n"


def test_err_5_the_reason_is_shown_in_debug(start):
    rig = start(routes=["*,debug ORIGIN"])
    path = rig.hold_response("c", body=b"x" * 100001)
    assert rig.get(path).text == f"GRIP instruct response too large from 127.0.0.1:{rig.origin.port}\n"
    rig.daemon.wait_log(r"proxy.instruct_max_bytes \(100000\) reached")


def test_lp_13_a_channel_outlives_its_last_poll_for_a_while(start):
    """And for longer when somebody polls again: the others' time has run out by then."""
    rig = start({"grip": {"subscription_linger_s": 1}}, workers=1)
    renewed, left = rig.name("renewed"), rig.name("left")
    publisher = rig.zmq.xpub()
    polls = {name: rig.poll(name) for name in (renewed, left)}
    interest(publisher, renewed, True)
    interest(publisher, left, True)
    for name, client in polls.items():
        rig.publish(name, response="answered")
        assert client.response().body == b"answered"
    rig.send_poll(polls[renewed], rig.hold_response(renewed))
    assert publisher.recv() == b"\x00" + left.encode()
    publisher.send_multipart([renewed.encode(), b"J" + b'{"formats":{"http-response":{"body":"still here"}}}'])
    assert polls[renewed].response().body == b"still here"
    interest(publisher, renewed, False)
