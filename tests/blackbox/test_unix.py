# SPDX-License-Identifier: Apache-2.0
"""Unix sockets, to listen on and to reach origins by."""
import grp
import os
import pwd
import signal
import socket
import stat

import pytest

from harness.client import Client
from harness.daemon import Daemon
from harness.messages import request
from harness.origin import Origin
from harness.wait import eventually, free_port

BAD_GATEWAY = (502, b"Error while proxying to origin.\n")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "clients.sock"


@pytest.fixture
def listening(start, path):
    """listening(query): a rig that clients reach by a unix socket, and by nothing else."""

    def make(query="", **how):
        return start({"server": {"listen": [f"unix:{path}{query}"]}}, **how)

    return make


def connect(path, **how):
    return Client(None, path=path, **how)


def ask(path, target, headers=()):
    client = connect(path)
    response = client.get(target, headers)
    client.close()
    return response


# ---- listening


def test_clients(listening, path):
    rig = listening()
    client = connect(path)
    for _ in range(3):
        assert client.get("/x").body == b"default\n"
    forwarded = [request.header("x-forwarded-for") for request in rig.origin.seen("/x")]
    assert forwarded == [None] * 3  # there is no address that could be told
    rig.daemon.wait_log(r"access peer=unix conn=\S+ GET test/x ")


def test_streams_long_polls_and_large_bodies(listening, path):
    rig = listening()
    rig.origin.on("/echo", lambda head, connection: b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(head.body)
                  + head.body)
    body = b"0123456789abcdef" * 200_000
    assert connect(path).ask("POST", "/echo", body=body).body == body
    stream = connect(path).stream(rig.hold_stream("c"))
    assert stream.until(b"open\n")
    poll = connect(path)
    rig.send_poll(poll, rig.hold_response("c"))
    rig.publish("c", stream="one\n", response="two\n")
    assert stream.until(b"\n") == b"one\n" and poll.response().body == b"two\n"


def test_all_workers_share_it(listening, path):
    rig = listening(workers=4)
    clients = [connect(path) for _ in range(200)]
    for client in clients:
        client.send(request("GET", "/x"))
    for client in clients:
        assert client.response().status == 200
    assert len(rig.origin.seen("/x")) == 200


def test_permissions(listening, path):
    owner, group = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name
    listening(f"?mode=620&user={owner}&group={group}")
    info = os.stat(path)
    assert stat.S_IMODE(info.st_mode) == 0o620 and (info.st_uid, info.st_gid) == (os.getuid(), os.getgid())
    assert ask(path, "/x").status == 200


def test_the_default_is_for_owner_and_group(listening, path):
    listening()
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o660


def test_users_that_there_are_not(fails_to_start, path):
    log = fails_to_start({"server": {"listen": [f"unix:{path}?user=no-such-user"]}})
    assert f"server.listen: cannot listen on unix:{path}: there is no user no-such-user" in log
    assert not path.exists()


def test_a_file_that_was_left_behind_is_replaced(listening, path):
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    listening()
    assert ask(path, "/x").status == 200


def test_what_is_in_the_way_stays(fails_to_start, path):
    path.write_text("precious")
    assert "a file that is no socket is in the way" in fails_to_start({"server": {"listen": [f"unix:{path}"]}})
    assert path.read_text() == "precious"


def test_another_daemon_keeps_it(listening, fails_to_start, path):
    listening()
    assert f"cannot listen on unix:{path}: somebody else does" in fails_to_start(
        {"server": {"listen": [f"unix:{path}"]}}
    )
    assert ask(path, "/x").status == 200


def test_the_file_goes_when_the_daemon_stops(listening, path):
    rig = listening()
    rig.daemon.signal(signal.SIGTERM)
    assert rig.daemon.wait_exit() == 0 and not path.exists()


def test_while_one_drains_another_may_take_its_place(listening, path):
    rig = listening()
    stream = connect(path).stream(rig.hold_stream("c"))
    stream.until(b"open\n")
    busy = connect(path)
    rig.origin.on("/busy", lambda head, connection: None)  # is never answered
    busy.send(request("GET", "/busy"))
    rig.origin.wait_for("/busy")
    rig.daemon.signal(signal.SIGTERM)
    eventually(lambda: not path.exists(), "the file is gone")
    assert rig.daemon.running()
    successor = Daemon(["* test"], {"server": {"listen": [f"unix:{path}"]}}).start()
    try:
        assert ask(path, "/").status == 200
        rig.daemon.signal(signal.SIGTERM)  # does not wait any longer
        assert rig.daemon.wait_exit() == 0
        assert ask(path, "/").status == 200
    finally:
        successor.stop()


def test_beside_a_port(start, path):
    port = free_port()
    rig = start({"server": {"listen": [f"http://127.0.0.1:{port}", f"unix:{path}"]}})
    assert ask(path, "/x").status == Client(port).get("/x").status == 200
    assert [r.header("x-forwarded-for") for r in rig.origin.seen("/x")] == [None, "127.0.0.1"]


# ---- origins


@pytest.fixture
def origin(tmp_path):
    return Origin(path=tmp_path / "origin.sock")


def test_an_origin(start, origin):
    rig = start(origin=origin)
    client = rig.connect()
    for _ in range(3):
        assert client.get("/x").body == b"default\n"
    assert origin.accepted == 1 and origin.requests[0].header("host") == "test"
    stream, poll = rig.stream("c"), rig.poll("c")
    rig.publish("c", stream="one\n", response="two\n")
    assert stream.until(b"\n") == b"one\n" and poll.response().body == b"two\n"


def test_an_origin_with_tls(start, authority, tmp_path):
    origin = Origin(path=tmp_path / "o.sock", tls=authority.server(authority.issue("api.test")))
    rig = start(routes=["* ORIGIN,ssl,host=api.test"], origin=origin, environment={"SSL_CERT_FILE": str(authority.path)})
    assert rig.get("/x").status == 200 and origin.server_names == ["api.test"]


@pytest.mark.parametrize("why", ["No such file or directory", "Connection refused"])
def test_an_origin_that_is_not_there(start, tmp_path, why):
    gone = tmp_path / "gone.sock"
    if why == "Connection refused":
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(gone))
    rig = start(routes=[f"* unix:{gone}", f"next.test unix:{gone} ORIGIN"])
    response = rig.get("/x")
    assert (response.status, response.body) == BAD_GATEWAY
    rig.daemon.wait_log(rf"cause=connect target=unix:{gone} detail=\"unix:{gone}: {why}\"")
    assert rig.get("/x", host="next.test").status == 200


def test_an_origin_that_comes_back(start, tmp_path):
    path = tmp_path / "origin.sock"
    first = Origin(path=path)
    rig = start(origin=first)
    client = rig.connect()
    assert client.get("/x").status == 200
    first.stop()
    os.remove(path)
    eventually(lambda: client.get("/x").status == 502, "the end of the first")
    second = Origin(path=path)
    try:
        assert client.get("/x").status == 200 and second.requests
    finally:
        second.stop()
