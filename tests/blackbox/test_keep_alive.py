# SPDX-License-Identifier: Apache-2.0
"""Grip-Keep-Alive: what is written to a stream that is silent, or in any case."""
import threading
import time

import pytest

FORMATS = [
    (r"raw\n bytes", rb"raw\n bytes"),
    (r"event: ka\ndata:\n\n; format=cstring", b"event: ka\ndata:\n\n"),
    (r"\x00\\\r\xfe\q.; format=cstring; mode=idle", b"\x00\\\r\xfe."),
    ("AAECA/8=; format=base64; mode=interval", b"\x00\x01\x02\x03\xff"),
]


def test_keep_alive_formats_on_both_framings(rig):
    """KA-5. All of them at once, since each takes a second."""
    streams = []
    for value, wanted in FORMATS:
        for version in ("1.1", "1.0"):
            path = rig.hold_stream(rig.name("c"), headers=[("Grip-Keep-Alive", value + "; timeout=1")])
            stream = rig.connect().stream(path, version=version)
            stream.until(b"open\n")
            streams.append((stream, wanted))
    for stream, wanted in streams:
        assert stream.take(len(wanted) * 2) == wanted * 2


def test_no_keep_alive_without_the_header(rig):
    quiet, other = rig.stream(rig.name("c")), rig.name("c")
    ticking = rig.stream(other, headers=[("Grip-Keep-Alive", "tick; timeout=1")])
    assert ticking.take(8) == b"ticktick"
    rig.publish(rig.name("c"), stream="x")
    quiet.client.sock.setblocking(False)
    with pytest.raises(BlockingIOError):
        quiet.client.sock.recv(1)


def test_ka_2_idle_waits_for_silence_and_interval_does_not(rig):
    """With two seconds and up to one of jitter, an idle keep-alive never comes within a second of a message."""
    channel = rig.name("c")
    idle = rig.stream(channel, headers=[("Grip-Keep-Alive", "K; timeout=2")])
    interval = rig.stream(channel, headers=[("Grip-Keep-Alive", "K; timeout=2; mode=interval")])
    sent_at, pause = [], threading.Event()
    while len(sent_at) < 25:
        sent_at.append(time.monotonic())
        rig.publish(channel, stream=".")
        pause.wait(0.1)
    longest = max(b - a for a, b in zip(sent_at, sent_at[1:]))
    assert b"K" in interval.take(26)
    assert longest > 0.9 or idle.take(25) == b"." * 25  # a machine that stalled that long proves nothing
    assert idle.until(b"K").endswith(b"K")
