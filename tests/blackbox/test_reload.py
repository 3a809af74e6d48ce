# SPDX-License-Identifier: Apache-2.0
"""SIGHUP: everything is read and checked again, then changed at once, and nobody who is connected notices."""
import signal
import ssl
import threading

import jwt
import pytest

from harness.client import Client
from harness.messages import answer, request
from harness.wait import TIMEOUT, eventually, free_port


def reload(rig):
    rig.daemon.reload()


def change(rig, section, **keys):
    rig.daemon.change(section, **keys)
    reload(rig)


def was_refused(rig, *why):
    line = "nothing was reloaded (SIGHUP)"
    return line in rig.daemon.log() and all(text in rig.daemon.log() for text in why)


# ---- what changes at once


def test_log_level(start, authority):
    rig = start(tls=authority.issue("localhost"))

    def fail_a_handshake():
        with pytest.raises(ssl.SSLError):
            rig.connect(tls=ssl.create_default_context())
        rig.get("/x")

    fail_a_handshake()
    assert "TLS handshake failed" not in rig.daemon.log()
    change(rig, "log", level="debug")
    fail_a_handshake()
    rig.daemon.wait_log("client closed: TLS handshake failed: .*unknown ca")


def test_log_access(start):
    rig = start()
    client = rig.connect()
    client.get("/one")
    rig.daemon.wait_log("access .*/one ")
    change(rig, "log", access=False)
    client.get("/two")
    change(rig, "log", access=True)
    client.get("/three")
    rig.daemon.wait_log("access .*/three ")
    assert "/two" not in rig.daemon.log()


def test_proxy_debug(start):
    rig = start(routes=[f"* 127.0.0.1:{free_port()}"])
    client = rig.connect()
    assert client.get("/x").text == "Error while proxying to origin.\n"
    change(rig, "proxy", debug=True)
    assert client.get("/x").text.startswith("Unable to connect to any targets.")


def test_max_connections(start):
    rig = start()
    clients = [rig.connect() for _ in range(4)]
    assert all(client.get("/x").status == 200 for client in clients)
    change(rig, "server", max_connections=2)
    assert all(client.get("/x").status == 200 for client in clients)  # nobody is sent away
    assert rig.connect().response().status == 503
    change(rig, "server", max_connections=0)
    assert rig.get("/x").status == 200


def test_drain_seconds(start):
    """It would wait for an hour for the request that is never answered."""
    rig = start({"server": {"drain_seconds": 3600}})
    rig.origin.on("/never", lambda head, connection: None)
    rig.connect().send(request("GET", "/never"))
    rig.origin.wait_for("/never")
    change(rig, "server", drain_seconds=0)
    rig.daemon.signal(signal.SIGTERM)
    assert rig.daemon.wait_exit() == 0


def test_sig_key_and_issuer(start):
    rig = start()
    client = rig.connect()

    def claims(key):
        client.get("/x")
        return jwt.decode(rig.origin.requests[-1].header("grip-sig"), key, algorithms=["HS256"])

    before = claims("a key of the tests")
    assert before["iss"] == "holdfast"
    change(rig, "grip", sig_key="another key", sig_iss="someone")
    assert claims("another key")["iss"] == "someone"


def test_limits_of_the_connections_that_are_there(start):
    rig = start()
    client = rig.connect()
    assert client.ask("POST", "/x", body=b"x" * 2000).status == 200
    change(rig, "server", body_max_bytes=1000, target_max_bytes=100)
    assert client.get("/" + "x" * 99).status == 200 and rig.get("/" + "x" * 100).status == 414
    assert client.ask("POST", "/x", body=b"x" * 2000).status == 413
    assert rig.control(b"x" * 3000).status == 400
    change(rig, "control", body_max_bytes=2000)
    assert rig.control(b"x" * 3000).status == 413


def test_requests_to_origins(start):
    rig = start()
    rig.origin.on("/never", lambda head, connection: None)
    change(rig, "proxy", response_timeout_ms=200, cdn_loop="holdfast-test", x_forwarded_for=[])
    client = rig.connect()
    assert client.get("/never").status == 504
    assert client.get("/x").status == 200
    head = rig.origin.seen("/x")[0]
    assert head.header("cdn-loop") == "holdfast-test" and head.header("x-forwarded-for") is None


