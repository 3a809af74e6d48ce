# SPDX-License-Identifier: Apache-2.0
"""SIGTERM and SIGINT: no new clients, holds end cleanly, requests under way are answered, and the exit status is 0."""
import signal
import threading

import pytest

from harness.client import Client
from harness.messages import LAST_CHUNK, Broken, answer, chunk, request
from harness.rig import hold_headers
from harness.wait import eventually


def refused(port):
    try:
        Client(port).close()
    except (ConnectionRefusedError, ConnectionResetError):
        return True
    return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_everybody_is_sent_away_in_order(start, number):
    """Parked streams get the end of their body, long-polls what the origin had for them, idle connections their end."""
    rig = start()
    channel = rig.name("c")
    streams = [rig.stream(channel) for _ in range(20)]
    old = rig.connect().stream(rig.hold_stream(channel), version="1.0")
    old.until(b"open\n")
    polls = [rig.poll(channel, body=b"nothing yet\n") for _ in range(10)]
    idle, fresh = rig.connect(), rig.connect()
    assert idle.get("/").status == 200
    rig.publish(channel, stream="last words\n")
    rig.daemon.signal(number)
    for stream in [*streams, old]:
        assert stream.rest() == b"last words\n"
        assert stream.client.to_end() == b"" and not stream.client.was_reset
    for poll in polls:
        response = poll.response()
        assert (response.status, response.body) == (200, b"nothing yet\n")
        assert poll.to_end() == b""
    for client in (idle, fresh):
        assert client.to_end() == b"" and not client.was_reset
    assert rig.daemon.wait_exit() == 0
    log = rig.daemon.log()
    assert "stopping: " in log and "0 clients cut off" in log
    assert log.count("hold=stream") == 21 and log.count("end=shutdown") == 31


def test_a_request_under_way_is_finished(start):
    """Also an upload and a download that go on for a while; nobody new is let in meanwhile."""
    rig = start()
    go_on = threading.Event()

    def slow(request, connection):
        go_on.wait()
        return answer(body=b"finished")

    def download(request, connection):
        connection.send(answer(headers=[("Transfer-Encoding", "chunked")], framing="none") + chunk(b"begin "))
        go_on.wait()
        return chunk(b"end") + LAST_CHUNK

    rig.origin.on("/slow", slow)
    rig.origin.on("/download", download)
    rig.origin.on("/upload", lambda request, connection: answer(body=b"%d" % len(request.body)))
    waiting, down, up = rig.connect(), rig.connect(), rig.connect()
    waiting.send(request("GET", "/slow"))
    down.send(request("GET", "/download"))
    up.send(request("POST", "/upload", [("Content-Length", "2000")]) + b"x" * 1000)
    rig.origin.wait_for("/slow")
    stream = down.streaming()
    assert stream.take(6) == b"begin "
    rig.daemon.signal(signal.SIGTERM)
    rig.daemon.wait_log("stopping: ")
    eventually(lambda: refused(rig.daemon.port), "closed listeners")
    up.send(b"x" * 1000)
    assert up.response().body == b"2000"
    go_on.set()
    response = waiting.response()
    assert (response.body, response.header("connection")) == (b"finished", "close")
    assert stream.rest() == b"end"
    assert waiting.to_end() == down.to_end() == up.to_end() == b""
    assert rig.daemon.wait_exit() == 0


def test_a_hold_that_begins_while_the_daemon_stops_ends_at_once(start):
    rig = start()
    go_on, channel = threading.Event(), rig.name("c")

    def handler(mode):
        def handle(request, connection):
            go_on.wait()
            return answer(body=b"late\n", headers=hold_headers(mode, [channel]))
        return handle

    rig.origin.on("/stream", handler("stream"))
    rig.origin.on("/poll", handler("response"))
    stream, poll = rig.connect(), rig.connect()
    stream.send(request("GET", "/stream"))
    poll.send(request("GET", "/poll"))
    rig.origin.wait_for("/stream")
    rig.origin.wait_for("/poll")
    rig.daemon.signal(signal.SIGTERM)
    rig.daemon.wait_log("stopping: ")
    go_on.set()
    assert stream.streaming().rest() == b"late\n"
    assert poll.response().body == b"late\n"
    assert rig.daemon.wait_exit() == 0


