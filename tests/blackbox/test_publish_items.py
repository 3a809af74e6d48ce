# SPDX-License-Identifier: Apache-2.0
"""Publish requests that are bad in any part: a 400 that names the item and its member, and nothing is published."""
import base64
import json

import pytest

from harness.publisher import Audience, body_of, item


@pytest.fixture
def audience(rig):
    return Audience(rig)


BAD_BODIES = {
    "empty": (b"", "Body is not valid JSON"),
    "cut": (b'{"items": [', "Body is not valid JSON"),
    "text": (b'"items"', "Body is not valid JSON"),
    "number": (b"5", "Body is not valid JSON"),
    "two": (b"{}{}", "Body is not valid JSON"),
    "not-utf-8": (b'{"items": [{"channel": "\xff"}]}', "Body is not valid JSON"),
    "nan": (b'{"items": [{"channel": "c", "size": NaN}]}', "Body is not valid JSON"),
    "nested-deeply": (b'{"items":' + b"[" * 100000, "Body is not valid JSON"),
    "list": (b"[]", "Invalid format"),
    "no-items": (b"{}", "Invalid format: object does not contain 'items'"),
    "items-object": (b'{"items": {}}', "Invalid format: object contains 'items' with wrong type"),
    "items-null": (b'{"items": null}', "Invalid format: object contains 'items' with wrong type"),
    "too-many": (
        json.dumps({"items": [{}] * 10001}).encode(),
        "Invalid format: 'items' has 10001 elements, 10000 are allowed",
    ),
}


@pytest.mark.parametrize("case", BAD_BODIES)
def test_bad_bodies(rig, case):
    body, what = BAD_BODIES[case]
    response = rig.post_control(body)
    assert response.status == 400 and response.text.startswith(what) and response.text.count("\n") == 1, response.text


def with_stream(**members):
    return {"channel": "c", "formats": {"http-stream": {"content": "x"}}, **members}


def formats(name, value):
    return {"channel": "c", "formats": {name: value}}


def response_headers(headers):
    return formats("http-response", {"body": "b", "headers": headers})


