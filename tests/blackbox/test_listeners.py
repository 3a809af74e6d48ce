# SPDX-License-Identifier: Apache-2.0
"""What the daemon listens on: ports that are taken, by others or by itself, several of them, and none."""
import signal
import socket

import pytest

from harness.client import Client
from harness.daemon import Daemon
from harness.wait import free_port, free_ports


@pytest.mark.parametrize(
    "section, key, form",
    [
        ("server", "listen", "list"),
        ("control", "http", "text"),
        ("control", "zmq_pull", "list"),
        ("control", "zmq_sub", "list"),
    ],
)
def test_a_port_in_use_is_fatal_and_names_its_key(fails_to_start, section, key, form):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"{'tcp' if key.startswith('zmq') else 'http'}://127.0.0.1:{taken.getsockname()[1]}"
        log = fails_to_start({section: {key: [address] if form == "list" else address}})
    assert (
        f"{section}.{key}: cannot " in log
        and f"127.0.0.1:{address.rpartition(':')[2]}" in log
        and "Address already in use" in log
    )


def test_a_second_holdfast_on_the_same_port_is_refused(start, fails_to_start):
    """SO_REUSEPORT alone would let it in."""
    rig = start()
    log = fails_to_start({"server": {"listen": [f"http://127.0.0.1:{rig.daemon.port}"]}})
    assert f"server.listen: cannot listen on 127.0.0.1:{rig.daemon.port}: bind: Address already in use" in log
    log = fails_to_start({"control": {"http": f"http://127.0.0.1:{rig.daemon.control_port}"}})
    assert "control.http: cannot listen on " in log
    assert all(rig.get("/").status == 200 for _ in range(20))


def test_one_address_for_two_listeners_is_refused(fails_to_start):
    """For the same reason: our own would share it, and clients would publish."""
    port = free_port()
    log = fails_to_start(
        {"server": {"listen": [f"http://127.0.0.1:{port}"]}, "control": {"http": f"http://localhost:{port}"}}
    )
    assert f"control.http: 127.0.0.1:{port} is given twice" in log
    log = fails_to_start({"server": {"listen": [f"http://127.0.0.1:{port}"] * 2}})
    assert f"server.listen: 127.0.0.1:{port} is given twice" in log


def test_several_listeners_and_ipv6(start):
    first, second = free_ports(2)
    rig = start({"server": {"listen": [f"http://127.0.0.1:{first}", f"http://[::1]:{second}", ""]}})
    for port, host in ((first, "127.0.0.1"), (second, "::1")):
        client = Client(port, host=host)
        assert client.get("/").status == 200
        client.close()
    assert rig.origin.requests[-1].header("x-forwarded-for") == "::1"


def test_listeners_that_are_off(start):
    rig = start({"control": {"http": "", "zmq_pull": [], "zmq_sub": []}})
    assert rig.get("/").status == 200
    with pytest.raises(ConnectionRefusedError):
        rig.connect_control()


def test_a_daemon_starts_again_on_its_port_at_once():
    """Connections of the one before it, in whatever state, are no obstacle."""
    daemon = Daemon(["* test"])
    daemon.start()
    client = Client(daemon.port)
    assert client.get("/").status == 200
    daemon.signal(signal.SIGTERM)
    assert daemon.wait_exit() == 0
    daemon.launch()
    try:
        daemon.wait_log(" is ready: ")
        again = Client(daemon.port)
        assert again.get("/").status == 200
        again.close()
    finally:
        client.close()
        daemon.stop()
