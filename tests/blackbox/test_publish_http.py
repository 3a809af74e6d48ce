# SPDX-License-Identifier: Apache-2.0
"""POST /publish/: connections, resources, content negotiation, limits, and the layouts that libraries send."""

import pytest

from harness.messages import LAST_CHUNK, chunk, chunked, request
from harness.publisher import Audience, body_of, item


@pytest.fixture
def audience(rig):
    return Audience(rig)


# --------------------------------------------------------------------------------------------------------- accepted


def test_both_layouts(rig, audience):
    """With `formats`, as JS and PHP do, and with formats on the item, as Python, Ruby and Go do."""
    rig.publish_items(
        {"channel": audience.channel, "formats": {"http-stream": {"content": "1"}}},
        {"channel": audience.channel, "http-stream": {"content": "2"}, "http-response": {"body": "x"}, "meta": {}},
        {
            "channel": audience.channel,
            "id": "a",
            "prev-id": "b",
            "no-seq": False,
            "size": 5,
            "meta": {"k": "v"},
            "formats": {"ws-message": {"content": "x"}, "http-stream": {"content": "3"}},
        },
        {
            "channel": audience.channel,
            "id": None,
            "meta": None,
            "unknown": [1],
            "formats": {"http-stream": {"content": "4", "x": 1}},
        },
    )
    audience.expect("1", "2", "3", "4")


def test_formats_win_over_members_of_the_item(rig, audience):
    rig.publish_items(
        {"channel": audience.channel, "http-stream": {"content": "no"}, "formats": {"http-stream": {"content": "yes"}}}
    )
    audience.expect("yes")


@pytest.mark.parametrize(
    "stream",
    [
        {"content": "text"},
        {"content-bin": "dGV4dA=="},
        {"content-bin": "dGV4dA"},
        {"content-bin": "dGV4\ndA==\n"},
        {"content": "loses", "content-bin": "dGV4dA=="},
        {"action": "send", "content": "text"},
        {"content": "text", "content-filters": []},
        {"action": None, "content": "text", "content-bin": None},
    ],
)
def test_stream_content(rig, audience, stream):
    """Base64 is read leniently, as libraries write it."""
    rig.publish_items({"channel": audience.channel, "formats": {"http-stream": stream}})
    audience.expect("text")


@pytest.mark.parametrize(
    "response, status, body",
    [
        ({"body": "b"}, 200, b"b"),
        ({"body-bin": "AP8="}, 200, b"\x00\xff"),
        ({"code": "404", "body": ""}, 404, b""),
        ({"code": 599, "body": "x"}, 599, b"x"),
        ({"code": 201.0, "body": "ü"}, 201, "ü".encode()),
        ({"body": "loses", "body-bin": "d2lucw=="}, 200, b"wins"),
    ],
)
def test_response_content(rig, response, status, body):
    channel = rig.name("c")
    client = rig.poll(channel)
    rig.publish_items({"channel": channel, "formats": {"http-response": response}})
    got = client.response()
    assert (got.status, got.body) == (status, body)


@pytest.mark.parametrize(
    "ws",
    [
        {"content": "text"},
        {"content-bin": "AP8="},
        {"type": "binary", "content": "x"},
        {"type": "ping"},
        {"type": "pong", "content": "p"},
        {"action": "close"},
        {"action": "close", "code": 1000, "reason": "r"},
        {"action": "close", "code": 0},
        {"action": "refresh"},
    ],
)
def test_websocket_items_are_accepted(rig, ws):
    """Their receivers come later; publishers must not have to care."""
    rig.publish_items({"channel": rig.name("c"), "formats": {"ws-message": ws}})


def test_close_with_empty_content_as_js_writes_it(rig, audience):
    rig.publish_items({"channel": audience.channel, "formats": {"http-stream": {"action": "close", "content": ""}}})
    assert audience.stream.rest() == b""


