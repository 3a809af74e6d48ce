# SPDX-License-Identifier: Apache-2.0
"""Grip-Hold: stream. What the client is sent at the beginning, what reaches it later, and how it ends."""
import base64
import threading

import pytest

from harness.messages import LAST_CHUNK, answer, chunk, request
from harness.publisher import interest, item
from harness.rig import hold_headers


# ---------------------------------------------------------------------------------------------------- beginning


def test_st_1_the_initial_response(rig):
    """Status and headers of the origin, no length, no Grip-*, and what tells intermediaries to pass bytes on."""
    path = rig.path()
    rig.origin.reply(
        path,
        203,
        b"welcome\n",
        hold_headers("stream", ["c"], [("X-A", "1"), ("Grip-Set-Meta", "a=b"), ("grip-other", "x")]),
        reason="Sort Of",
    )
    stream = rig.connect().stream(path)
    assert (stream.head.status, stream.head.reason) == (203, "Sort Of")
    assert stream.head.headers == [
        ("Content-Type", "text/plain"),
        ("X-A", "1"),
        ("Incremental", "?1"),
        ("X-Accel-Buffering", "no"),
        ("Cache-Control", "no-transform"),
        ("Transfer-Encoding", "chunked"),
    ]
    assert stream.until(b"\n") == b"welcome\n"


def test_what_the_origin_says_to_intermediaries_is_kept(rig):
    own = [("Incremental", "?0"), ("X-Accel-Buffering", "yes"), ("Cache-Control", "s-maxage=600")]
    path = rig.path()
    rig.origin.reply(path, headers=hold_headers("stream", ["c"], own))
    head = rig.connect().stream(path).head
    assert [head.all(name) for name, _ in own] == [[value] for _, value in own]


def test_st_2_the_head_is_sent_though_the_body_is_empty(rig):
    channel = rig.name("c")
    stream = rig.stream(channel, body=b"")
    rig.publish(channel, stream="first\n")
    assert stream.until(b"\n") == b"first\n"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_any_method_may_be_held(rig, method):
    channel = rig.name("c")
    client = rig.connect()
    client.send(request(method, rig.hold_stream(channel), body=b"a body" if method in ("POST", "PUT") else None))
    stream = client.streaming()
    stream.until(b"open\n")
    rig.publish(channel, stream="m\n")
    assert stream.until(b"\n") == b"m\n"


@pytest.mark.parametrize("framing", ["sized", "chunked", "close"])
def test_a_large_initial_body_is_relayed_and_then_held(rig, framing):
    """ACC-6: no limit of instruct_max_bytes for streams."""
    channel, body = rig.name("c"), bytes(range(256)) * 12000

    def handler(request, connection):
        connection.send(
            answer(body=body, headers=hold_headers("stream", [channel], [("Grip-Status", "202 Fine")]), framing=framing)
        )
        if framing == "close":
            connection.end_of_input()

    rig.origin.on("/large", handler)
    stream = rig.connect().stream("/large")
    assert (stream.head.status, stream.head.reason, stream.head.header("grip-hold")) == (202, "Fine", None)
    assert stream.take(len(body)) == body
    rig.publish(channel, stream="after\n")
    assert stream.until(b"\n") == b"after\n"


def test_what_is_published_during_a_slow_initial_body_follows_it(rig):
    channel, go_on = rig.name("c"), threading.Event()

    def handler(request, connection):
        connection.send(
            answer(headers=hold_headers("stream", [channel], [("Transfer-Encoding", "chunked")]), framing="none")
            + chunk(b"begin ")
        )
        go_on.wait()
        connection.send(chunk(b"end\n"))
        connection.send(LAST_CHUNK)

    rig.origin.on("/slow", handler)
    stream = rig.connect().stream("/slow")
    assert stream.take(6) == b"begin "
    for n in range(20):
        rig.publish(channel, stream=f"{n}\n")
    go_on.set()
    rig.publish(channel, stream="last\n")
    assert stream.until(b"last\n") == b"end\n" + b"".join(b"%d\n" % n for n in range(20)) + b"last\n"


def test_a_close_during_a_slow_initial_body_ends_the_stream_behind_it(rig):
    channel, go_on = rig.name("c"), threading.Event()

    def handler(request, connection):
        connection.send(
            answer(headers=hold_headers("stream", [channel], [("Content-Length", "12")]), framing="none") + b"begin "
        )
        go_on.wait()
        return b"ending"

    rig.origin.on("/slow", handler)
    client = rig.connect()
    stream = client.stream("/slow")
    assert stream.take(6) == b"begin "
    rig.publish_items(item(channel, stream="one "), item(channel, close=True), item(channel, stream="never"))
    go_on.set()
    assert stream.rest() == b"endingone "
    assert client.get("/next").status == 200


