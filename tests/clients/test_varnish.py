# SPDX-License-Identifier: Apache-2.0
"""Debian's Varnish between Holdfast and the origin of the README, with the VCL of docker/compose.yaml: instructions are
cached with their response."""
import select
import sys

import pytest

from harness.client import Client
from harness.daemon import Daemon
from harness.messages import request
from harness.publisher import body_of, item
from harness.wait import eventually, free_port
from library import Sockets
from programs import ROOT

VCL = ROOT / "docker/varnish/default.vcl"


@pytest.fixture
def site(run, stopping, tmp_path):
    origin_port, varnish_port = free_port(), free_port()
    origin = run("origin", [sys.executable, "-u", ROOT / "examples/origin.py", origin_port], port=origin_port)
    vcl = tmp_path / "site.vcl"
    vcl.write_text(VCL.read_text().replace('.host = "origin"', '.host = "127.0.0.1"')
                   .replace('.port = "8080"', f'.port = "{origin_port}"'))
    run("varnish", ["/usr/sbin/varnishd", "-F", "-j", "none", "-n", tmp_path / "varnish", "-s", "malloc,16m",
                    "-a", f"127.0.0.1:{varnish_port}", "-f", vcl], port=varnish_port)
    daemon = stopping(Daemon([f"* 127.0.0.1:{varnish_port}"]).start())
    return daemon, origin


def publish(daemon, **formats):
    answer = Client(daemon.control_port).ask("POST", "/publish/", body=body_of(item("news", **formats)))
    assert answer.status == 200, answer.text


def requests_of(origin, path):
    return origin.log().count(f'"GET {path} ')


def test_streams_of_a_cached_response(site):
    daemon, origin = site
    streams = [Client(daemon.port).stream("/stream") for _ in range(3)]
    for stream in streams:
        assert stream.head.status == 200
        assert not [name for name in stream.head.names() if name.startswith("grip-")]
        assert stream.until(b"\n\n") == b": open\n\n"
    publish(daemon, stream="data: hello\n\n")
    for stream in streams:
        assert stream.until(b"\n\n") == b"data: hello\n\n"
    # X-Varnish has the number of the response that was stored behind that of the request, when it came from the cache.
    assert [len(stream.head.header("X-Varnish").split()) for stream in streams] == [1, 2, 2]
    assert requests_of(origin, "/stream") == 1


def test_a_long_poll_of_a_cached_response(site, stopping):
    daemon, origin = site
    sockets = stopping(Sockets(daemon))
    clients = [Client(daemon.port) for _ in range(2)]
    for client in clients:
        client.send(request("GET", "/wait"))
        sockets.wait_for_listener("news")
    publish(daemon, response="hello\n")
    assert clients[0].response().text == "hello\n"
    # The second one may have come after the publish, and after more of them; then it is held.

    def answered():
        publish(daemon, response="again\n")
        return select.select([clients[1].sock], [], [], 0.05)[0]

    eventually(answered, "an answer of the second poll")
    assert clients[1].response().text in ("hello\n", "again\n")
    assert requests_of(origin, "/wait") == 1


def test_plain_responses_pass(site):
    daemon, origin = site
    answers = [Client(daemon.port).get("/") for _ in range(2)]
    assert [answer.text for answer in answers] == ['{"try": ["/stream", "/wait"]}\n'] * 2
    assert requests_of(origin, "/") == 1
    assert Client(daemon.port).get("/nowhere").status == 404
