# SPDX-License-Identifier: Apache-2.0
"""The admin API: health, channels, connections, closing them, draining; and holdfast health."""
import json
import os
import re
import signal
import subprocess
import threading
import time

import pytest

from harness.admin import Admin
from harness.daemon import binary
from harness.messages import Broken, request
from harness.rig import hold_headers
from harness.wait import TIMEOUT, eventually, free_port


@pytest.fixture(scope="module")
def routes():
    return ["*,id=main ORIGIN"]


@pytest.fixture
def admin(rig):
    return Admin(rig.daemon)


def health(daemon, *arguments, **environment):
    return subprocess.run([binary(), "health", "--config", str(daemon.config_path), *arguments], capture_output=True,
                          text=True, timeout=TIMEOUT, env={**os.environ, **environment})


# ------------------------------------------------------------------------------------------------------------- health


def test_a_running_daemon_is_alive_and_ready(rig, admin):
    assert admin.json("/livez") == {"alive": True}
    assert admin.json("/readyz") == {"ready": True}
    result = health(rig.daemon)
    assert (result.returncode, result.stdout, result.stderr) == (0, "ready\n", "")


def test_while_it_drains_it_is_alive_but_not_ready(start):
    rig = start({"server": {"send_buffer_max_bytes": 1 << 25}})
    admin = Admin(rig.daemon)
    # A client that reads nothing of what it was sent, more than kernels buffer, keeps the daemon from being done.
    channel = rig.name("c")
    stream = rig.stream(channel, receive_buffer=4096)
    for _ in range(20):
        rig.publish(channel, stream="x" * 900_000)
    rig.daemon.signal(signal.SIGTERM)
    rig.daemon.wait_log("stopping: ")
    assert admin.json("/readyz", status=503) == {"ready": False, "reasons": ["draining"]}
    assert admin.json("/livez") == {"alive": True}
    assert admin.metrics().value("holdfast_not_ready", reason="draining") == 1
    result = health(rig.daemon)
    assert (result.returncode, result.stdout) == (1, "") and "not ready: draining" in result.stderr
    assert stream.rest() == b"x" * 18_000_000
    assert rig.daemon.wait_exit() == 0


def test_drain_is_what_sigterm_is(start):
    rig = start()
    admin = Admin(rig.daemon)
    stream, poll = rig.stream(rig.name("c")), rig.poll(rig.name("c"))
    assert admin.json("/drain", "POST", 202) == {"draining": True}
    assert stream.rest() == b""
    assert poll.response().body == b"nothing yet\n"
    assert rig.daemon.wait_exit() == 0


def test_health_of_a_daemon_that_is_not_there(rig):
    port = free_port()
    result = health(rig.daemon, "--admin.listen", f"http://127.0.0.1:{port}")
    assert result.returncode == 1 and result.stdout == ""
    assert f"cannot connect to 127.0.0.1:{port}: Connection refused" in result.stderr
    result = health(rig.daemon, HOLDFAST_ADMIN_LISTEN="")
    assert result.returncode == 1 and "admin.listen is off" in result.stderr
    result = health(rig.daemon, "--admin.listen", "nonsense")
    assert result.returncode == 1 and "--admin.listen: " in result.stderr


def test_health_asks_on_loopback_who_listens_everywhere(start):
    port = free_port()
    rig = start({"admin": {"listen": f"http://0.0.0.0:{port}", "allow_unauthenticated": True}})
    assert health(rig.daemon).returncode == 0


def test_the_listener_can_be_off(start):
    rig = start({"admin": {"listen": ""}})
    assert rig.get("/").status == 200
    assert "admin on nothing" in rig.daemon.log()


# ------------------------------------------------------------------------------------------------------------- errors


@pytest.mark.parametrize("method, target, status, allow", [
    ("GET", "/nothing", 404, None),
    ("GET", "/metrics/", 404, None),
    ("POST", "/metrics", 405, "GET, HEAD"),
    ("DELETE", "/channels", 405, "GET, HEAD"),
    ("GET", "/drain", 405, "POST"),
    ("GET", "/connections/close", 405, "POST"),
    ("PUT", "/connections/a:1", 405, "GET, HEAD, DELETE"),
    ("GET", "/connections/a:1", 404, None),
    ("GET", "/connections/nonsense", 404, None),
    ("DELETE", "/connections/00000000:1", 404, None),
    ("GET", "/channels/nobody-there", 404, None),
    ("GET", "/channels?limit=0", 400, None),
    ("GET", "/channels?limit=1001", 400, None),
    ("GET", "/channels?limit=x", 400, None),
    ("GET", "/channels?prefx=a", 400, None),
    ("GET", "/connections?cursor=x", 400, None),
    ("GET", "/connections?chanel=x", 400, None),
])
def test_what_is_not_there(admin, method, target, status, allow):
    response = admin.ask(method, target)
    assert (response.status, response.header("allow")) == (status, allow)
    assert json.loads(response.body)["error"]