@pytest.mark.parametrize("status", [204, 304])
def test_st_6_what_has_no_body_is_not_held(rig, status):
    rig.origin.on(
        "/none", lambda request, connection: answer(status, headers=hold_headers("stream", ["c"]), framing="none")
    )
    client = rig.connect()
    response = client.get("/none")
    assert (response.status, response.header("grip-hold")) == (status, None)
    assert client.get("/next").status == 200


def test_head_is_not_held(rig):
    path = rig.path()
    rig.origin.on(path, lambda request, connection: answer(headers=hold_headers("stream", ["c"]), framing="none"))
    client = rig.connect()
    response = client.ask("HEAD", path)
    assert (response.status, response.header("grip-channel")) == (200, None)
    assert client.get("/next").status == 200


@pytest.mark.parametrize(
    "value, status, reason",
    [
        ("404", 404, "Not Found"),
        ("404 Some Text", 404, "Some Text"),
        ("599", 599, "Unknown"),
        ("", 200, "OK"),
        ("200  Two Spaces", 200, "Two Spaces"),
    ],
)
def test_grip_status(rig, value, status, reason):
    head = rig.connect().stream(rig.hold_stream("c", headers=[("Grip-Status", value)])).head
    assert (head.status, head.reason) == (status, reason)


@pytest.mark.parametrize(
    "expose", [[("Grip-Expose-Headers", "x-a, X-B")], [("Grip-Expose-Headers", "x-a"), ("Grip-Expose-Headers", "X-B")]]
)
def test_grip_expose_headers(rig, expose):
    head = rig.connect().stream(rig.hold_stream("c", headers=[("X-A", "1"), ("X-B", "2"), ("X-C", "3"), *expose])).head
    assert {"x-a", "x-b"} <= set(head.names()) and not {"x-c", "content-type"} & set(head.names())


# ------------------------------------------------------------------------------------------------------ channels


def test_several_channels_in_fields_and_lists(rig):
    a, b, c = (rig.name(n) for n in "abc")
    path = rig.path()
    rig.origin.reply(path, body=b"open\n", headers=hold_headers("stream", [f"{a}, {b}; x=1; y=\"2,3\"", c]))
    stream = rig.connect().stream(path)
    stream.until(b"open\n")
    rig.publish_items(*(item(name, stream=f"{name}\n") for name in (c, a, b, "other", a)))
    rig.publish(b, stream="end\n")
    assert stream.until(b"end\n").decode().split() == [c, a, b, a, "end"]


def test_a_channel_that_is_named_twice_delivers_once(rig):
    channel = rig.name("c")
    stream = rig.stream(channel, f"{channel}, {channel}")
    rig.publish_items(item(channel, stream="one\n"), item(channel, stream="two\n"))
    assert stream.until(b"two\n") == b"one\ntwo\n"


def test_two_channels_of_one_client_keep_the_order_of_publication(rig):
    a, b = rig.name("a"), rig.name("b")
    streams = [rig.stream(a, b), rig.stream(b, a), rig.stream(a, b, a)]
    count = 0
    for batch in (1, 2, 3, 50, 1, 100):
        rig.publish_items(*(item((a, b)[n % 3 == 0], stream=f"{n}\n") for n in range(count, count + batch)))
        count += batch
    rig.publish(a, stream="end\n")
    expected = b"".join(b"%d\n" % n for n in range(count)) + b"end\n"
    for stream in streams:
        assert stream.until(b"end\n") == expected


def test_names_are_bytes_of_utf_8_and_case_counts(rig):
    name = rig.name("Küche")
    stream = rig.stream(name.encode().decode("latin-1"))
    rig.publish_items(item(name.lower(), stream="no\n"), item(name, stream="yes\n"))
    assert stream.until(b"\n") == b"yes\n"


def test_a_hold_without_channels_is_held(rig):
    path = rig.path()
    rig.origin.reply(path, body=b"open\n", headers=[("Grip-Hold", "stream")])
    stream = rig.connect().stream(path)
    assert stream.until(b"\n") == b"open\n"
    rig.publish("", stream="to nobody\n")
    stream.client.close()
    rig.daemon.wait_log(rf"{path} .*hold=stream .*end=client-gone")


def test_prefix_and_implicit_channels(start):
    """Prefixes are for the origin's channels, sub= names are taken as they are."""
    rig = start(routes=["*,prefix=p- ORIGIN,sub=i1,sub=i2"])
    stream = rig.stream("c")
    for channel in ("c", "p-i1", "p-c", "i2", "i1"):
        rig.publish(channel, stream=f"{channel}\n")
    assert stream.until(b"i1\n") == b"p-c\ni2\ni1\n"


# ------------------------------------------------------------------------------------------------------ messages


def test_messages_are_written_as_they_are(rig):
    channel, data = rig.name("c"), bytes(range(256)) * 50
    stream = rig.stream(channel)
    rig.publish_items(
        {"channel": channel, "formats": {"http-stream": {"content-bin": base64.b64encode(data).decode()}}}
    )
    assert stream.take(len(data)) == data


