# SPDX-License-Identifier: Apache-2.0
"""More than there is room for: told so at once and in full, counted by nobody but the log here, and over when it is
over. The limits on sizes and rates are in test_limits.py, slow clients in test_slow_clients.py."""
import threading
import time

import pytest

from harness.messages import Broken, answer, request
from harness.publisher import body_of, item
from harness.wait import eventually


def refusal(client):
    """Reads what a client that is turned away gets, to the end, and returns its Retry-After."""
    response = client.response()
    assert response.status == 503, response.line
    assert response.header("connection") == "close"
    assert client.to_end() == b"" and not client.was_reset
    return int(response.header("retry-after"))


class Gate:
    """An origin's handler that answers when it is opened."""

    def __init__(self):
        self.opened = threading.Event()
        self.arrived = 0
        self.at_once = 0
        self.most_at_once = 0
        self.lock = threading.Lock()

    def __call__(self, request, connection):
        with self.lock:
            self.arrived += 1
            self.at_once += 1
            self.most_at_once = max(self.at_once, self.most_at_once)
        self.opened.wait()
        with self.lock:
            self.at_once -= 1
        return answer(body=b"at last\n")


@pytest.fixture
def gate():
    made = Gate()
    yield made
    made.opened.set()


def idle_ticks(daemon, seconds=1.0):
    """How much the daemon works while nothing happens. That takes time, whatever one waits for."""
    before = daemon.cpu_ticks()
    time.sleep(seconds)
    return daemon.cpu_ticks() - before


# ------------------------------------------------------------------------------------------------- max_connections


def test_who_is_turned_away_has_sent_a_request_and_reads_all_of_the_answer(start):
    """A close with that request unread would reset the connection under the answer. Times to come back differ."""
    rig = start({"server": {"max_connections": 1, "retry_after_max_s": 30}})
    stays = rig.connect()
    assert stays.get("/").status == 200
    times = set()
    for _ in range(40):
        client = rig.connect()
        client.send(request("POST", "/", body=b"x" * 20000))
        times.add(refusal(client))
        client.close()
    assert min(times) >= 1 and max(times) <= 30 and len(times) > 3
    assert stays.get("/").status == 200


def test_max_connections_can_be_changed(start):
    rig = start({"server": {"max_connections": 1}})
    first = rig.connect()
    assert first.get("/").status == 200
    refusal(rig.connect())
    rig.daemon.reconfigure(server={"max_connections": 2})
    second = rig.connect()
    assert second.get("/").status == 200
    rig.daemon.reconfigure(server={"max_connections": 1})
    refusal(rig.connect())
    assert first.get("/").status == second.get("/").status == 200  # who is there stays


# ----------------------------------------------------------------------------------------------------- descriptors


def test_400_clients_with_200_descriptors(start):
    """The first are served, the others are told, and then there is nothing to do."""
    rig = start(descriptors=200)
    channel = rig.name("c")
    path = rig.hold_stream(channel)
    clients = [rig.connect() for _ in range(400)]
    for client in clients:
        try:
            client.send(request("GET", path))
        except ConnectionError:
            pass  # it has been told already
    heads = [client.head() for client in clients]
    served = [client for client, head in zip(clients, heads) if head.status == 200]
    assert len(served) == 100
    for client, head in zip(clients, heads):
        if client not in served:
            assert head.status == 503 and 1 <= int(head.header("retry-after")) <= 10
            assert client.exactly(int(head.header("content-length"))).startswith(b"Too many ")
    assert idle_ticks(rig.daemon) < 20
    rig.publish(channel, stream="news\n")
    for client in served:
        assert client.next_chunk() == b"open\n" and client.next_chunk() == b"news\n"
    rig.daemon.wait_log(r"client refused: server.max_connections \(100\) reached")


def test_400_requests_at_once_with_200_descriptors(start, gate):
    """Those that were let in need as many connections to origins, and there are not enough of them: they wait."""
    rig = start(descriptors=200)
    rig.origin.on("/", gate)
    clients = [rig.connect() for _ in range(400)]
    for client in clients:
        try:
            client.send(request("GET", "/"))
        except ConnectionError:
            pass
    rig.daemon.wait_log("requests wait for a descriptor; raise the limit")
    assert idle_ticks(rig.daemon) < 30
    gate.opened.set()
    assert sorted(client.head().status for client in clients) == [200] * 100 + [503] * 300


def test_clients_for_whom_there_is_no_descriptor_are_told_so(start):
    rig = start({"proxy": {"pool_max_idle": 0}}, workers=1)
    channel = rig.name("c")
    stream = rig.stream(channel)
    publisher = rig.connect_control()
    assert publisher.get("/").status == 200
    eventually(lambda: not rig.origin.connections, "the end of the connection to the origin")
    rig.daemon.exhaust_descriptors()
    for _ in range(50):
        response = rig.connect().response()
        assert (response.status, response.body) == (503, b"Too many open files\n")
        assert int(response.header("retry-after")) >= 1
    rig.daemon.wait_log(r"cannot accept a client: Too many open files; raise the descriptor limit")
    assert idle_ticks(rig.daemon) < 20
    assert publisher.ask("POST", "/publish/", body=body_of(item(channel, stream="news\n"))).status == 200
    assert stream.until(b"news\n") == b"news\n"
    rig.daemon.release_descriptors()
    assert rig.get("/").status == 200


