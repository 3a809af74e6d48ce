# SPDX-License-Identifier: Apache-2.0
"""GET /metrics: a strict parser reads it, it says what has happened, and docs/metrics.md says what it has."""
import re
import time
from pathlib import Path

import pytest

from harness.admin import Admin
from harness.publisher import item
from harness.wait import eventually, free_port

# Of other sources, or sums of others.
NOT_COUNTERS = ("holdfast_limit_hits", "holdfast_log_lines_lost", "holdfast_process_cpu_seconds")
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def admin(rig):
    return Admin(rig.daemon)


def difference(before, after, name, **labels):
    return after.value(name, **labels) - before.value(name, **labels)


def wait_for(admin, name, value, **labels):
    """Gauges follow within the turn in which a client comes or goes."""
    return eventually(lambda: (m := admin.metrics()).value(name, **labels) == value and m, f"{name}{labels} is {value}")


def test_it_is_strict_openmetrics_and_nothing_is_missing(admin):
    metrics = admin.metrics()
    assert all(name.startswith("holdfast_") for name in metrics.families)
    assert metrics.value("holdfast_build", version=version()) == 1
    assert metrics.value("holdfast_ready") == 1
    assert metrics.value("holdfast_process_open_fds") > 5
    assert metrics.value("holdfast_process_resident_memory_bytes") > 1_000_000
    assert metrics.value("holdfast_process_cpu_seconds") > 0
    assert abs(metrics.value("holdfast_process_start_time_seconds") - time.time()) < 3600
    assert metrics.value("holdfast_cores") >= 1
    assert metrics.count("holdfast_loop_turn_seconds") > 0


