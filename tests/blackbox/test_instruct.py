# SPDX-License-Identifier: Apache-2.0
"""Instructions of origins: headers and application/grip-instruct documents, good ones and all that cannot be followed.
Those are a 502 that says why in debug, and never reach the client half followed."""
import base64

import pytest

from harness.instructions import document, refused
from harness.messages import answer
from harness.publisher import item

DOCUMENT = [("Content-Type", "application/grip-instruct")]


@pytest.fixture(scope="module")
def routes():
    return ["* ORIGIN", "debug.test,debug ORIGIN"]


# ------------------------------------------------------------------------------------------------- good documents


@pytest.mark.parametrize(
    "content_type",
    ["application/grip-instruct", "application/grip-instruct; charset=utf-8", "Application/GRIP-Instruct ;x"],
)
def test_a_document_that_holds_a_long_poll(rig, content_type):
    """`response` is the mode where none is given (JSON)."""
    channel = rig.name("c")
    path = document(rig, {"hold": {"channels": [{"name": channel}]}}, content_type=content_type)
    client = rig.connect()
    rig.send_poll(client, path)
    rig.publish(channel, response="news")
    response = client.response()
    assert response.body == b"news" and "content-type" not in response.names()


def test_json_7_what_the_client_sees_is_the_response_member(rig):
    path = document(rig, {
        "hold": {"mode": "response", "channels": [], "timeout": 1},
        "response": {"code": 203, "reason": "Kind Of", "headers": [["X-A", "1"], ["X-A", "2"]], "body": "time is up"},
    }, [("X-Outer", "no")])
    response = rig.get(path)
    assert (response.status, response.reason, response.body) == (203, "Kind Of", b"time is up")
    assert response.headers == [("X-A", "1"), ("X-A", "2"), ("Content-Length", "10")]


def test_a_document_that_holds_a_stream(rig):
    a, b = rig.name("a"), rig.name("b")
    path = document(
        rig,
        {
            "hold": {
                "mode": "stream",
                "channels": [{"name": a, "prev-id": None, "filters": []}, {"name": b}],
                "meta": {"user": "1"},
            },
            "response": {
                "headers": {"X-A": "1"},
                "body-bin": base64.b64encode(b"\x00open\n").decode(),
                "body": "loses",
            },
        },
    )
    stream = rig.connect().stream(path)
    assert stream.head.header("x-a") == "1" and stream.until(b"\n") == b"\x00open\n"
    rig.publish_items(item(b, stream="b\n"), item(a, stream="a\n"))
    assert stream.until(b"a\n") == b"b\na\n"


def test_json_9_its_keep_alive_is_an_interval(rig):
    path = document(
        rig, {"hold": {"mode": "stream", "channels": [], "keep-alive": {"content-bin": "AP8=", "timeout": 1}}}
    )
    assert rig.connect().stream(path).take(4) == b"\x00\xff" * 2


def test_json_6_headers_and_document_are_combined(rig):
    a, b = rig.name("a"), rig.name("b")
    path = document(
        rig,
        {"hold": {"mode": "stream", "channels": [{"name": b}]}},
        [("Grip-Hold", "response"), ("Grip-Channel", a), ("Grip-Status", "202"), ("Grip-Expose-Headers", "x-none")],
    )
    stream = rig.connect().stream(path)
    assert stream.head.status == 202
    rig.publish_items(item(a, stream="a\n"), item(b, stream="b\n"))
    assert stream.until(b"b\n") == b"a\nb\n"


@pytest.mark.parametrize("value, wanted", [
    ({}, (200, "OK", b"")),
    ({"response": {"code": "404"}}, (404, "Not Found", b"")),
    ({"response": {"code": 202.9, "reason": None, "body": "b"}}, (202, "Accepted", b"b")),
    ({"response": {"body": "ä"}}, (200, "OK", "ä".encode())),
])
def test_a_document_without_a_hold_is_answered_at_once(rig, value, wanted):
    response = rig.get(document(rig, value))
    assert (response.status, response.reason, response.body) == wanted


def test_framing_fields_in_a_document_are_not_followed(rig):
    response = rig.get(
        document(
            rig,
            {
                "response": {
                    "body": "four",
                    "headers": {
                        "Content-Length": "99",
                        "Transfer-Encoding": "chunked",
                        "Connection": "X-A",
                        "Grip-Hold": "stream",
                        "X-B": "kept",
                    },
                }
            },
        )
    )
    assert response.body == b"four" and set(response.names()) == {"x-b", "content-length"}


# --------------------------------------------------------------------------------------------- headers without a hold