def test_no_items_are_fine(rig):
    assert rig.post_control(b'{"items": []}').status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/publish",
        "/publish/",
        "/realm/x/publish/",
        "/service/x/publish",
        "/publish/?x=1",
        "/publish?a/b",
        "/a%20b/publish/",
        "/publish/publish",
    ],
)
def test_any_prefix_and_any_query(rig, audience, path):
    response = rig.post_control(body_of(item(audience.channel, stream="m")), path)
    assert (response.status, response.body, response.header("content-type")) == (200, b"Published\n", "text/plain")
    audience.expect("m")


# ------------------------------------------------------------------------------------------------------ connections


def test_a_connection_is_used_again_also_after_errors(rig, audience):
    client = rig.connect_control()
    for n in range(5):
        assert client.ask("POST", "/publish/", body=body_of(item(audience.channel, stream=f"{n}"))).status == 200
        assert client.ask("POST", "/publish/", body=b"{").status == 400
        assert client.ask("GET", "/").body == b"Holdfast\n"
    audience.expect(*"01234")


def test_a_thousand_pipelined_publishes_keep_their_order(rig, audience):
    client = rig.connect_control()
    client.send(
        b"".join(
            request("POST", "/publish/", body=body_of(item(audience.channel, stream=f"{n}\n"))) for n in range(1000)
        )
    )
    for _ in range(1000):
        assert client.response().status == 200
    audience.expect(*(f"{n}\n" for n in range(1000)))


@pytest.mark.parametrize("size", [10, 70000, 900000])
def test_chunked_bodies(rig, audience, size):
    body = body_of(item(audience.channel, stream="x" * size))
    client = rig.connect_control()
    for _ in range(2):
        client.send(
            request("POST", "/publish/", [("Transfer-Encoding", "chunked")])
            + chunked(body[at : at + 30000] for at in range(0, len(body), 30000))
        )
        assert client.response().status == 200
    audience.expect("x" * size * 2)


def test_expect_100_continue(rig, audience):
    body = body_of(item(audience.channel, stream="m"))
    client = rig.connect_control()
    client.send(request("POST", "/publish/", [("Expect", "100-continue"), ("Content-Length", str(len(body)))]))
    assert client.head().status == 100
    client.send(body)
    assert client.response().status == 200
    audience.expect("m")


def test_http_1_0_publishers(rig, audience):
    client = rig.connect_control()
    response = client.ask(
        "POST", "/publish/", body=body_of(item(audience.channel, stream="m")), version="1.0", host=None
    )
    assert (response.version, response.status) == ("1.0", 200)
    assert client.to_end() == b""
    audience.expect("m")


def test_authorization_is_tolerated(rig, audience):
    for value in ("Bearer abc", "Basic dXNlcjpwYXNz"):
        assert (
            rig.post_control(body_of(item(audience.channel, stream=".")), headers=[("Authorization", value)]).status
            == 200
        )
    audience.expect("..")


def test_a_publisher_that_breaks_off_publishes_nothing(rig, audience):
    whole = request("POST", "/publish/", body=body_of(item(audience.channel, stream="never")))
    for cut in (len(whole) - 1, len(whole) - 20, 30):
        client = rig.connect_control()
        client.send(whole[:cut])
        client.reset()
    client = rig.connect_control()
    client.send(
        request("POST", "/publish/", [("Transfer-Encoding", "chunked")])
        + chunk(body_of(item(audience.channel, stream="never")))
    )
    client.close()
    audience.expect()


# ------------------------------------------------------------------------------------------------ content negotiation


@pytest.mark.parametrize(
    "accept, form",
    [
        (None, "text"),
        ("text/plain", "text"),
        ("*/*", "text"),
        ("application/json", "json"),
        ("application/*", "json"),
        ("APPLICATION/JSON; q=1", "json"),
        ("text/html, application/json", "json"),
        ("application/json, text/plain", "text"),
        ("text/plain;q=0.5, application/json;q=0.6", "json"),
        ("application/json;q=0, */*", "text"),
        ("text/plain;q=0, application/*;q=0.1", "json"),
        ("text/html", None),
        ("", None),
        ("application/json;q=0", None),
    ],
)
def test_content_negotiation(rig, accept, form):
    """By weight, not by place (section 12 of the reference)."""
    response = rig.post_control(b'{"items": []}', headers=[] if accept is None else [("Accept", accept)])
    wanted = {
        "text": (200, b"Published\n", "text/plain"),
        "json": (200, b'{"message":"Published"}\n', "application/json"),
        None: (406, b"Not Acceptable. Supported formats are text/plain and application/json.\n", "text/plain"),
    }[form]
    assert (response.status, response.body, response.header("content-type")) == wanted


