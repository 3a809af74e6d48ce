# SPDX-License-Identifier: Apache-2.0
"""Other machines with a cable to them: network namespaces that are gone with the test. Root can make them anywhere, also
in a chroot, where neither users of one's own nor `ip netns` work; other users where their system lets them."""
import ctypes
import os
import subprocess
import sys
import threading

from .wait import TIMEOUT

_libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000


class Machine:
    """A network namespace, for as long as a process is kept in it. `beside`: another one that it is to share a user
    namespace with, where there has to be one."""

    def __init__(self, beside=None):
        is_root = os.geteuid() == 0
        become_root = [] if is_root or beside else ["--map-root-user"]
        command = [*(beside.command if beside else []), "unshare", *become_root, "--net"]
        self._process = subprocess.Popen([*command, "sh", "-c", "echo ready; exec cat"], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE)
        user = [] if is_root else ["--user", "--preserve-credentials"]
        #: What runs another command there.
        self.command = ["nsenter", "--target", str(self.pid), *user, "--net", "--"]
        if self._process.stdout.readline() != b"ready\n":
            self.close()
            raise AssertionError(f"{command} made no namespace")

    @property
    def pid(self):
        return self._process.pid

    def ip(self, arguments):
        subprocess.run([*self.command, "ip", *arguments.split()], check=True)

    def connect(self, device, address):
        """Gives a device its address, and switches it on."""
        self.ip(f"address add {address} dev {device}")
        self.ip(f"link set {device} up")

    def close(self):
        self._process.communicate()  # the end of its input is the end of it


INSIDE, OUTSIDE = "192.0.2.1", "192.0.2.2"
REFUSED = 7

# Sends what is on its standard input, and prints everything that comes back until the peer closes or resets.
EXCHANGE = f"""
import socket, sys
try:
    peer = socket.create_connection((sys.argv[1], int(sys.argv[2])), {TIMEOUT})
except ConnectionRefusedError:
    sys.exit({REFUSED})
try:
    peer.sendall(sys.stdin.buffer.read())
    while data := peer.recv(65536):
        sys.stdout.buffer.write(data)
except ConnectionError:
    pass
"""


class Network:
    """Two machines with a cable between them. `inside` is a command that runs another one on that with the address
    INSIDE."""

    def __init__(self):
        self._machines = []
        try:
            for _ in range(2):
                self._machines.append(Machine(*self._machines))
            here, there = self._machines
            here.ip(f"link add cable0 type veth peer name cable1 netns {there.pid}")
            for machine, device, address in ((here, "cable0", INSIDE), (there, "cable1", OUTSIDE)):
                machine.connect(device, f"{address}/24")
                machine.ip("link set lo up")
        except BaseException:
            self.close()
            raise
        self.inside, self._outside = here.command, there.command

    def exchange(self, port, data):
        """What a client on the other machine gets from this port; None when nobody listens."""
        done = subprocess.run([*self._outside, sys.executable, "-c", EXCHANGE, INSIDE, str(port)], input=data,
                              capture_output=True, timeout=2 * TIMEOUT)
        if done.returncode == REFUSED:
            return None
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def close(self):
        for machine in reversed(self._machines):
            machine.close()
        self._machines.clear()


class Neighbour:
    """A machine beside ours, joined to it by a cable that can be pulled out. Needs root. Our end of the cable has the
    address `ours`, the other one `theirs`: of the range for benchmarks (RFC 2544)."""

    def __init__(self, number=1):
        self.cable = f"hf{os.getpid()}-{number}"
        self.ours, self.theirs = f"198.18.{number}.1", f"198.18.{number}.2"
        self._machine = Machine()
        try:
            _ip(f"link add {self.cable} type veth peer name eth0 netns {self._machine.pid}")
            _ip(f"address add {self.ours}/30 dev {self.cable}")
            _ip(f"link set {self.cable} up")
            self._machine.connect("eth0", f"{self.theirs}/30")
        except BaseException:
            self.remove()
            raise

    def inside(self, function):
        """Calls it in the other network and returns its result: sockets that it makes stay there."""
        results = []

        def run():
            try:
                with open(f"/proc/{self._machine.pid}/ns/net") as namespace:
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
        self._machine.ip("link set eth0 down")

    def remove(self):
        # The namespace itself goes when the last socket in it does, the cable and its addresses at once.
        subprocess.run(["ip", "link", "del", self.cable], check=False, capture_output=True)
        self._machine.close()


def _ip(arguments):
    subprocess.run(["ip", *arguments.split()], check=True, capture_output=True, text=True)