@pytest.mark.parametrize("body, what", [
    (b"", "the body must be a JSON object"),
    (b"{", "the body must be a JSON object"),
    (b"[]", "the body must be a JSON object"),
    (b"{}", "'meta' must be an object"),
    (b'{"meta":{}}', "'meta' must be an object"),
    (b'{"meta":[]}', "'meta' must be an object"),
    (b'{"meta":{"user":42}}', "'meta': 'user' must be a string"),
    (b'{"meta":{"user":"42"},"format":{}}', "unknown member 'format'"),
    (b'{"meta":{"user":"42"},"formats":{}}', "'formats': no formats specified"),
    (b'{"meta":{"user":"42"},"formats":[]}', "'formats': "),
    (b'{"meta":{"user":"42"},"formats":{"http-stream":{"content":1}}}', "'formats': "),
])
def test_bad_bodies(admin, body, what):
    response = admin.ask("POST", "/connections/close", body)
    assert response.status == 400 and what in json.loads(response.body)["error"]


def test_a_page_of_another_site_cannot_do_anything(rig, admin):
    stream = rig.stream(rig.name("c"))
    for target in ("/drain", "/connections/close"):
        for origin in ("http://evil.example", "null"):
            response = admin.ask("POST", target, b'{"meta":{"user":"42"}}', [("Origin", origin)])
            assert response.status == 403
    response = admin.ask("POST", "/connections/close", b'{"meta":{"user":"42"}}', [("Origin", "http://test")])
    assert response.status == 200
    assert admin.json("/readyz") == {"ready": True} and stream.head.status == 200


# ----------------------------------------------------------------------------------------------------------- channels


def test_channels_with_their_subscribers(rig, admin):
    a, b = rig.name("list-a"), rig.name("list-b")
    rig.stream(a)
    rig.stream(a, b)
    rig.poll(b)
    wanted = [{"name": a, "subscribers": {"stream": 2, "response": 0}},
              {"name": b, "subscribers": {"stream": 1, "response": 1}}]
    eventually(lambda: admin.json("/channels?prefix=list-")["channels"] == wanted, "both channels with everybody")
    assert admin.json(f"/channels/{b}") == wanted[1]
    assert admin.json("/channels?prefix=nothing-begins-like-this") == {"channels": [], "cursor": None}


def test_pages_of_channels(rig, admin):
    names = sorted(rig.name("page") for _ in range(25))
    for i in range(0, 25, 5):
        rig.stream(*names[i:i + 5])
    seen, cursor, pages = [], "", 0
    while cursor is not None:
        page = admin.json(f"/channels?prefix=page&limit=10&cursor={cursor}")
        seen += [channel["name"] for channel in page["channels"]]
        cursor, pages = page["cursor"], pages + 1
    assert (seen, pages) == (names, 3)


def test_names_that_need_escapes(rig, admin):
    name = rig.name("a/b?c=d&e%41 ü+")
    rig.origin.reply("/escapes", headers=hold_headers("stream", [name.encode().decode("latin-1")]), body=b"open\n")
    stream = rig.connect().stream("/escapes")
    stream.until(b"open\n")
    quoted = "".join(f"%{byte:02X}" for byte in name.encode())
    assert admin.json(f"/channels/{quoted}")["name"] == name
    assert [c["name"] for c in admin.json(f"/channels?prefix={quoted}")["channels"]] == [name]
    (connection,) = admin.connections(f"?channel={quoted}")
    assert connection["channels"] == [name]


# -------------------------------------------------------------------------------------------------------- connections