def test_instructions_without_a_hold_are_stripped_and_the_response_is_relayed(rig):
    """Section 11."""
    rig.origin.reply(
        "/plain",
        404,
        b"body",
        [("Grip-Channel", "c"), ("Grip-Status", "410 Left"), ("X-A", "1"), ("Grip-Expose-Headers", "X-A")],
    )
    response = rig.get("/plain")
    assert (response.status, response.reason, response.body) == (410, "Left", b"body")
    assert response.headers == [("X-A", "1"), ("Content-Length", "4")]


def test_acc_2_any_grip_field_makes_instructions(rig):
    rig.origin.reply("/plain", body=b"body", headers=[("Grip-Unheard-Of", "x")])
    assert rig.get("/plain").headers == [("Content-Length", "4")]


def test_a_large_response_without_a_hold_is_relayed(rig):
    rig.origin.reply("/plain", body=b"x" * 300000, headers=[("Grip-Channel", "c")])
    assert rig.get("/plain").body == b"x" * 300000


def test_several_grip_channels_do_no_harm(rig):
    """§9.1: an element with a malformed parameter counts for nothing, empty ones neither."""
    channel = rig.name("c")
    path = rig.path()
    rig.origin.reply(
        path,
        body=b"open\n",
        headers=[
            ("Grip-Hold", "stream"),
            ("Grip-Channel", f'bad; x="open, {channel}'),
            ("Grip-Channel", f", ,{channel}; filter,"),
        ],
    )
    stream = rig.connect().stream(path)
    stream.until(b"open\n")
    rig.publish(channel, stream="m\n")
    assert stream.until(b"\n") == b"m\n"


# ----------------------------------------------------------------------------------------------- what is not followed

BAD_HEADERS = {
    "hold-unknown": ([("Grip-Hold", "forever")], "Grip-Hold"),
    "hold-case": ([("Grip-Hold", "Stream")], "Grip-Hold"),
    "hold-empty": ([("Grip-Hold", "")], "Grip-Hold"),
    "channel-without-name": ([("Grip-Hold", "stream"), ("Grip-Channel", "; prev-id=1")], "Grip-Channel"),
    "six-filters": ([("Grip-Hold", "stream"), ("Grip-Channel", "c" + "; filter=skip-self" * 6)], "Grip-Channel"),
    "timeout-negative": ([("Grip-Timeout", "-1")], "Grip-Timeout"),
    "timeout-text": ([("Grip-Timeout", "soon")], "Grip-Timeout"),
    "timeout-huge": ([("Grip-Timeout", "99999999999999999999")], "Grip-Timeout"),
    "status-text": ([("Grip-Status", "OK")], "Grip-Status"),
    "status-100": ([("Grip-Status", "100")], "Grip-Status"),
    "status-0": ([("Grip-Status", "0")], "Grip-Status"),
    "status-600": ([("Grip-Status", "600")], "Grip-Status"),
    "status-huge": ([("Grip-Status", "99999999999999999999999")], "Grip-Status"),
    "keep-alive-empty": ([("Grip-Keep-Alive", "; timeout=5")], "Grip-Keep-Alive"),
    "keep-alive-mode": ([("Grip-Keep-Alive", "x; mode=often")], "Grip-Keep-Alive"),
    "keep-alive-format": ([("Grip-Keep-Alive", "x; format=hex")], "Grip-Keep-Alive"),
    "keep-alive-timeout": ([("Grip-Keep-Alive", "x; timeout=-5")], "Grip-Keep-Alive"),
    "keep-alive-cstring-end": ([("Grip-Keep-Alive", "x\\; format=cstring")], "Grip-Keep-Alive"),
    "keep-alive-cstring-hex": ([("Grip-Keep-Alive", r"\xg1; format=cstring")], "Grip-Keep-Alive"),
    "keep-alive-base64-empty": ([("Grip-Keep-Alive", "=; format=base64")], "Grip-Keep-Alive"),
    "link-without-brackets": ([("Grip-Link", "/next; rel=next")], "Grip-Link"),
    "link-empty": ([("Grip-Link", "<>; rel=next")], "Grip-Link"),
    "meta-without-name": ([("Grip-Set-Meta", "=value")], "Grip-Set-Meta"),
}


@pytest.mark.parametrize("case", BAD_HEADERS)
def test_err_6_bad_headers(rig, case):
    headers, what = BAD_HEADERS[case]
    path = rig.path()
    rig.origin.reply(path, body=b"secret", headers=headers)
    refused(rig, path, what)


def hold(**members):
    return {"hold": {"mode": "stream", "channels": [], **members}}


