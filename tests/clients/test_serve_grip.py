# SPDX-License-Identifier: Apache-2.0
"""npm's @fanoutio/serve-grip on express."""
import shutil

import pytest

from library import Site
from programs import installed


@pytest.fixture
def site(run, stopping):
    site = Site(run, stopping)
    site.start_app("serve-grip", shutil.which("node"), installed("serve_grip_app/node_modules").parent / "app.mjs",
                   site.app_port, site.grip_url)
    return site


def test_the_library_believes_the_signature(site):
    assert site.ask("GET", "/feed", port=site.app_port, channel="x").status == 501
    assert site.stream("/feed", channel="x").head.status == 200


def test_published_to_a_stream(site):
    streams = [site.stream("/feed", channel="news") for _ in range(2)]
    for stream in streams:
        assert stream.until(b"\n\n") == b"data: open\n\n"
    site.post("/publish", "grüße".encode(), channel="news")
    for stream in streams:
        assert stream.until(b"\xc3\x9fe\n\n").endswith("data: grüße\n\n".encode())


def test_published_to_a_long_poll(site):
    client = site.send_poll("/wait", channel="news", timeout=60)
    site.post("/publish", b"hello", channel="news")
    answer = client.response()
    assert (answer.status, answer.body) == (200, b"hello")


def test_nothing_published_to_a_long_poll(site):
    assert site.ask("GET", "/wait", channel="quiet", timeout=1).status == 304


def test_keep_alive(site):
    stream = site.stream("/feed", channel="quiet")
    assert stream.until(b"event: keep-alive\ndata:\n\n") == b"data: open\n\nevent: keep-alive\ndata:\n\n"


def test_close(site):
    stream = site.stream("/feed", channel="news")
    stream.until(b"data: open\n\n")
    site.post("/close", channel="news")
    assert b"data: " not in stream.rest()
