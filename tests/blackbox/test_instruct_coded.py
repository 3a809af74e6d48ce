# SPDX-License-Identifier: Apache-2.0
"""Instructions in responses with a Content-Encoding: decoded, or refused, and never mixed with what is published."""
import gzip
import json
import zlib

import pytest

from harness.instructions import document, refused
from harness.messages import answer
from harness.rig import hold_headers


@pytest.fixture(scope="module")
def routes():
    return ["* ORIGIN", "debug.test,debug ORIGIN"]


BROTLI_HELLO = b"\x0b\x02\x80hello\x03"
CODED = {
    "gzip": gzip.compress(b"hello"),
    "x-gzip": gzip.compress(b"hello"),
    "deflate": zlib.compress(b"hello"),
    "br": BROTLI_HELLO,
    "GZIP": gzip.compress(b"hello"),
    "identity": b"hello",
    "gzip, identity": gzip.compress(b"hello"),
}


def raw_deflate(data):
    coder = zlib.compressobj(wbits=-15)
    return coder.compress(data) + coder.flush()


@pytest.mark.parametrize(
    "coding", ["gzip", "x-gzip", "deflate", "br", "GZIP", "identity", "gzip, identity", "raw deflate"]
)
def test_a_hold_never_mixes_coded_and_plain_bytes(rig, coding):
    """Contract §7: the initial body is decoded, since what is published is not coded."""
    channel = rig.name("c")
    body = raw_deflate(b"hello") if coding == "raw deflate" else CODED[coding]
    coding = coding.removeprefix("raw ")
    path = rig.path()
    rig.origin.reply(path, body=body, headers=hold_headers("stream", [channel], [("Content-Encoding", coding)]))
    stream = rig.connect().stream(path)
    assert stream.take(5) == b"hello"
    assert coding == "identity" or "content-encoding" not in stream.head.names()
    rig.publish(channel, stream=" world")
    assert stream.take(6) == b" world"


@pytest.mark.parametrize("mode", ["stream", "response"])
def test_an_empty_body_that_claims_a_coding(rig, mode):
    """What is published is plain, so the claim must not reach the client."""
    channel, path = rig.name("c"), rig.path()
    rig.origin.reply(path, headers=hold_headers(mode, [channel], [("Content-Encoding", "gzip")]))
    client = rig.connect()
    rig.send_poll(client, path)
    rig.publish(channel, stream="plain", response="plain")
    response = client.streaming()
    assert "content-encoding" not in response.head.names()
    assert client.exactly(5) == b"plain" if mode == "response" else response.take(5) == b"plain"


def test_a_coded_long_poll_and_a_coded_document_are_decoded(rig):
    path = rig.path()
    rig.origin.reply(
        path,
        body=CODED["gzip"],
        headers=hold_headers("response", ["c"], [("Content-Encoding", "gzip"), ("Grip-Timeout", "1")]),
    )
    response = rig.get(path)
    assert response.body == b"hello" and "content-encoding" not in response.names()
    packed = gzip.compress(json.dumps({"response": {"body": "unpacked"}}).encode())
    assert rig.get(document(rig, packed, [("Content-Encoding", "gzip")])).body == b"unpacked"


BAD_CODED = {
    "unknown": ("zstd", b"x", "zstd"),
    "list-with-unknown": ("zstd, gzip", gzip.compress(b"x"), "zstd"),
    "not-gzip": ("gzip", b"not gzip", "gzip content is damaged"),
    "gzip-cut": ("gzip", gzip.compress(b"hello")[:-3], "gzip content is damaged"),
    "gzip-and-more": ("gzip", gzip.compress(b"hello") + b"more", "gzip content is damaged"),
    "br-cut": ("br", BROTLI_HELLO[:-2], "br content is damaged"),
    "br-and-more": ("br", BROTLI_HELLO + b"x", "br content is damaged"),
    "deflate-damaged": ("deflate", b"\x78\x9c\xff\xff\xff", "deflate content is damaged"),
    "bomb": ("gzip", gzip.compress(b"\0" * 50_000_000), "over 100000 bytes"),
}


@pytest.mark.parametrize("mode", ["stream", "response"])
@pytest.mark.parametrize("case", BAD_CODED)
def test_coded_responses_that_cannot_be_decoded(rig, case, mode):
    coding, body, what = BAD_CODED[case]
    path = rig.path()
    rig.origin.reply(path, body=body, headers=hold_headers(mode, ["c"], [("Content-Encoding", coding)]))
    refused(rig, path, what)


def test_a_coded_body_that_is_cut_is_not_followed(rig):
    path = rig.path()
    whole = answer(body=gzip.compress(b"hello"), headers=hold_headers("stream", ["c"], [("Content-Encoding", "gzip")]))
    rig.origin.on(path, lambda request, connection: connection.send(whole[:-4]) or connection.close())
    assert rig.get(path).status == 502
