# SPDX-License-Identifier: Apache-2.0
"""Waiting for what must happen, with a bound that suits sanitizer builds on a busy machine."""
import os
import socket
import time

TIMEOUT = float(os.environ.get("TEST_TIMEOUT_S", "40"))


def eventually(check, what, timeout=TIMEOUT):
    """Asks until `check()` says something true, and returns that."""
    end = time.monotonic() + timeout
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"did not happen within {timeout:.0f} s: {what}")
        time.sleep(0.005)


def free_ports(count):
    """TCP ports of loopback that the kernel calls free, each another one."""
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def free_port():
    return free_ports(1)[0]
