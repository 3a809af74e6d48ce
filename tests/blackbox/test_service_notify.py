# SPDX-License-Identifier: Apache-2.0
"""What a service manager is told (sd_notify): ready when clients are served, reloading, stopping, and that all is well."""
import ctypes
import os
import signal
import socket
import time
from pathlib import Path

import pytest

from harness.client import Client
from harness.daemon import Daemon
from harness.wait import TIMEOUT, eventually


class Manager:
    """The other end of NOTIFY_SOCKET."""

    def __init__(self, address):
        self.address = address
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self.socket.settimeout(TIMEOUT)

    def next(self):
        """The next message: its assignments."""
        lines = self.socket.recv(4096).decode().split("\n")
        return dict(line.split("=", 1) for line in lines)

    def until(self, name):
        """The next message with this assignment; those before it are skipped."""
        end = time.monotonic() + TIMEOUT
        while time.monotonic() < end:
            message = self.next()
            if name in message:
                return message
        raise AssertionError(f"no {name} came")


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path):
    made = Manager(str(tmp_path / "notify") if request.param == "path" else f"@holdfast-test-{os.getpid()}")
    yield made
    made.socket.close()


class StuckThread:
    """One thread of the daemon stands still in the middle of what it does, as if it never came back from it. (SIGSTOP
    would stop them all.)"""
    SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17

    def __init__(self, pid, name):
        self.id = next(int(task.name) for task in Path(f"/proc/{pid}/task").iterdir()
                       if (task / "comm").read_text().strip() == name)

    def __enter__(self):
        self.trace(self.SEIZE)
        self.trace(self.INTERRUPT)
        os.waitpid(self.id, 0x40000000)  # __WALL: a thread
        return self

    def __exit__(self, *what):
        self.trace(self.DETACH)

    def trace(self, request):
        libc = ctypes.CDLL(None, use_errno=True)
        libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
        if libc.ptrace(request, self.id, None, None) != 0:
            raise OSError(ctypes.get_errno(), f"ptrace({request:#x})")


def environment(manager, **more):
    return {"NOTIFY_SOCKET": manager.address, **more}


def test_ready_then_reloading_then_stopping(manager, start):
    rig = start({"server": {"drain_seconds": 7}}, environment=environment(manager))
    ready = manager.next()
    assert ready["READY"] == "1" and f":{rig.daemon.port}" in ready["STATUS"]
    rig.daemon.signal(signal.SIGHUP)
    before = time.monotonic_ns() // 1000
    reloading = manager.next()
    assert reloading["RELOADING"] == "1"
    assert 0 < int(reloading["MONOTONIC_USEC"]) < before + TIMEOUT * 1e6
    assert manager.next()["READY"] == "1"
    rig.daemon.signal(signal.SIGTERM)
    stopping = manager.next()
    assert stopping["STOPPING"] == "1" and int(stopping["EXTEND_TIMEOUT_USEC"]) == 17_000_000
    assert rig.daemon.wait_exit() == 0


def test_a_reload_that_fails_is_over_too(manager, start):
    rig = start(environment=environment(manager))
    manager.until("READY")
    rig.daemon.write_routes(["this is no route"])
    rig.daemon.signal(signal.SIGHUP)
    assert manager.until("RELOADING")
    assert manager.until("READY")
    assert rig.connect().get("/").status == 200


def test_ready_means_that_clients_are_served(manager):
    """Asked at the moment of the message, over and over: no connection is refused."""
    for _ in range(5):
        daemon = Daemon(["* test"], environment=environment(manager))
        daemon.launch()
        try:
            manager.until("READY")
            assert Client(daemon.port).get("/").status == 200
        finally:
            daemon.stop()
            manager.until("STOPPING")


def test_a_daemon_that_does_not_start_is_never_ready(manager):
    daemon = Daemon(None, environment=environment(manager))  # no routes file
    daemon.launch()
    try:
        assert daemon.wait_exit() == 1
        manager.socket.setblocking(False)
        with pytest.raises(BlockingIOError):
            manager.next()
    finally:
        daemon.discard()


def test_the_watchdog_is_fed_until_the_end(manager, start):
    rig = start(environment=environment(manager, WATCHDOG_USEC="200000"))
    manager.until("READY")
    for _ in range(3):
        manager.until("WATCHDOG")
    rig.daemon.signal(signal.SIGTERM)
    manager.until("STOPPING")


def test_the_watchdog_is_not_fed_while_a_loop_is_stuck(manager, start):
    """One of two loops: clients of the other are served, and the manager's patience ends all the same."""
    rig = start(workers=2, environment=environment(manager, WATCHDOG_USEC="1000000"))
    manager.until("WATCHDOG")
    with StuckThread(rig.daemon.process.pid, "core-1"):
        rig.daemon.wait_log("an event loop has been stuck for")
        manager.socket.settimeout(1)
        with pytest.raises(TimeoutError):
            while True:  # those sent before
                manager.until("WATCHDOG")
    manager.socket.settimeout(TIMEOUT)
    manager.until("WATCHDOG")


def test_the_watchdog_is_fed_while_clients_are_sent_away(manager, start):
    rig = start({"server": {"drain_seconds": 3600}}, environment=environment(manager, WATCHDOG_USEC="200000"))
    rig.origin.on("/never", lambda request, connection: eventually(lambda: not rig.daemon.running(), "the end") and None)
    client = rig.connect()
    client.send(b"GET /never HTTP/1.1\r\nHost: a\r\n\r\n")
    rig.origin.wait_for("/never")
    rig.daemon.signal(signal.SIGTERM)
    manager.until("STOPPING")
    for _ in range(3):
        manager.until("WATCHDOG")
    rig.daemon.signal(signal.SIGTERM)
    assert rig.daemon.wait_exit() == 0


def test_somebody_elses_watchdog_is_left_alone(manager, start):
    rig = start(environment=environment(manager, WATCHDOG_USEC="1000", WATCHDOG_PID="1"))
    assert "READY" in manager.next()
    rig.daemon.signal(signal.SIGTERM)
    assert "STOPPING" in manager.next()


@pytest.mark.parametrize("address", ["/nowhere/notify", "vsock:2:1", "@" + "x" * 200])
def test_a_manager_that_cannot_be_reached_is_a_warning(start, address):
    rig = start(environment={"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "1000"})
    assert rig.daemon.log().count("NOTIFY_SOCKET") == 1
    assert rig.connect().get("/").status == 200