BAD_DOCUMENTS = {
    "not-json": (b"hold: stream", "not valid JSON"),
    "cut": (b'{"hold": {"mode": "stream"', "not valid JSON"),
    "not-utf-8": (b'{"response": {"body": "\xff"}}', "not valid JSON"),
    "nested-deeply": (b'{"hold":' + b"[" * 60000 + b"]" * 30000, "not valid JSON"),
    "empty": (b"", "not valid JSON"),
    "list": ([], "not a JSON object"),
    "text": (b'"hold"', "not a JSON object"),
    "hold-null": ({"hold": None}, "hold is not an object"),
    "hold-list": ({"hold": []}, "hold is not an object"),
    "mode-unknown": (hold(mode="forever"), "hold.mode"),
    "mode-number": (hold(mode=1), "hold.mode"),
    "channels-missing": ({"hold": {"mode": "stream"}}, "hold.channels"),
    "channels-object": (hold(channels={}), "hold.channels"),
    "channel-text": (hold(channels=["c"]), "hold.channels[0]"),
    "channel-without-name": (hold(channels=[{"name": "a"}, {}]), "hold.channels[1].name"),
    "channel-name-number": (hold(channels=[{"name": 1}]), "hold.channels[0].name"),
    "channel-name-empty": (hold(channels=[{"name": ""}]), "hold.channels[0].name"),
    "prev-id-number": (hold(channels=[{"name": "a", "prev-id": 1}]), "hold.channels[0].prev-id"),
    "filters-text": (hold(channels=[{"name": "a", "filters": "x"}]), "hold.channels[0].filters"),
    "six-filters": (hold(channels=[{"name": "a", "filters": ["x"] * 6}]), "hold.channels[0].filters"),
    "timeout-text": (hold(timeout="soon"), "hold.timeout"),
    "timeout-negative": (hold(timeout=-1), "hold.timeout"),
    "timeout-list": (hold(timeout=[]), "hold.timeout"),
    "keep-alive-text": (hold(**{"keep-alive": "x"}), "hold.keep-alive"),
    "keep-alive-without-content": (hold(**{"keep-alive": {"timeout": 5}}), "hold.keep-alive"),
    "keep-alive-empty": (hold(**{"keep-alive": {"content": ""}}), "hold.keep-alive"),
    "meta-list": (hold(meta=[]), "hold.meta"),
    "meta-number": (hold(meta={"a": 1}), "hold.meta"),
    "response-text": ({"response": "x"}, "response"),
    "code-0": ({"response": {"code": 0}}, "response.code"),
    "code-99": ({"response": {"code": 99}}, "response.code"),
    "code-101": ({"response": {"code": 101}}, "response.code"),
    "code-600": ({"response": {"code": 600}}, "response.code"),
    "code-huge": ({"response": {"code": 1e300}}, "response.code"),
    "code-text": ({"response": {"code": "OK"}}, "response.code"),
    "reason-number": ({"response": {"reason": 1}}, "response.reason"),
    "reason-injects": ({"response": {"reason": "OK\r\nX-Evil: 1"}}, "response.reason"),
    "headers-text": ({"response": {"headers": "X: 1"}}, "response.headers"),
    "headers-triple": ({"response": {"headers": [["a", "b", "c"]]}}, "response.headers[0]"),
    "headers-number": ({"response": {"headers": {"X-A": 1}}}, "response.headers"),
    "header-injects": ({"response": {"headers": {"X-A": "1\r\nX-Evil: 1"}}}, "response.headers"),
    "header-nul": ({"response": {"headers": [["X-A", "\0"]]}}, "response.headers[0]"),
    "header-name-injects": ({"response": {"headers": {"X-A: 1\r\nX-Evil": "1"}}}, "response.headers"),
    "header-name-empty": ({"response": {"headers": {"": "1"}}}, "response.headers"),
    "header-name-space": ({"response": {"headers": [["X A", "1"]]}}, "response.headers[0]"),
    "body-number": ({"response": {"body": 1}}, "response.body"),
}


@pytest.mark.parametrize("case", BAD_DOCUMENTS)
def test_err_6_bad_documents(rig, case):
    value, what = BAD_DOCUMENTS[case]
    refused(rig, document(rig, value), what)


@pytest.mark.parametrize("status", [201, 204, 404, 500])
def test_acc_3_a_document_needs_status_200(rig, status):
    if status == 204:
        rig.origin.on("/none", lambda request, connection: answer(204, headers=DOCUMENT, framing="none"))
        return refused(rig, "/none", "status 204")
    refused(rig, document(rig, {}, status=status), f"status {status}")


def test_a_bad_header_spoils_a_good_document(rig):
    refused(rig, document(rig, {"response": {"body": "x"}}, [("Grip-Timeout", "x")]), "Grip-Timeout")


def test_nothing_is_subscribed_by_what_is_refused(rig):
    channel = rig.name("c")
    path = document(rig, {"hold": {"channels": [{"name": channel}, {"name": 1}]}})
    client = rig.connect()
    assert client.get(path).status == 502
    rig.publish(channel, response="to nobody", stream="to nobody")
    assert client.get("/next").body == b"default\n"