def test_errors_are_text_whatever_is_accepted(rig):
    response = rig.post_control(b"{", headers=[("Accept", "application/json")])
    assert (response.status, response.header("content-type")) == (400, "text/plain")


def test_what_is_not_acceptable_is_not_published(rig, audience):
    assert (
        rig.post_control(body_of(item(audience.channel, stream="never")), headers=[("Accept", "image/png")]).status
        == 406
    )
    audience.expect()


# ------------------------------------------------------------------------------------------------- other resources


@pytest.mark.parametrize(
    "method, path, status, body",
    [
        ("GET", "/", 200, b"Holdfast\n"),
        ("GET", "/healthz", 200, b"OK\n"),
        ("GET", "/healthz/", 200, b"OK\n"),
        ("GET", "/publisher", 404, b"Not Found\n"),
        ("POST", "/publish/x", 404, b"Not Found\n"),
        ("POST", "/", 200, b"Holdfast\n"),
        ("GET", "/subscriptions/items/", 404, b"Not Found\n"),
        ("GET", "/x?publish", 404, b"Not Found\n"),
        ("POST", "/publish//", 404, b"Not Found\n"),
        ("POST", "/recover", 501, None),
        ("GET", "/PUBLISH/", 404, b"Not Found\n"),
    ],
)
def test_resources(rig, method, path, status, body):
    response = rig.post_control(b"" if method == "POST" else None, path, method=method)
    assert response.status == status and (body is None or response.body == body)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "PATCH", "post"])
def test_publish_knows_post_alone(rig, audience, method):
    response = rig.post_control(body_of(item(audience.channel, stream="never")), method=method)
    assert (response.status, response.header("allow"), response.text) == (
        405,
        "POST",
        f"Method not allowed: {method}.\n",
    )
    audience.expect()


def test_head_of_publish(rig):
    client = rig.connect_control()
    response = client.ask("HEAD", "/publish/")
    assert (response.status, response.body) == (405, b"")
    assert client.get("/").status == 200


@pytest.mark.parametrize("query, member", [("receipt=1", "receipt")])
def test_what_is_not_yet_supported_says_so(rig, audience, query, member):
    response = rig.post_control(body_of(item(audience.channel, stream="never")), f"/publish/?{query}")
    assert response.status == 400 and member in response.text and "not yet supported" in response.text
    audience.expect()


# ---------------------------------------------------------------------------------------------------------- limits


def test_limits_of_header_and_body(start):
    rig = start({"control": {"header_max_bytes": 1000, "body_max_bytes": 2000}})
    audience = Audience(rig)

    def publish(pad_header, pad_body):
        body = body_of(item(audience.channel, stream="."))
        return rig.post_control(body + b" " * (pad_body - len(body)), headers=[("X-Pad", "p" * pad_header)])

    assert publish(500, 2000).status == 200
    response = publish(1000, 100)
    assert response.status == 431 and "header_max_bytes in [control]" in response.text
    response = publish(10, 2001)
    assert response.status == 413 and "body_max_bytes in [control]" in response.text
    client = rig.connect_control()
    client.send(
        request("POST", "/publish/", [("Transfer-Encoding", "chunked")])
        + chunk(b" " * 1500)
        + chunk(b" " * 600)
        + LAST_CHUNK
    )
    assert client.response().status == 413
    audience.expect(".")


def test_the_default_limits(rig):
    assert rig.post_control(b" " * 1000001).status == 413
    assert rig.post_control(b'{"items": []}' + b" " * 900000).status == 200
    assert rig.post_control(b"", headers=[("X", "x" * 10000)]).status == 431


def test_malformed_requests_are_refused_as_on_the_front(rig):
    client = rig.connect_control()
    client.send(b"POST /publish/ HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}")
    response = client.response()
    assert response.status == 400 and "both Content-Length and Transfer-Encoding" in response.text
    assert client.to_end() == b""
