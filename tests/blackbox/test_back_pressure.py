# SPDX-License-Identifier: Apache-2.0
"""Back-pressure: who does not read makes who sends wait, in both directions, and the daemon keeps little of it."""
import hashlib
import random
import socket
import threading

from harness.messages import answer, request
from harness.wait import eventually

MIB = 1 << 20


def noise(size):
    return random.Random(1).randbytes(size)


def sha(data):
    return hashlib.sha256(data).hexdigest()


# What fits into the kernel's buffers between two processes of this machine is not ours; more than this is.
KERNEL_BYTES = 24 * MIB
RESIDENT_KIB = 24 * 1024


class Counter:
    """Counts what a blocking sender got rid of, and knows whether it is stuck."""

    def __init__(self):
        self.bytes = 0

    def send_all(self, sock, data):
        for at in range(0, len(data), 65536):
            part = data[at:at + 65536]
            sock.sendall(part)
            self.bytes += len(part)

    def settled(self, seconds=1.0):
        """Waits until nothing has moved for a while: that is what back-pressure looks like from outside."""
        pause, last = threading.Event(), -1
        while last != self.bytes:
            last = self.bytes
            pause.wait(seconds)
        return last


def test_a_client_that_does_not_read_pauses_the_origin(rig):
    data, sent = noise(64 * MIB), Counter()

    def handler(request, connection):
        connection.send(answer(headers=[("Content-Length", str(len(data)))], framing="none"))
        sent.send_all(connection.sock, data)

    rig.origin.on("/large", handler)
    rig.get("/warm")
    before = rig.daemon.resident_kib()
    client = rig.connect(receive_buffer=65536)
    client.send(request("GET", "/large"))
    eventually(lambda: sent.bytes, "the origin's first bytes")
    assert sent.settled() < KERNEL_BYTES
    assert rig.daemon.resident_kib() - before < RESIDENT_KIB
    assert rig.get("/other").status == 200  # and nobody else is held up
    assert sha(client.response().body) == sha(data)
    assert client.get("/next").status == 200


def test_an_origin_that_does_not_read_pauses_the_client(rig):
    data, sent, may_read = noise(50 * MIB), Counter(), threading.Event()

    def handler(request, connection):
        may_read.wait()
        return hash_body_of(request, connection)

    def hash_body_of(request, connection):
        digest, left = hashlib.sha256(), int(request.header("content-length"))
        while left:
            part = connection.exactly(min(left, 65536))
            digest.update(part)
            left -= len(part)
        return answer(body=digest.hexdigest().encode())

    rig.origin.on("/upload", handler, read_body=False)
    rig.get("/warm")
    before = rig.daemon.resident_kib()
    client = rig.connect()
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
    client.send(request("PUT", "/upload", [("Content-Length", str(len(data)))]))
    sender = threading.Thread(target=sent.send_all, args=(client.sock, data), daemon=True)
    sender.start()
    try:
        eventually(lambda: sent.bytes, "the client's first bytes")
        assert sent.settled() < KERNEL_BYTES
        assert rig.daemon.resident_kib() - before < RESIDENT_KIB
        assert rig.get("/other").status == 200
    finally:
        may_read.set()
    assert client.response().text == sha(data)
    sender.join()
    assert client.get("/next").status == 200


def test_a_client_that_never_reads_is_cut_off_in_the_end(start):
    rig = start({"proxy": {"idle_timeout_ms": 300}})
    data, sent = noise(64 * MIB), Counter()

    def handler(request, connection):
        connection.send(answer(headers=[("Content-Length", str(len(data)))], framing="none"))
        sent.send_all(connection.sock, data)

    rig.origin.on("/large", handler)
    rig.connect(receive_buffer=65536).send(request("GET", "/large"))
    rig.daemon.wait_log(r"/large .*end=timeout")
    eventually(lambda: not rig.origin.connections, "the end of the origin's connection")
    assert sent.bytes < len(data)