BAD_ITEMS = {
    "not-an-object": ("x", "publish item object is not an object"),
    "null": (None, "publish item object is not an object"),
    "no-channel": ({"formats": {"http-stream": {"content": "x"}}}, "publish item object does not contain 'channel'"),
    "channel-null": (with_stream(channel=None), "does not contain 'channel'"),
    "channel-number": (with_stream(channel=1), "contains 'channel' with wrong type"),
    "channel-too-long": (with_stream(channel="c" * 4097), "contains 'channel' with invalid value"),
    "id-number": (with_stream(id=1), "contains 'id' with wrong type"),
    "prev-id-list": (with_stream(**{"prev-id": []}), "contains 'prev-id' with wrong type"),
    "meta-list": (with_stream(meta=[]), "contains 'meta' with wrong type"),
    "meta-number": (with_stream(meta={"k": 1}), "'meta' contains 'k' with wrong type"),
    "size-text": (with_stream(size="big"), "contains 'size' with wrong type"),
    "size-negative": (with_stream(size=-1), "contains 'size' with invalid value"),
    "no-seq-text": (with_stream(**{"no-seq": "yes"}), "contains 'no-seq' with wrong type"),
    "purge": (with_stream(purge={}), "'purge' is not yet supported"),
    "no-formats": ({"channel": "c"}, "no formats specified"),
    "formats-empty": ({"channel": "c", "formats": {}}, "no formats specified"),
    "formats-list": ({"channel": "c", "formats": []}, "contains 'formats' with wrong type"),
    "formats-unknown": (
        formats("htp-stream", {}),
        "unknown format 'htp-stream': known are http-response, http-stream, ws-message",
    ),
    "stream-text": (formats("http-stream", "x"), "'http-stream' is not an object"),
    "stream-empty": (formats("http-stream", {}), "'http-stream' does not contain 'content' or 'content-bin'"),
    "stream-content-number": (
        formats("http-stream", {"content": 1}),
        "'http-stream' contains 'content' with wrong type",
    ),
    "stream-bin-list": (
        formats("http-stream", {"content-bin": []}),
        "'http-stream' contains 'content-bin' with wrong type",
    ),
    "stream-action-unknown": (
        formats("http-stream", {"action": "stop"}),
        "'http-stream' contains 'action' with unknown value 'stop'",
    ),
    "stream-action-number": (formats("http-stream", {"action": 1}), "'http-stream' contains 'action' with wrong type"),
    "stream-hint": (formats("http-stream", {"action": "hint"}), "'http-stream': action 'hint' is not yet supported"),
    "stream-refresh": (
        formats("http-stream", {"action": "refresh"}),
        "'http-stream' contains 'action' with unknown value 'refresh'",
    ),
    "stream-filters": (
        formats("http-stream", {"content": "x", "content-filters": ["build-id"]}),
        "'http-stream': content-filters are not yet supported",
    ),
    "stream-filters-text": (
        formats("http-stream", {"content": "x", "content-filters": "x"}),
        "'http-stream' contains 'content-filters' with wrong type",
    ),
    "response-empty": (
        formats("http-response", {}),
        "'http-response' does not contain 'body', 'body-bin', or 'body-patch'",
    ),
    "response-patch": (
        formats("http-response", {"body-patch": []}),
        "'http-response': 'body-patch' is not yet supported",
    ),
    "response-patch-text": (
        formats("http-response", {"body-patch": "x"}),
        "'http-response' contains 'body-patch' with wrong type",
    ),
    "response-close": (
        formats("http-response", {"action": "close"}),
        "'http-response' contains 'action' with unknown value 'close'",
    ),
    "response-hint": (
        formats("http-response", {"action": "hint"}),
        "'http-response': action 'hint' is not yet supported",
    ),
    "code-0": (
        formats("http-response", {"code": 0, "body": ""}),
        "'http-response': 0 is not a status code from 200 to 599",
    ),
    "code-100": (
        formats("http-response", {"code": 100, "body": ""}),
        "'http-response': 100 is not a status code from 200 to 599",
    ),
    "code-600": (
        formats("http-response", {"code": 600, "body": ""}),
        "'http-response': 600 is not a status code from 200 to 599",
    ),
    "code-huge": (formats("http-response", {"code": 10**30, "body": ""}), "'http-response' contains 'code'"),
    "code-text": (
        formats("http-response", {"code": "OK", "body": ""}),
        "'http-response' contains 'code' with wrong type",
    ),
    "code-list": (
        formats("http-response", {"code": [200], "body": ""}),
        "'http-response' contains 'code' with wrong type",
    ),
    "reason-injects": (
        formats("http-response", {"reason": "OK\r\nX-Evil: 1", "body": ""}),
        "'http-response': the reason",
    ),
    "reason-number": (
        formats("http-response", {"reason": 1, "body": ""}),
        "'http-response' contains 'reason' with wrong type",
    ),
    "headers-text": (response_headers("X: 1"), "'http-response' contains 'headers' with wrong type"),
    "header-injects-crlf": (
        response_headers({"X-A": "1\r\nX-Evil: 1"}),
        "'http-response': headers contains 'X-A' with an illegal value",
    ),
    "header-injects-lf": (
        response_headers([["X-A", "1\nX-Evil: 1"]]),
        "'http-response': headers contains element 0 with an illegal value",
    ),
    "header-nul": (response_headers({"X-A": "\0"}), "headers contains 'X-A' with an illegal value"),
    "header-name-colon": (response_headers({"X-A:": "1"}), "headers contains 'X-A:' with an illegal name"),
    "header-name-space": (
        response_headers([["X", "1"], ["X A", "1"]]),
        "headers contains element 1 with an illegal name",
    ),
    "header-name-empty": (response_headers({"": "1"}), "headers contains '' with an illegal name"),
    "header-number": (response_headers({"X-A": 1}), "headers contains 'X-A' with wrong type"),
    "header-element-text": (response_headers(["X-A"]), "headers contains element 0 with wrong type"),
    "header-triple": (
        response_headers([["a", "b", "c"]]),
        "headers contains element 0, a list with wrong number of elements",
    ),
    "body-number": (formats("http-response", {"body": 1}), "'http-response' contains 'body' with wrong type"),
    "ws-empty": (formats("ws-message", {}), "'ws-message' does not contain 'content' or 'content-bin'"),
    "ws-type": (
        formats("ws-message", {"type": "blob", "content": ""}),
        "'ws-message' contains 'type' with unknown value 'blob'",
    ),
    "ws-not-utf-8": (
        formats("ws-message", {"type": "text", "content-bin": "/w=="}),
        "'ws-message': the content of type text is not UTF-8",
    ),
    "ws-long-ping": (
        formats("ws-message", {"type": "ping", "content": "x" * 126}),
        "'ws-message': the content of a ping or pong has 126 bytes",
    ),
    "ws-close-code": (
        formats("ws-message", {"action": "close", "code": 1005}),
        "'ws-message' contains 'code' with invalid value",
    ),
    "ws-close-reason": (
        formats("ws-message", {"action": "close", "reason": "x" * 124}),
        "'ws-message' contains 'reason' with invalid value",
    ),
    "second-format-bad": (
        {"channel": "c", "formats": {"http-stream": {"content": "x"}, "ws-message": {}}},
        "'ws-message' does not contain",
    ),
}


@pytest.mark.parametrize("case", BAD_ITEMS)
def test_bad_items_name_themselves_and_nothing_of_the_request_is_published(rig, audience, case):
    bad, what = BAD_ITEMS[case]
    good = item(audience.channel, stream="never")
    response = rig.post_control(body_of(good, good, bad, good))
    assert response.status == 400
    assert response.text.startswith("Invalid format: item 2: ") and what in response.text, response.text
    assert response.text.endswith("\n") and response.text.count("\n") == 1
    audience.expect()


def test_text_of_errors_is_printable(rig):
    """What a publisher sends is shown to people: no control characters come back."""
    response = rig.post_control(body_of(formats("\x1b[31mred\r\n", {})))
    assert response.status == 400 and not [c for c in response.body[:-1] if c < 32]


def test_base64_that_is_none_is_what_is_left_of_it(rig, audience):
    encoded = base64.b64encode(b"text").decode()
    rig.publish_items(
        {
            "channel": audience.channel,
            "formats": {"http-stream": {"content-bin": "!" + encoded[:3] + "*" + encoded[3:] + "?"}},
        }
    )
    audience.expect("text")
