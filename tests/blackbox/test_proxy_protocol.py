# SPDX-License-Identifier: Apache-2.0
"""The PROXY protocol of load balancers: who may speak it, and what it changes."""
import socket
import struct

import pytest

from harness.messages import Broken, request
from harness.wait import eventually

V1 = b"PROXY TCP4 203.0.113.9 198.51.100.2 12345 443\r\n"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def version_2(source="203.0.113.9", *, command=1, extensions=b""):
    if ":" in source:
        family, addresses = 0x21, socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, "::1")
    else:
        family, addresses = 0x11, socket.inet_aton(source) + socket.inet_aton("198.51.100.2")
    payload = addresses + struct.pack("!HH", 12345, 443) + extensions
    return SIGNATURE + struct.pack("!BBH", 0x20 | command, family, len(payload)) + payload


@pytest.fixture(scope="module")
def options(authority):
    return {"tls": authority.issue("localhost"), "config": {"server": {"proxy_protocol_from": ["127.0.0.0/8"]}}}


def forwarded_for(rig, path):
    return rig.origin.seen(path)[-1].header("x-forwarded-for")


@pytest.mark.parametrize(
    "preface, peer",
    [
        (V1, "203.0.113.9"),
        (V1.replace(b"TCP4 203.0.113.9 198.51.100.2", b"TCP6 2001:db8::9 2001:db8::1"), "2001:db8::9"),
        (version_2(), "203.0.113.9"),
        (version_2("2001:db8::9"), "2001:db8::9"),
        (version_2("::ffff:203.0.113.9"), "203.0.113.9"),
        (version_2(extensions=b"\x04\x00\x05abcde" + b"\x20\x00\x00"), "203.0.113.9"),
        (b"", "127.0.0.1"),  # a listed peer may, but need not
        (b"PROXY UNKNOWN\r\n", "127.0.0.1"),
        (version_2(command=0), "127.0.0.1"),
    ],
    ids=["v1", "v1 ipv6", "v2", "v2 ipv6", "v2 mapped", "v2 extensions", "none", "v1 unknown", "v2 local"],
)
@pytest.mark.parametrize("transport", ["clear", "tls"])
def test_who_the_client_is(rig, authority, preface, peer, transport):
    path = rig.path()
    client = rig.connect(preface=preface, tls=authority.client() if transport == "tls" else None)
    for _ in range(2):
        assert client.get(path).status == 200
        assert forwarded_for(rig, path) == peer
    rig.daemon.wait_log(rf"access .*peer={peer} .*GET test{path} ")


def test_in_single_bytes(rig):
    for header in (V1, version_2()):
        path = rig.path()
        client = rig.connect()
        for byte in header + request("GET", path):
            client.send(bytes([byte]))
        assert client.response().status == 200 and forwarded_for(rig, path) == "203.0.113.9"


@pytest.mark.parametrize(
    "preface",
    [b"PROXY TCP4 nonsense\r\n", b"PROXY TCP4 203.0.113.9 198.51.100.2 123456 443\r\n", b"PROXY UNKNOWN " + b"x" * 200,
     SIGNATURE + b"\x31\x11\x00\x0c" + bytes(12), SIGNATURE + b"\x21\x11\x00\x04" + bytes(4),
     SIGNATURE + b"\x21\x11\xff\xff"],
    ids=["v1", "v1 port", "v1 endless", "v2 version", "v2 short", "v2 long"],
)
def test_malformed_headers_end_the_connection(rig, preface):
    path = rig.path()
    client = rig.connect()
    client.send(preface + request("GET", path))
    assert client.to_end() == b""
    assert not rig.origin.seen(path)
    rig.daemon.wait_log("PROXY .*peer=127.0.0.1")


def test_half_a_header_has_its_time(start):
    rig = start({"server": {"proxy_protocol_from": ["127.0.0.1"], "header_timeout_ms": 300}})
    assert rig.connect(preface=V1[:20]).to_end() == b""


@pytest.mark.parametrize("header", [V1, version_2()], ids=["v1", "v2"])
def test_from_others_it_is_no_request(start, authority, header):
    rig = start({"server": {"proxy_protocol_from": ["192.0.2.0/24", "::1"]}}, tls=authority.issue("localhost"))
    client = rig.connect()
    client.send(header + request("GET", "/x"))
    assert client.response().status == 400
    with pytest.raises((OSError, Broken)):
        rig.connect(tls=authority.client(), preface=header)
    assert not rig.origin.requests


def test_nobody_may_by_default(start):
    rig = start()
    client = rig.connect()
    client.send(V1 + request("GET", "/x"))
    assert client.response().status == 400 and not rig.origin.requests


def test_streams_keep_who_they_are(rig):
    stream = rig.stream("c", preface=V1)
    rig.publish("c", stream="one\n")
    assert stream.until(b"one\n")
    stream.client.close()
    eventually(lambda: "peer=203.0.113.9" in rig.daemon.log().rpartition("end=client-gone")[0], "it in the access log")