def test_publishers_for_whom_there_is_no_descriptor_wait(start):
    rig = start(workers=1)
    rig.daemon.exhaust_descriptors()
    waiting = [rig.connect_control() for _ in range(5)]
    for client in waiting:
        client.send(request("GET", "/"))
    rig.daemon.wait_log("cannot accept a client: Too many open files")
    assert idle_ticks(rig.daemon) < 20
    rig.daemon.release_descriptors()
    assert [client.response().status for client in waiting] == [200] * 5


def test_requests_wait_for_a_descriptor_and_are_answered(start):
    rig = start({"proxy": {"pool_max_idle": 0}}, workers=1)
    clients = [rig.connect() for _ in range(5)]
    assert [client.get("/").status for client in clients] == [200] * 5
    eventually(lambda: not rig.origin.connections, "the end of the connections to the origin")
    rig.daemon.exhaust_descriptors()
    for client in clients:
        client.send(request("GET", "/late"))
    rig.daemon.wait_log("requests wait for a descriptor")
    rig.daemon.release_descriptors()
    assert [client.response().status for client in clients] == [200] * 5


def test_a_request_that_gets_no_descriptor_in_time(start):
    rig = start({"proxy": {"connect_timeout_ms": 300, "pool_max_idle": 0}}, workers=1)
    client = rig.connect()
    assert client.get("/").status == 200
    eventually(lambda: not rig.origin.connections, "the end of the connections to the origin")
    rig.daemon.exhaust_descriptors()
    response = client.get("/")
    assert response.status == 503 and int(response.header("retry-after")) >= 1
    rig.daemon.wait_log(r"origin failed .*cause=limit .*no descriptor became free within connect_timeout_ms")
    rig.daemon.release_descriptors()
    assert client.get("/").status == 200


def test_idle_connections_make_room_for_those_that_are_needed(start, origins):
    other = origins()
    rig = start(workers=1, routes=["b.test " + f"127.0.0.1:{other.port}", "* ORIGIN"])
    client = rig.connect()
    assert client.get("/").status == 200
    assert len(rig.origin.connections) == 1
    rig.daemon.exhaust_descriptors()
    assert client.get("/", host="b.test").status == 200
    eventually(lambda: not rig.origin.connections, "the end of the idle connection")


def test_idle_connections_make_room_for_clients_and_publishers(start):
    """Also those of another worker."""
    rig = start(workers=4)
    clients = [rig.connect() for _ in range(20)]
    for client in clients:
        assert client.get("/").status == 200
    idle = len(rig.origin.connections)
    assert idle > 1
    rig.daemon.exhaust_descriptors()
    more = [rig.connect_control() for _ in range(idle)]
    assert [client.get("/").status for client in more] == [200] * idle
    eventually(lambda: not rig.origin.connections, "the end of all idle connections")


# ------------------------------------------------------------------------------- waiting_requests_max and the others


def test_waiting_requests_max(start, gate):
    """Of the whole process, and only until the header has come."""
    rig = start({"proxy": {"waiting_requests_max": 3}})
    rig.origin.on("/", gate)
    waiting = [rig.connect() for _ in range(3)]
    for client in waiting:
        client.send(request("GET", "/"))
    eventually(lambda: gate.arrived == 3, "three requests at the origin")
    extra = rig.connect()
    for _ in range(3):
        response = extra.ask("POST", "/more", body=b"x")
        assert response.status == 503 and 1 <= int(response.header("retry-after")) <= 10
    assert not rig.origin.seen("/more")
    rig.daemon.wait_log(r"request refused: proxy.waiting_requests_max \(3\) reached: route=- conn=\S+ /more")
    rig.daemon.wait_log(r"POST test/more .*code=503 .*end=refused cause=limit")
    gate.opened.set()
    assert [client.response().body for client in waiting] == [b"at last\n"] * 3
    assert extra.get("/more").status == 200


def test_requests_that_are_over_wait_no_longer(start, gate):
    """Answered, held, failed, or left by their clients: the place is free again."""
    rig = start({"proxy": {"waiting_requests_max": 1}})
    channel = rig.name("c")
    stream, poll = rig.stream(channel), rig.poll(channel)
    rig.origin.on("/closes", lambda request, connection: connection.close())
    assert rig.get("/closes").status == 502
    rig.origin.on("/gate", gate)
    gone = rig.connect()
    gone.send(request("GET", "/gate"))
    eventually(lambda: gate.arrived == 1, "a request at the origin")
    assert rig.get("/").status == 503
    gone.reset()
    eventually(lambda: rig.get("/").status == 200, "the place of the client that has gone")
    rig.publish(channel, stream="on\n", response="on\n")
    assert stream.until(b"on\n") == b"on\n" and poll.response().body == b"on\n"


