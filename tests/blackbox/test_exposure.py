# SPDX-License-Identifier: Apache-2.0
"""What another machine can do with each port: nothing is published or read without a credential."""
import re
import signal

import pytest

from harness.messages import request
from harness.network import INSIDE, Network
from harness.publisher import body_of, item
from harness.wait import free_ports

TOKEN = "a-token-of-the-tests"
CLOSE = ("Connection", "close")
PUBLISH = body_of(item("news", stream="x", response="x"))
# The greeting of ZMTP 3 (12 bytes, mechanism, as-server and filler), and a command that ends the handshake.
ZMTP = bytes.fromhex("ff00000000000000017f0300") + b"NULL".ljust(20, b"\0") + bytes(32) + b"\x04\x05\x04NONE"


@pytest.fixture(scope="module")
def network():
    made = Network()
    yield made
    made.close()


def published(rig):
    """Ends the daemon, and returns how many items it has taken."""
    rig.daemon.signal(signal.SIGTERM)
    rig.daemon.wait_exit()
    return int(re.search(r"stopped: .* (\d+) published", rig.daemon.log())[1])


def test_by_default_only_the_clients_port_is_open(start, network):
    rig = start({"server": {"listen": [f"http://0.0.0.0:{(port := free_ports(1)[0])}"]}}, routes=["* test"],
                within=network.inside)
    assert network.exchange(port, request("GET", "/", [CLOSE])).startswith(b"HTTP/1.1 200 ")
    for closed in (rig.daemon.control_port, rig.daemon.pull_port, rig.daemon.sub_port, rig.daemon.admin_port):
        assert network.exchange(closed, ZMTP) is None
    assert published(rig) == 0


def test_control_needs_a_credential(start, network):
    port, control = free_ports(2)
    rig = start({"server": {"listen": [f"http://{INSIDE}:{port}"]},
                 "control": {"http": f"http://0.0.0.0:{control}", "tokens": [TOKEN]}},
                routes=["* test"], within=network.inside)
    for headers in ([], [("Authorization", "Bearer wrong")], [("Fastly-Key", TOKEN[:-1])],
                    [("X-Forwarded-For", "127.0.0.1"), ("Host", "localhost")]):
        for method, path, body in [("POST", "/publish/", PUBLISH), ("POST", "/x/publish", PUBLISH),
                                   ("PUT", "/publish/", PUBLISH), ("POST", "//publish/", PUBLISH), ("GET", "/", None),
                                   ("POST", "/recover", b""), ("GET", "/nowhere", None), ("OPTIONS", "*", None)]:
            answer = network.exchange(control, request(method, path, [CLOSE, *headers], body, host=None if headers[1:]
                                                       else "x"))
            assert answer.startswith(b"HTTP/1.1 401 "), (method, path, headers, answer)
    assert network.exchange(control, ZMTP).startswith(b"HTTP/1.1 400 ")
    # The clients' port publishes nothing, whatever is sent to it.
    network.exchange(port, request("POST", "/publish/", [CLOSE, ("Authorization", f"Bearer {TOKEN}")], PUBLISH))
    for closed in (rig.daemon.pull_port, rig.daemon.sub_port):
        assert network.exchange(closed, ZMTP) is None
    good = [CLOSE, ("Authorization", f"Bearer {TOKEN}")]
    assert network.exchange(control, request("POST", "/publish/", good, PUBLISH)).startswith(b"HTTP/1.1 200 ")
    assert published(rig) == 1, "the last one"


def test_admin_needs_a_credential_but_for_health(start, network):
    admin, = free_ports(1)
    rig = start({"admin": {"listen": f"http://0.0.0.0:{admin}", "tokens": [TOKEN]}}, routes=["* test"],
                within=network.inside)
    for headers in ([], [("Authorization", "Bearer wrong")], [("X-Forwarded-For", "127.0.0.1")]):
        for method, path in [("GET", "/"), ("GET", "/metrics"), ("GET", "/channels"), ("GET", "/channels/x"),
                             ("GET", "/connections"), ("DELETE", "/connections/a:1"), ("POST", "/connections/close"),
                             ("POST", "/drain"), ("GET", "//livez"), ("GET", "/livez/../metrics"), ("GET", "/nowhere")]:
            answer = network.exchange(admin, request(method, path, [CLOSE, *headers]))
            assert answer.startswith(b"HTTP/1.1 401 "), (method, path, headers, answer)
        for path in ("/livez", "/readyz"):
            assert network.exchange(admin, request("GET", path, [CLOSE, *headers])).startswith(b"HTTP/1.1 200 ")
    good = [CLOSE, ("Authorization", f"Bearer {TOKEN}")]
    assert network.exchange(admin, request("GET", "/metrics", good)).startswith(b"HTTP/1.1 200 ")
    assert rig.daemon.running()


def test_without_tokens_admin_stays_on_loopback(fails_to_start):
    log = fails_to_start({"admin": {"listen": f"http://{INSIDE}:1"}})
    assert "[admin] listen: " in log and "is open to other machines and asks for no credentials" in log


@pytest.mark.parametrize("key, value", [
    ("http", f"http://{INSIDE}:1"), ("http", "http://0.0.0.0:1"), ("http", "http://[::]:1"),
    ("zmq_pull", ["tcp://*:1"]), ("zmq_sub", ["tcp://0.0.0.0:1"]), ("zmq_pull", [f"tcp://{INSIDE}:1"]),
])
def test_without_credentials_control_stays_on_loopback(fails_to_start, key, value):
    log = fails_to_start({"control": {key: value}})
    assert f"[control] {key}: " in log and "is open to other machines and asks for no credentials" in log


@pytest.mark.parametrize("key", ["zmq_pull", "zmq_sub"])
def test_tokens_do_not_make_zeromq_fit_for_others(fails_to_start, key):
    assert "ZeroMQ has none" in fails_to_start({"control": {key: ["tcp://*:1"], "tokens": [TOKEN]}})


def test_that_it_is_meant_can_be_said(start, network):
    pull, = free_ports(1)
    rig = start({"control": {"zmq_pull": [f"tcp://{INSIDE}:{pull}"], "allow_unauthenticated": True}},
                routes=["* test"], within=network.inside)
    assert network.exchange(pull, ZMTP) is not None
    assert published(rig) == 0