def test_a_second_signal_ends_it_now(start):
    """Whoever is still being served sees a broken message, not a short one."""
    rig = start({"server": {"drain_seconds": 3600}})
    done = threading.Event()

    def handler(request, connection):
        connection.send(answer(headers=[("Content-Length", "100")], framing="none") + b"x" * 50)
        done.wait()

    rig.origin.on("/never", handler)
    client = rig.connect()
    client.send(request("GET", "/never"))
    client.head()
    assert client.exactly(50)
    rig.daemon.signal(signal.SIGTERM)
    rig.daemon.wait_log("stopping: 1 clients")
    assert rig.daemon.running()
    rig.daemon.signal(signal.SIGTERM)
    assert rig.daemon.wait_exit() == 0
    rig.daemon.wait_log("stopping now: 1 clients cut off")
    with pytest.raises(Broken):
        client.exactly(50)
    done.set()


def test_a_second_signal_with_clients_held_on_every_core(start):
    rig = start({"server": {"drain_seconds": 3600}}, workers=4)
    for _ in range(48):
        rig.stream(rig.name("c"))
    rig.daemon.signal(signal.SIGTERM)
    rig.daemon.wait_log("stopping: 48 clients")
    rig.daemon.signal(signal.SIGTERM)
    assert rig.daemon.wait_exit() == 0
    rig.daemon.wait_log(r"stopping now: \d+ clients cut off")


def test_drain_seconds_bounds_the_wait(start):
    rig = start({"server": {"drain_seconds": 1}})
    done = threading.Event()
    rig.origin.on("/never", lambda request, connection: done.wait() and None)
    client = rig.connect()
    client.send(request("GET", "/never"))
    rig.origin.wait_for("/never")
    rig.daemon.signal(signal.SIGTERM)
    assert rig.daemon.wait_exit() == 0
    assert "1 clients cut off" in rig.daemon.log()
    with pytest.raises(Broken):
        client.response()
    done.set()


def test_drain_seconds_of_zero_still_ends_holds_cleanly(start):
    rig = start({"server": {"drain_seconds": 0}})
    channel = rig.name("c")
    streams = [rig.stream(channel) for _ in range(50)]
    poll = rig.poll(channel)
    rig.daemon.signal(signal.SIGTERM)
    assert [stream.rest() for stream in streams] == [b""] * 50
    assert poll.response().body == b"nothing yet\n"
    assert rig.daemon.wait_exit() == 0


def test_a_slow_client_gets_what_was_queued_for_it(start):
    rig = start()
    channel, message = rig.name("c"), "x" * 900000
    stream = rig.stream(channel, receive_buffer=4096)
    rig.publish(channel, stream=message)
    rig.daemon.signal(signal.SIGTERM)
    rig.daemon.wait_log("stopping: ")
    assert stream.rest() == message.encode()
    assert rig.daemon.wait_exit() == 0


def test_publishers_are_answered_to_the_end(start):
    """Who is in the middle of a request is answered, and what was answered with 200 has been delivered."""
    rig = start()
    channel = rig.name("c")
    stream = rig.stream(channel)
    publisher = rig.connect_control()
    body = b'{"items":[{"channel":"%s","formats":{"http-stream":{"content":"m\\n"}}}]}' % channel.encode()
    publisher.send(request("POST", "/publish/", body=body))
    assert publisher.response().status == 200
    rig.daemon.signal(signal.SIGTERM)
    assert stream.rest() == b"m\n"
    assert publisher.to_end() == b""
    assert rig.daemon.wait_exit() == 0


def test_signals_that_come_with_the_first_clients(start):
    """A daemon that is told to stop as soon as it is ready does so, whoever is just arriving."""
    for _ in range(5):
        rig = start()
        clients = [rig.connect() for _ in range(5)]
        for client in clients:
            client.send(request("GET", "/"))
        rig.daemon.signal(signal.SIGTERM)
        for client in clients:
            data = client.to_end()
            assert data == b"" or data.startswith(b"HTTP/1.1 200 OK\r\n")
        assert rig.daemon.wait_exit() == 0


def test_clients_leave_one_after_the_other_and_the_others_go_on_receiving(start):
    """Spread over drain_seconds: what is published meanwhile reaches everybody who is still there."""
    rig = start({"server": {"drain_seconds": 6}})
    channel = rig.name("c")
    streams = [rig.stream(channel) for _ in range(200)]
    polls = [rig.poll(rig.name("p")) for _ in range(20)]
    rig.daemon.signal(signal.SIGTERM)

    def ended():
        return rig.daemon.log().count("end=shutdown")

    eventually(lambda: ended() >= 20, "the first have been sent away")
    assert ended() < 200
    rig.publish(channel, stream="meanwhile\n")
    bodies = [stream.rest() for stream in streams]
    assert set(bodies) == {b"", b"meanwhile\n"} and bodies.count(b"meanwhile\n") >= 20
    assert [poll.response().body for poll in polls] == [b"nothing yet\n"] * 20
    assert rig.daemon.wait_exit() == 0
    assert "0 clients cut off" in rig.daemon.log() and ended() == 220
