# SPDX-License-Identifier: Apache-2.0
"""A network of its own beside ours, joined by a cable that can be pulled out. Needs root, as network namespaces do."""
import ctypes
import os
import subprocess
import threading
from pathlib import Path

_libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000


def _ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


class Neighbour:
    """Our end of the cable has the address `ours`, the other one `theirs`: of the range for benchmarks (RFC 2544)."""

    def __init__(self, number=1):
        self.name = f"holdfast-{os.getpid()}-{number}"
        self.cable = f"hf{os.getpid()}-{number}"
        self.ours, self.theirs = f"198.18.{number}.1", f"198.18.{number}.2"
        _ip("netns", "add", self.name)
        try:
            _ip("link", "add", self.cable, "type", "veth", "peer", "name", "eth0", "netns", self.name)
            _ip("addr", "add", f"{self.ours}/30", "dev", self.cable)
            _ip("link", "set", self.cable, "up")
            _ip("-n", self.name, "addr", "add", f"{self.theirs}/30", "dev", "eth0")
            _ip("-n", self.name, "link", "set", "eth0", "up")
        except BaseException:
            self.remove()
            raise

    def inside(self, function):
        """Calls it in the other network and returns its result: sockets that it makes stay there."""
        results = []

        def run():
            try:
                with open(Path("/var/run/netns") / self.name) as namespace:
                    if _libc.setns(namespace.fileno(), CLONE_NEWNET) != 0:
                        raise OSError(ctypes.get_errno(), "setns")
                results.append((function(), None))
            except BaseException as error:
                results.append((None, error))

        # A thread's network is its own, and ends with it.
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        value, error = results[0]
        if error:
            raise error
        return value

    def pull_out(self):
        """From now on nothing arrives any more, in either direction, and nobody is told."""
        _ip("-n", self.name, "link", "set", "eth0", "down")

    def remove(self):
        # The namespace itself goes when the last socket in it does, the cable and its addresses at once.
        for what in (["link", "del", self.cable], ["netns", "del", self.name]):
            subprocess.run(["ip", *what], check=False, capture_output=True)