def test_origin_connections_max(start, gate):
    """The others wait for their turn, and have it in the order in which they came."""
    rig = start({"proxy": {"origin_connections_max": 2}}, workers=1)
    rig.origin.on("/", gate)
    clients = [rig.connect() for _ in range(10)]
    for n, client in enumerate(clients):
        client.send(request("GET", f"/?{n}") if n >= 2 else request("GET", "/"))
        if n < 2:
            eventually(lambda: gate.arrived == n + 1, "a request at the origin")
        else:
            rig.daemon.wait_log("requests wait: proxy.origin_connections_max \\(2\\) reached: target=127.0.0.1:")
    gate.opened.set()
    assert [client.response().status for client in clients] == [200] * 10
    assert rig.origin.accepted == 2 and gate.most_at_once == 2


def test_a_turn_that_does_not_come_in_time(start, gate):
    rig = start({"proxy": {"origin_connections_max": 1, "connect_timeout_ms": 300}}, workers=1)
    rig.origin.on("/", gate)
    first, second = rig.connect(), rig.connect()
    first.send(request("GET", "/"))
    eventually(lambda: gate.arrived == 1, "a request at the origin")
    response = second.get("/other")
    assert response.status == 503 and int(response.header("retry-after")) >= 1
    rig.daemon.wait_log("origin failed .*cause=limit .*no connection of proxy.origin_connections_max became free")
    gate.opened.set()
    assert first.response().body == b"at last\n"
    assert second.get("/other").status == 200


def test_another_target_helps_out(start, gate, origins):
    other = origins()
    rig = start({"proxy": {"origin_connections_max": 1, "connect_timeout_ms": 300}}, workers=1,
                routes=[f"* ORIGIN 127.0.0.1:{other.port}"])
    rig.origin.on("/", gate)
    first = rig.connect()
    first.send(request("GET", "/"))
    eventually(lambda: gate.arrived == 1, "a request at the origin")
    assert rig.get("/other").status == 200
    assert len(other.seen("/other")) == 1


def test_the_connection_of_an_origin_that_fails_is_free_again(start):
    rig = start({"proxy": {"origin_connections_max": 1}}, workers=1)
    rig.origin.on("/closes", lambda request, connection: connection.close())
    clients = [rig.connect() for _ in range(10)]
    for client in clients:
        client.send(request("POST", "/closes", body=b""))
    assert [client.response().status for client in clients] == [502] * 10
    assert rig.get("/").status == 200


# ------------------------------------------------------------------------------------------------ memory_max_bytes


def test_memory_max_bytes(start):
    """The slow client whose queue it is goes; meanwhile nobody new comes in; publishing and who is held go on."""
    rig = start({"server": {"send_buffer_max_bytes": 1 << 30}}, workers=1)
    channel, large = rig.name("c"), "x" * 900000
    other, kept = rig.stream(rig.name("other")), rig.connect()
    assert kept.get("/").status == 200
    slow = rig.stream(channel, receive_buffer=4096)
    limit = rig.daemon.resident_kib() * 1024 + (48 << 20)
    rig.daemon.reconfigure(server={"memory_max_bytes": limit})
    statuses = set()
    for _ in range(400):
        assert rig.control(body_of(item(channel, stream=large))).status == 200
        if "slow client closed" in rig.daemon.log():
            break
        statuses.add(kept.get("/").status)
    rig.daemon.wait_log(rf"server.memory_max_bytes \({limit}\) reached: \d+ in use: new clients and requests are refused")
    rig.daemon.wait_log(r"slow client closed: server.memory_max_bytes reached: conn=\S+ peer=127.0.0.1 queued=\d+")
    rig.daemon.wait_log(r"hold=stream .*end=slow-client")
    with pytest.raises(Broken):
        slow.rest()
    rig.daemon.wait_log(rf"below server.memory_max_bytes \({limit}\) again: \d+ in use")
    assert kept.get("/").status == rig.get("/").status == 200
    assert other.client.sock.fileno() >= 0


def test_over_memory_max_bytes_new_clients_and_requests_are_refused(start):
    rig = start()
    channel = rig.name("c")
    stream, kept = rig.stream(channel), rig.connect()
    assert kept.get("/").status == 200
    rig.daemon.reconfigure(server={"memory_max_bytes": 1})  # nothing that it does will bring it down to that
    rig.daemon.wait_log(r"server.memory_max_bytes \(1\) reached")
    refusal(rig.connect())
    response = kept.get("/")
    assert response.status == 503 and 1 <= int(response.header("retry-after")) <= 10
    rig.daemon.wait_log(r"client refused: server.memory_max_bytes \(1\) reached, \d+ in use: peer=127.0.0.1")
    rig.daemon.wait_log(r"request refused: server.memory_max_bytes \(1\) reached, \d+ in use: conn=\S+ /")
    rig.publish(channel, stream="news\n")
    assert stream.until(b"news\n") == b"news\n"
    rig.daemon.reconfigure(server={"memory_max_bytes": 0})
    eventually(lambda: kept.get("/").status == 200, "requests are taken again")