def test_subscriptions_of_new_holds(start):
    rig = start()
    change(rig, "grip", connection_subscription_max=1)
    stream = rig.stream("a", "b")
    rig.publish("b", stream="lost\n")
    rig.publish("a", stream="end\n")
    assert stream.until(b"end\n") == b"end\n"


def test_min_version_is_for_new_connections(start, authority):
    rig = start(tls=authority.issue("localhost"))
    old = authority.client(ssl.TLSVersion.TLSv1_2)
    kept = rig.connect(tls=old)
    assert kept.get("/x").status == 200
    change(rig, "tls", min_version="1.3")
    assert kept.get("/x").status == 200
    with pytest.raises((ssl.SSLError, ConnectionError)):
        rig.connect(tls=old)


def test_proxy_protocol_from_is_for_new_connections(start):
    rig = start()
    kept = rig.connect()
    header = b"PROXY TCP4 203.0.113.9 198.51.100.2 12345 443\r\n"
    change(rig, "server", proxy_protocol_from=["127.0.0.1"])
    assert rig.connect(preface=header).get("/x").status == 200
    assert rig.origin.requests[-1].header("x-forwarded-for") == "203.0.113.9"
    kept.send(header + request("GET", "/x"))
    assert kept.response().status == 400


def test_another_routes_file(start):
    rig = start(routes=["*,header=X-From:first ORIGIN"])
    client = rig.connect()

    def source():
        client.get("/x")
        return rig.origin.requests[-1].header("x-from")

    other = rig.daemon.directory / "other"
    line = f"*,header=X-From:%s 127.0.0.1:{rig.origin.port}\n"
    other.write_text(line % "other")
    assert source() == "first"
    change(rig, "proxy", routes_file="other")
    assert source() == "other"
    other.write_text(line % "changed")  # is watched now
    eventually(lambda: source() == "changed", "the routes of the new file")
    rig.daemon.write_routes(["nobody.test test"])  # is not any more
    other.write_text(line % "last")
    eventually(lambda: source() == "last", "the routes of the new file")


# ---- what does not


def test_what_needs_a_restart_is_named_and_stays(start):
    rig = start()
    other = free_port()
    rig.daemon.change("server", listen=[f"http://127.0.0.1:{other}"], workers=7)
    change(rig, "grip", message_rate=1000, sig_iss="someone")
    for name in (r"\[server\] listen", r"\[server\] workers", r"\[grip\] message_rate"):
        rig.daemon.wait_log(rf"{name}: changed, which takes effect when the daemon is restarted")
    assert rig.daemon.log().count("takes effect when the daemon is restarted") == 3
    assert rig.get("/x").status == 200
    with pytest.raises(ConnectionError):
        Client(other)


@pytest.mark.parametrize(
    "section, keys, why",
    [
        ("server", {"header_timeout_ms": -1}, "[server] header_timeout_ms"),
        ("server", {"no_such_key": 1}, "no_such_key"),
        ("grip", {"sig_key": "file:gone"}, "grip.sig_key"),
        ("proxy", {"routes_file": "gone"}, "routes file"),
        ("tls", {"min_version": "1.1"}, "min_version"),
    ],
)
def test_a_bad_configuration_changes_nothing(start, section, keys, why):
    rig = start(routes=["*,header=X-From:first ORIGIN"])
    rig.daemon.change("proxy", debug=True, cdn_loop="new")
    change(rig, section, **keys)
    assert was_refused(rig, why)
    assert rig.get("/x").status == 200
    head = rig.origin.requests[-1]
    assert head.header("cdn-loop") is None and head.header("x-from") == "first"


def test_a_configuration_that_is_no_toml_or_gone(start):
    rig = start()
    text = rig.daemon.config_path.read_text()
    rig.daemon.config_path.write_text("[server\n")
    reload(rig)
    assert was_refused(rig, "holdfast.toml:1")
    rig.daemon.config_path.unlink()
    reload(rig)
    assert rig.daemon.log().count("nothing was reloaded") == 2
    rig.daemon.config_path.write_text(text)
    reload(rig)
    assert rig.daemon.log().count("nothing was reloaded") == 2 and rig.get("/x").status == 200