def test_a_connection_as_it_is_shown(rig, admin):
    a, b = rig.name("c"), rig.name("c")
    path = rig.hold_stream(a, b, headers=[("Grip-Set-Meta", "user=42")])
    before = time.time()
    stream = rig.connect().stream(path)
    stream.until(b"open\n")
    (shown,) = admin.connections(f"?channel={a}")
    assert shown == admin.json(f"/connections/{shown['id']}")
    since = shown.pop("since")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", since)
    seconds = time.mktime(time.strptime(since[:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone
    assert before - 2 <= seconds <= time.time() + 1
    identifier = shown.pop("id")
    assert ":" in identifier
    assert shown == {"peer": "127.0.0.1", "route": "main", "method": "GET", "host": "test", "target": path,
                     "hold": "stream", "channels": [a, b], "meta": {"user": "42"}, "queued_bytes": 0}
    rig.publish(a, close=True)
    stream.rest()
    rig.daemon.wait_log(f"access peer=127.0.0.1 conn={identifier} ")


def test_connections_by_route_and_kind(start):
    rig = start(routes=["*,id=main,path_beg=/a ORIGIN", "*,id=other ORIGIN"])
    admin = Admin(rig.daemon)
    channel = rig.name("c")
    rig.connect().stream(rig.hold_stream(channel, path="/a")).until(b"open\n")
    rig.connect().stream(rig.hold_stream(channel, path="/b")).until(b"open\n")
    idle = rig.connect()
    assert idle.get("/c").status == 200
    assert [c["target"] for c in admin.connections("?route=main")] == ["/a"]
    assert [c["target"] for c in admin.connections(f"?route=other&channel={channel}")] == ["/b"]
    states = sorted((c["hold"] or "", c["target"] or "") for c in admin.connections())
    assert states == [("", ""), ("stream", "/a"), ("stream", "/b")]


def test_pages_of_connections(start):
    rig = start(workers=3)
    admin = Admin(rig.daemon)
    streams = [rig.stream(rig.name("c")) for _ in range(25)]
    everybody = [c["id"] for c in admin.connections("?limit=1000")]
    assert len(set(everybody)) == 25
    seen, cursor = [], ""
    while cursor is not None:
        page = admin.json("/connections?limit=10" + (f"&cursor={cursor}" if cursor else ""))
        seen += [c["id"] for c in page["connections"]]
        cursor = page["cursor"]
    assert seen == everybody and len(streams) == 25


def test_closing_one(rig, admin):
    channel = rig.name("c")
    stream, other = rig.stream(channel), rig.stream(channel)
    identifier = next(c["id"] for c in admin.connections(f"?channel={channel}"))
    assert admin.json(f"/connections/{identifier}", "DELETE") == {"closed": 1}
    assert admin.json(f"/connections/{identifier}", "DELETE", 404)["error"]
    (left,) = admin.connections(f"?channel={channel}")
    assert left["id"] != identifier
    rig.publish(channel, stream="still here\n")
    ended = [s for s in (stream, other) if ends(s)]
    assert len(ended) == 1
    rig.daemon.wait_log(f"conn={identifier} .* end=dismissed")


def ends(stream):
    """Whether the stream ends instead of going on."""
    try:
        return stream.until(b"still here\n") != b"still here\n"
    except Broken:
        assert stream.content == b""
        return stream.client.receive() == b""


def test_closing_an_idle_one_and_one_whose_request_is_under_way(start):
    rig = start()
    admin = Admin(rig.daemon)
    idle = rig.connect()
    assert idle.get("/").status == 200
    (connection,) = admin.connections()
    assert admin.json(f"/connections/{connection['id']}", "DELETE") == {"closed": 1}
    assert idle.to_end() == b""
    done = threading.Event()
    rig.origin.on("/slow", lambda request, connection: done.wait(TIMEOUT) and None)
    busy = rig.connect()
    busy.send(request("GET", "/slow"))
    rig.origin.wait_for("/slow")
    (connection,) = admin.connections()
    assert (connection["target"], connection["hold"]) == ("/slow", None)
    assert admin.json(f"/connections/{connection['id']}", "DELETE") == {"closed": 1}
    assert busy.to_end() == b""
    done.set()


def test_closing_by_meta_with_a_last_word(rig, admin):
    channel, user = rig.name("c"), rig.name("user")
    meta = [("Grip-Set-Meta", f"user={user}, room=1")]
    mine = rig.stream(channel, headers=meta)
    poll = rig.poll(channel, headers=meta)
    other = rig.stream(channel, headers=[("Grip-Set-Meta", "user=somebody, room=1")])
    without = rig.stream(channel)
    eventually(lambda: len(admin.connections(f"?channel={channel}")) == 4, "all are held")

    nobody = {"meta": {"user": user, "room": "2"}}
    assert admin.json("/connections/close", "POST", body=nobody) == {"closed": 0}
    body = {"meta": {"user": user, "room": "1"},
            "formats": {"http-stream": {"content": "bye\n"},
                        "http-response": {"code": 403, "body": "logged out\n"},
                        "ws-message": {"content": "for later"}}}
    assert admin.json("/connections/close", "POST", body=body) == {"closed": 2}
    assert mine.rest() == b"bye\n" and mine.client.to_end() == b""
    response = poll.response()
    assert (response.status, response.body) == (403, b"logged out\n")
    assert response.header("connection") == "close" and poll.to_end() == b""
    rig.publish(channel, stream="still here\n")
    assert other.until(b"\n") == without.until(b"\n") == b"still here\n"


def test_closing_by_meta_without_a_word(rig, admin):
    user = rig.name("user")
    meta = [("Grip-Set-Meta", f"user={user}")]
    stream, poll = rig.stream(rig.name("c"), headers=meta), rig.poll(rig.name("c"), headers=meta)
    eventually(lambda: sum(c["meta"] == {"user": user} for c in admin.connections()) == 2, "both are held")
    assert admin.json("/connections/close", "POST", body={"meta": {"user": user}}) == {"closed": 2}
    assert stream.rest() == b""
    assert poll.response().body == b"nothing yet\n"


def test_many_are_closed_wherever_they_are(start):
    rig = start(workers=3)
    admin = Admin(rig.daemon)
    channel = rig.name("c")
    streams = [rig.stream(channel, headers=[("Grip-Set-Meta", f"parity={i % 2}")]) for i in range(60)]
    body = {"meta": {"parity": "1"}, "formats": {"http-stream": {"content": "bye\n"}}}
    assert admin.json("/connections/close", "POST", body=body) == {"closed": 30}
    rig.publish(channel, stream="left\n", close=False)
    assert [stream.until(b"\n") for stream in streams] == [b"left\n", b"bye\n"] * 30