def version():
    return re.search(r"project\(holdfast VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]


def test_every_counter_of_the_source_appears(admin):
    """Under a name of its own, or as a label of a family: none of them is only counted."""
    header = (ROOT / "src/base/counters.h").read_text()
    counters = re.findall(r"^  (\w+),", re.search(r"enum class Counter [^{]*\{(.*?)count_", header, re.S)[1], re.M)
    samples = sum(len(f.samples) for f in admin.metrics().families.values()
                  if f.type == "counter" and f.name not in NOT_COUNTERS)
    assert samples == len(counters) > 20


def test_the_document_has_every_family(admin):
    rows = re.findall(r"^\| `(holdfast_\w+)` \| (\w+) \| ([^|]*) \|", (ROOT / "docs/metrics.md").read_text(), re.M)
    documented = {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}
    families = admin.metrics().families
    shown = {f.name + ("_total" if f.type == "counter" else "_info" if f.type == "info" else ""): f
             for f in families.values()}
    assert set(documented) == set(shown)
    for name, family in shown.items():
        kind, labels = documented[name]
        assert kind == family.type, name
        assert family.label_names() <= labels, name


def test_labels_are_of_bounded_sets(rig, admin):
    before = admin.metrics()
    streams = [rig.stream(rig.name("c")) for _ in range(20)]
    for _ in range(20):
        rig.get(rig.path("some"), [("X-Any", rig.name("value"))])
        rig.publish(rig.name("other"), stream="x")
    after = admin.metrics()
    assert {n: set(f.samples) for n, f in after.families.items()} == {n: set(f.samples)
                                                                     for n, f in before.families.items()}
    assert len(streams) == 20


def test_clients_and_subscriptions_come_and_go(rig, admin):
    a, b = rig.name("a"), rig.name("b")
    stream = rig.stream(a, b)
    poll = rig.poll(a)
    metrics = wait_for(admin, "holdfast_holds", 1, transport="response")
    assert metrics.value("holdfast_holds", transport="stream") == 1
    assert metrics.value("holdfast_subscriptions", transport="stream") == 2
    assert metrics.value("holdfast_subscriptions", transport="response") == 1
    assert metrics.value("holdfast_channels") >= 2
    assert metrics.value("holdfast_connections", listener="client") == 2
    assert metrics.value("holdfast_connections", listener="admin") >= 1
    stream.client.close()
    poll.close()
    wait_for(admin, "holdfast_connections", 0, listener="client")
    metrics = admin.metrics()
    for transport in ("stream", "response"):
        assert metrics.value("holdfast_holds", transport=transport) == 0
        assert metrics.value("holdfast_subscriptions", transport=transport) == 0


def test_publishing_and_delivery_are_counted(rig, admin):
    channel = rig.name("c")
    streams = [rig.stream(channel) for _ in range(3)]
    before = admin.metrics()
    rig.publish(channel, stream="one\n", id=rig.name("id"))
    twice = item(channel, stream="two\n", id=rig.name("id"))
    rig.publish_items(twice, twice)
    for stream in streams:
        assert stream.take(8) == b"one\ntwo\n"
    after = eventually(lambda: (m := admin.metrics()).count("holdfast_publish_to_write_seconds") >=
                       before.count("holdfast_publish_to_write_seconds") + 2 and m, "two messages have been measured")
    assert difference(before, after, "holdfast_published") == 2
    assert difference(before, after, "holdfast_deliveries") == 6
    assert difference(before, after, "holdfast_messages_dropped", reason="duplicate") == 1
    assert difference(before, after, "holdfast_client_sent_bytes") >= 3 * len("4\r\none\n\r\n" * 2)
    assert difference(before, after, "holdfast_client_received_bytes") > 200


def test_bad_zmq_frames_are_counted(rig, admin):
    before = admin.metrics()
    push = rig.zmq.push()
    push.send(b"J{ no item")
    wait_for(admin, "holdfast_messages_dropped", before.value("holdfast_messages_dropped", reason="bad_input") + 1,
             reason="bad_input")


def test_origin_requests_by_outcome(rig, admin):
    path, missing, broken = rig.path(), rig.path(), rig.path()
    rig.origin.reply(path)
    rig.origin.reply(missing, status=404)
    rig.origin.on(broken, lambda request, connection: connection.close())
    before = admin.metrics()
    assert [rig.get(p).status for p in (path, missing, broken)] == [200, 404, 502]
    after = admin.metrics()
    assert difference(before, after, "holdfast_origin_responses", **{"class": "2xx"}) == 1
    assert difference(before, after, "holdfast_origin_responses", **{"class": "4xx"}) == 1
    assert difference(before, after, "holdfast_origin_failures_by_stage", stage="header") >= 1
    assert difference(before, after, "holdfast_origin_failures") >= 1
    assert after.count("holdfast_origin_response_seconds") == before.count("holdfast_origin_response_seconds") + 2


def test_instructions_that_cannot_be_followed_are_counted(rig, admin):
    path = rig.path()
    rig.origin.reply(path, headers=[("Grip-Hold", "nonsense")])
    before = admin.metrics()
    assert rig.get(path).status == 502
    assert difference(before, admin.metrics(), "holdfast_instructions_refused") == 1


def test_origins_that_cannot_be_reached(start):
    rig = start(routes=[f"* 127.0.0.1:{free_port()}"])
    admin = Admin(rig.daemon)
    before = admin.metrics()
    assert rig.get("/").status == 502
    assert difference(before, admin.metrics(), "holdfast_origin_failures_by_stage", stage="connect") == 1


def test_the_queue_of_a_slow_client_is_seen(start):
    rig = start()
    admin = Admin(rig.daemon)
    channel = rig.name("c")
    slow = rig.stream(channel, receive_buffer=4096)
    sent = 0
    while admin.metrics().value("holdfast_send_queue_bytes") < 100_000:
        assert sent < 400
        rig.publish(channel, stream="x" * 20_000)
        sent += 1
    (connection,) = admin.connections(f"?channel={channel}")
    assert connection["queued_bytes"] == admin.metrics().value("holdfast_send_queue_bytes")
    slow.take(20_000 * sent)
    wait_for(admin, "holdfast_send_queue_bytes", 0)
    while admin.metrics().value("holdfast_send_queue_bytes") < 100_000:
        assert sent < 800
        rig.publish(channel, stream="x" * 20_000)
        sent += 1
    slow.client.reset()
    wait_for(admin, "holdfast_send_queue_bytes", 0)


def test_limits_and_their_hits(start):
    rig = start({"grip": {"connection_subscription_max": 2}, "control": {"backlog_max_bytes": 5_000_000}})
    admin = Admin(rig.daemon)
    before = admin.metrics()
    assert before.value("holdfast_limit", limit="grip.connection_subscription_max") == 2
    assert before.value("holdfast_limit", limit="control.backlog_max_bytes") == 5_000_000
    assert before.value("holdfast_limit_hits", limit="grip.connection_subscription_max") == 0
    rig.stream(*(rig.name("c") for _ in range(5)))
    assert admin.metrics().value("holdfast_limit_hits", limit="grip.connection_subscription_max") == 3


def test_the_older_format_for_who_asks_for_it(rig, admin):
    response = admin.ask("GET", "/metrics", headers=[("Accept", "text/plain;version=0.0.4")])
    assert response.header("content-type") == "text/plain; version=0.0.4; charset=utf-8"
    text = response.body.decode()
    assert "# TYPE holdfast_published_total counter\n" in text and "# EOF" not in text and "# UNIT" not in text
    assert "# TYPE holdfast_build_info gauge\n" in text
    for accept in ("*/*", "application/openmetrics-text;version=1.0.0,text/plain;q=0.5,*/*;q=0.1", ""):
        response = admin.ask("GET", "/metrics", headers=[("Accept", accept)])
        assert response.header("content-type").startswith("application/openmetrics-text"), accept


def test_head(admin):
    response = admin.ask("HEAD", "/metrics")
    assert response.status == 200 and int(response.header("content-length")) > 1000