def test_what_was_refused_does_not_come_by_the_back_door(start):
    """A refused reload named another routes file: its later changes are nobody's business."""
    rig = start(routes=["*,header=X-From:first ORIGIN"])
    other = rig.daemon.directory / "other"
    line = f"*,header=X-From:%s 127.0.0.1:{rig.origin.port}\n"
    other.write_text(line % "other")
    rig.daemon.change("proxy", routes_file="other")
    change(rig, "grip", sig_key="file:gone")
    assert was_refused(rig)
    client = rig.connect()

    def source():
        client.get("/x")
        return rig.origin.requests[-1].header("x-from")

    other.write_text(line % "changed")
    rig.daemon.routes_path.write_text(line % "mended")
    eventually(lambda: source() != "first", "the routes of the file in use")
    assert source() == "mended"


def test_bad_routes_are_refused_and_may_be_mended_without_a_signal(start):
    rig = start(routes=["*,header=X-From:first ORIGIN"])
    client = rig.connect()
    rig.daemon.write_routes(["*,no-such-property ORIGIN", "* nowhere"])
    reload(rig)
    assert was_refused(rig, "routes:2")
    assert client.get("/x").status == 200
    rig.daemon.write_routes([f"*,header=X-From:second 127.0.0.1:{rig.origin.port}"])

    def source():
        client.get("/x")
        return rig.origin.requests[-1].header("x-from")

    eventually(lambda: source() == "second", "the mended routes")


# ---- nobody notices


def under_way(rig):
    """A client whose request is at the origin, and what lets that answer "slow"."""
    released = threading.Event()

    def slow(head, connection):
        released.wait(TIMEOUT)
        return answer(body=b"slow")

    rig.origin.on("/slow", slow)
    client = rig.connect()
    client.send(request("GET", "/slow"))
    rig.origin.wait_for("/slow")
    return client, released.set


def test_held_clients_stay(start):
    rig = start()
    stream, poll = rig.stream("c"), rig.poll("c")
    waiting, release = under_way(rig)
    change(rig, "proxy", debug=True)
    release()
    assert waiting.response().body == b"slow"
    rig.publish("c", stream="one\n", response="two\n")
    assert stream.until(b"\n") == b"one\n" and poll.response().body == b"two\n"


def test_fifty_reloads_under_load(start, authority):
    """Nobody is disconnected, no request fails, nothing is lost, and nothing piles up."""
    rig = start(tls=authority.issue("localhost"))
    tls = authority.client()
    streams = [rig.stream("c", tls=secure) for secure in [None, tls] * 20]
    stop = threading.Event()
    failures, served = [], [0] * 4

    def ask(number):
        try:
            client = rig.connect(tls=tls if number % 2 else None)
            while not stop.is_set():
                assert client.get("/x").status == 200
                served[number] += 1
        except Exception as failure:
            failures.append(failure)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(len(served))]
    for thread in threads:
        thread.start()
    try:
        for count in range(50):
            before = list(served)
            change(rig, "proxy", debug=count % 2 == 0, cdn_loop=f"loop-{count}")
            rig.publish("c", stream=f"{count}\n")
            eventually(lambda: failures or all(now > then for now, then in zip(served, before)), "more requests")
            if count == 9:
                warm = rig.daemon.resident_kib()
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not failures, failures
    wanted = b"".join(b"%d\n" % count for count in range(50))
    for stream in streams:
        assert stream.take(len(wanted)) == wanted
    assert rig.daemon.resident_kib() - warm < 6000


def test_a_signal_while_it_stops(start):
    rig = start()
    waiting, release = under_way(rig)
    rig.daemon.signal(signal.SIGTERM)
    rig.daemon.wait_log("stopping: ")
    rig.daemon.signal(signal.SIGHUP)
    release()
    assert waiting.response().body == b"slow"
    assert rig.daemon.wait_exit() == 0 and "(SIGHUP)" not in rig.daemon.log()
