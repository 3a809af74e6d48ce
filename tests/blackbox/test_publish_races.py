# SPDX-License-Identifier: Apache-2.0
"""Publishing in the very moment in which a hold begins: nothing is lost from the origin's answer on, and nothing comes
twice or out of order. Each race is run often enough to be met in all its outcomes."""
import threading

import pytest

from harness.client import Client
from harness.messages import answer, request
from harness.publisher import body_of, item, tnet
from harness.rig import hold_headers

ROUNDS = 200


class HandlerPublisher:
    """What an origin's handler publishes with, in its own thread."""

    def __init__(self, rig, transport):
        self.transport = transport
        self.http = rig.connect_control() if transport == "http" else None
        self.push = rig.zmq.push() if transport == "zmq" else None

    def publish(self, *items):
        if self.http:
            assert self.http.ask("POST", "/publish/", body=body_of(*items)).status == 200
        else:
            for one in items:
                self.push.send(tnet(one))


@pytest.mark.parametrize("transport", ["http", "zmq"])
@pytest.mark.parametrize("moment", ["after-the-last-byte", "before-the-last-byte"])
def test_streams(rig, moment, transport):
    channel, publisher, path = rig.name("c"), HandlerPublisher(rig, transport), rig.path()

    def handler(request, connection):
        number = request.header("x-number")
        whole = answer(body=b"open ", headers=hold_headers("stream", [channel]))
        if moment == "after-the-last-byte":
            connection.send(whole)
        else:
            connection.send(whole[:-1])
        publisher.publish(item(channel, stream=f"{number} "), item(channel, stream="end "), item(channel, close=True))
        if moment == "before-the-last-byte":
            connection.send(whole[-1:])

    rig.origin.on(path, handler)
    client = rig.connect()
    for number in range(ROUNDS):
        stream = client.stream(path, [("X-Number", str(number))])
        assert stream.rest().decode() == f"open {number} end "


@pytest.mark.parametrize("transport", ["http", "zmq"])
@pytest.mark.parametrize("moment", ["after-the-last-byte", "before-the-last-byte"])
def test_long_polls(rig, moment, transport):
    channel, publisher, path = rig.name("c"), HandlerPublisher(rig, transport), rig.path()

    def handler(request, connection):
        whole = answer(body=b"nothing", headers=hold_headers("response", [channel]))
        if moment == "after-the-last-byte":
            connection.send(whole)
        else:
            connection.send(whole[:-1])
        publisher.publish(item(channel, response=request.header("x-number")))
        if moment == "before-the-last-byte":
            connection.send(whole[-1:])

    rig.origin.on(path, handler)
    client = rig.connect()
    for number in range(ROUNDS):
        assert client.get(path, [("X-Number", str(number))]).text == str(number)


def test_clients_that_come_while_messages_flow_see_them_without_gaps(rig):
    """Each gets an unbroken run of numbers up to the last one, whenever it came."""
    channel = rig.name("c")
    path = rig.hold_stream(channel, body=b"open\n")
    done, total = threading.Event(), [0]

    def publish():
        publisher = Client(rig.daemon.control_port)
        while not done.is_set():
            batch = [item(channel, stream=f"{n}\n") for n in range(total[0], total[0] + 3)]
            assert publisher.ask("POST", "/publish/", body=body_of(*batch)).status == 200
            total[0] += 3
        publisher.close()

    flow = threading.Thread(target=publish)
    flow.start()
    try:
        streams = []
        for n in range(80):
            streams.append(rig.connect().stream(path, version=("1.1", "1.0")[n % 2]))
            streams[-1].until(b"open\n")
    finally:
        done.set()
        flow.join()
    rig.publish(channel, stream="end\n")
    for stream in streams:
        numbers = [int(n) for n in stream.until(b"end\n").split()[:-1]]
        assert numbers == list(range(total[0] - len(numbers), total[0]))


def test_polls_that_follow_each_other_while_messages_flow(rig):
    """Long-polls may miss what comes between two of them, but never see anything twice or backwards."""
    channel = rig.name("c")
    path = rig.hold_response(channel)
    done, failures = threading.Event(), []

    def publish():
        publisher, n = Client(rig.daemon.control_port), 0
        while not done.is_set():
            n += 1
            publisher.ask("POST", "/publish/", body=body_of(item(channel, response=f"{n}")))
        publisher.close()

    def poll():
        client, last = Client(rig.daemon.port), 0
        for _ in range(100):
            number = int(client.get(path).text)
            if number <= last:
                failures.append((last, number))
            last = number
        client.close()

    flow = threading.Thread(target=publish)
    flow.start()
    pollers = [threading.Thread(target=poll) for _ in range(4)]
    for thread in pollers:
        thread.start()
    for thread in pollers:
        thread.join()
    done.set()
    flow.join()
    assert not failures


def test_two_publishers_and_two_channels_keep_the_order_of_each(rig):
    """Whoever is answered first stands first, for every client alike."""
    a, b = rig.name("a"), rig.name("b")
    streams = [rig.stream(a, b) for _ in range(4)]
    turns = threading.Barrier(2)

    def publish(channel):
        publisher = Client(rig.daemon.control_port)
        turns.wait()
        for n in range(100):
            assert (
                publisher.ask("POST", "/publish/", body=body_of(item(channel, stream=f"{channel}:{n}\n"))).status == 200
            )
        publisher.close()

    threads = [threading.Thread(target=publish, args=(channel,)) for channel in (a, b)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rig.publish(a, stream="end\n")
    seen = {stream.until(b"end\n") for stream in streams}
    assert len(seen) == 1  # one order, the same for all
    lines = seen.pop().decode().split()
    for channel in (a, b):
        assert [x for x in lines if x.startswith(channel + ":")] == [f"{channel}:{n}" for n in range(100)]


def test_a_request_right_behind_a_publish_sees_what_was_published_before_it(rig):
    """A message that was published, and answered, before the origin was asked does not reach the hold that follows."""
    channel = rig.name("c")
    path = rig.hold_stream(channel)
    client = rig.connect()
    for n in range(50):
        rig.publish(channel, stream=f"old {n}\n")
        client.send(request("GET", path))
        stream = client.streaming()
        stream.until(b"open\n")
        rig.publish_items(item(channel, stream=f"new {n}\n"), item(channel, close=True))
        assert stream.rest() == b"new %d\n" % n
