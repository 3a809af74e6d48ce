# SPDX-License-Identifier: Apache-2.0
"""Two machines with a cable between them: network namespaces that are gone with the test."""
import subprocess
import sys

from .wait import TIMEOUT

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
    """`inside` is a command that runs another one on the machine whose address is INSIDE. Needs root, or a system that
    lets users make namespaces."""

    def __init__(self):
        self._machines = []
        try:
            first = self._machine("unshare", "--map-root-user", "--net")
            self.inside = self._enter(first)
            second = self._machine(*self.inside, "unshare", "--net")
            self._outside = self._enter(second)
            self._ip(self.inside, f"link add cable0 type veth peer name cable1 netns {second.pid}")
            for machine, device, address in ((self.inside, "cable0", INSIDE), (self._outside, "cable1", OUTSIDE)):
                self._ip(machine, f"address add {address}/24 dev {device}")
                self._ip(machine, f"link set {device} up")
                self._ip(machine, "link set lo up")
        except BaseException:
            self.close()
            raise

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
            machine.communicate()  # the end of its input is the end of it
        self._machines.clear()

    def _machine(self, *command):
        machine = subprocess.Popen([*command, "sh", "-c", "echo ready; exec cat"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE)
        self._machines.append(machine)
        assert machine.stdout.readline() == b"ready\n", f"{command} made no namespace"
        return machine

    @staticmethod
    def _enter(machine):
        return ["nsenter", "--target", str(machine.pid), "--user", "--net", "--preserve-credentials", "--"]

    @staticmethod
    def _ip(machine, arguments):
        subprocess.run([*machine, "ip", *arguments.split()], check=True)