def test_one_message_is_one_chunk(rig):
    channel = rig.name("c")
    client = rig.stream(channel).client
    rig.publish(channel, stream="whole")
    assert client.next_chunk() == b"whole"


def test_an_empty_message_does_not_end_the_stream(rig):
    channel = rig.name("c")
    stream = rig.stream(channel)
    rig.publish_items(item(channel, stream=""), item(channel, stream="after\n"))
    assert stream.until(b"\n") == b"after\n"


def test_lp_8_other_formats_are_not_for_streams(rig):
    channel = rig.name("c")
    stream = rig.stream(channel)
    rig.publish(channel, response="not for you")
    rig.publish_items(
        {"channel": channel, "formats": {"ws-message": {"content": "nor this"}}}, item(channel, stream="this\n")
    )
    assert stream.until(b"\n") == b"this\n"


def test_many_clients_of_one_channel_all_get_everything_in_order(rig):
    channel = rig.name("c")
    path = rig.hold_stream(channel)
    streams = [rig.connect().stream(path, version=("1.1", "1.0")[n % 2]) for n in range(60)]
    for stream in streams:
        stream.until(b"open\n")
    for n in range(0, 300, 10):
        rig.publish_items(*(item(channel, stream=f"{k}\n") for k in range(n, n + 10)))
    expected = b"".join(b"%d\n" % n for n in range(300))
    for stream in streams:
        assert stream.until(b"299\n") == expected


# ----------------------------------------------------------------------------------------------------------- end


def test_close_ends_the_body_and_the_connection_is_used_again(rig):
    channel = rig.name("c")
    stream = rig.stream(channel)
    rig.publish(channel, stream="last\n")
    rig.publish(channel, close=True)
    assert stream.rest() == b"last\n"
    client = stream.client
    assert client.get("/next").status == 200
    again = client.stream(rig.hold_stream(channel))
    again.until(b"open\n")
    rig.publish(channel, stream="again\n")
    assert again.until(b"\n") == b"again\n"


def test_nothing_follows_a_close(rig):
    channel = rig.name("c")
    streams = [rig.stream(channel) for _ in range(3)]
    rig.publish_items(
        item(channel, stream="1"), item(channel, close=True), item(channel, stream="2"), item(channel, close=True)
    )
    for stream in streams:
        assert stream.rest() == b"1"
        assert stream.client.get("/next").body == b"default\n"


def test_a_pipelined_request_waits_behind_the_stream(rig):
    channel = rig.name("c")
    client = rig.connect()
    client.send(request("GET", rig.hold_stream(channel)) + request("GET", "/behind"))
    stream = client.streaming()
    stream.until(b"open\n")
    rig.publish(channel, stream="m\n")
    assert stream.until(b"\n") == b"m\n"
    assert rig.origin.seen("/behind") == []
    rig.publish(channel, close=True)
    assert stream.rest() == b""
    assert client.response().body == b"default\n"


def test_http_1_0_gets_raw_bytes_up_to_the_end(rig):
    """OUT-5: also one that asked for keep-alive gets an end it can see."""
    channel = rig.name("c")
    client = rig.connect()
    stream = client.stream(rig.hold_stream(channel), [("Connection", "keep-alive")], version="1.0")
    assert stream.framing == "close" and stream.head.version == "1.0"
    assert "connection" not in stream.head.names()
    stream.until(b"open\n")
    rig.publish(channel, stream="raw\n")
    assert client.receive() == b"raw\n"
    rig.publish(channel, close=True)
    assert stream.rest() == b"" and not client.was_reset


@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_client_that_leaves_is_noticed(rig, how):
    """Its subscription ends, as a publisher on the SUB socket can see."""
    channel = rig.name("c")
    publisher = rig.zmq.xpub()
    stay, leave = rig.stream(channel), rig.stream(channel)
    interest(publisher, channel, True)
    getattr(leave.client, how)()
    rig.publish(channel, stream="for one\n")
    assert stay.until(b"\n") == b"for one\n"
    getattr(stay.client, how)()
    interest(publisher, channel, False)
    rig.daemon.wait_log(r"/stream-\d+ .*hold=stream .*end=client-gone")


def test_a_client_that_leaves_while_much_is_being_published(rig):
    channel = rig.name("c")
    path = rig.hold_stream(channel)
    stay = rig.connect().stream(path)
    stay.until(b"open\n")
    for n in range(0, 200, 10):
        leaving = [rig.connect().stream(path) for _ in range(4)]
        for stream in leaving:
            stream.until(b"open\n")
        leaving[0].client.close()
        rig.publish_items(*(item(channel, stream=f"{k}\n") for k in range(n, n + 10)))
        for stream in leaving[1:]:
            stream.client.reset()
    assert stay.until(b"199\n") == b"".join(b"%d\n" % n for n in range(200))
