# SPDX-License-Identifier: Apache-2.0
"""PyPI's gripcontrol: an application that verifies signatures, instructs with headers and documents, and publishes over
HTTP and ZeroMQ."""
from pathlib import Path

import pytest

from library import Site, wait_until
from programs import installed

APP = Path(__file__).parent / "gripcontrol_app/app.py"


@pytest.fixture
def site(run, stopping):
    site = Site(run, stopping)
    daemon = site.daemon
    site.start_app("gripcontrol", installed("gripcontrol/bin/python"), APP, site.app_port, site.grip_url,
                   f"tcp://127.0.0.1:{daemon.pull_port}", f"tcp://127.0.0.1:{daemon.sub_port}")
    return site


def test_the_library_believes_the_signature(site):
    assert site.ask("GET", "/feed", port=site.app_port, channel="x").status == 501
    assert site.stream("/feed", channel="x").head.status == 200


@pytest.mark.parametrize("by", ["http", "push", "pub"])
def test_published_to_a_stream(site, by):
    streams = [site.stream("/feed", channel="news") for _ in range(2)]
    for stream in streams:
        stream.until(b"data: open\n\n")
    site.zmq.wait_for_listener("news")
    wait_until(site, "/is-subscribed", "yes", channel="news")
    site.post("/publish", "grüße".encode(), channel="news", by=by)
    for stream in streams:
        assert stream.until("data: grüße\n\n".encode()).endswith("data: grüße\n\n".encode())


@pytest.mark.parametrize("by", ["http", "push", "pub"])
def test_published_to_a_long_poll(site, by):
    client = site.send_poll("/wait", channel="news", timeout=60)
    wait_until(site, "/is-subscribed", "yes", channel="news")
    site.post("/publish", b"hello", channel="news", by=by)
    answer = client.response()
    assert (answer.status, answer.body) == (200, b"hello")


def test_nothing_published_to_a_long_poll(site):
    answer = site.ask("GET", "/wait", channel="quiet", timeout=1)
    assert (answer.status, answer.body) == (200, b"nothing\n")


def test_keep_alive(site):
    stream = site.stream("/feed", channel="quiet")
    assert stream.until(b"event: keep-alive\ndata:\n\n") == b"data: open\n\nevent: keep-alive\ndata:\n\n"


def test_documents(site):
    stream = site.stream("/document", mode="stream", channel="news")
    assert stream.head.header("X-From") == "document"
    assert stream.until(b"\n") == b"open\n"
    client = site.send_poll("/document", mode="response", channel="other", timeout=60)
    for channel in ("news", "other"):
        site.post("/publish", channel.encode(), channel=channel, by="http")
    assert stream.until(b"\n\n") == b"data: news\n\n"
    assert client.response().body == b"other"


def test_queued_publishes_keep_their_order(site):
    stream = site.stream("/feed", channel="news")
    stream.until(b"data: open\n\n")
    site.post("/publish-many", channel="news", count=200)
    wanted = b"".join(b"data: %d\n\n" % number for number in range(200))
    got = stream.until(b"data: 199\n\n")
    assert got.replace(b"event: keep-alive\ndata:\n\n", b"") == wanted


def test_an_id_counts_once_whichever_way_it_comes(site):
    stream = site.stream("/feed", channel="news")
    stream.until(b"data: open\n\n")
    site.zmq.wait_for_listener("news")
    site.post("/publish", b"once", channel="news", by="push", id="a")
    assert stream.until(b"data: once\n\n").endswith(b"data: once\n\n")
    site.post("/publish", b"twice", channel="news", by="http", id="a")
    site.post("/publish", b"end", channel="news", by="http")
    assert b"twice" not in stream.until(b"data: end\n\n")


def test_close(site):
    stream = site.stream("/feed", channel="news")
    stream.until(b"data: open\n\n")
    site.post("/close", channel="news")
    assert b"data: " not in stream.rest()
