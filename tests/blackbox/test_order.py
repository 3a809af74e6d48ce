# SPDX-License-Identifier: Apache-2.0
"""Items that name their predecessor: in order whatever order they come in, and never lost for want of it (SEQ-2 to
SEQ-8)."""
import pytest

from harness.admin import Admin
from harness.publisher import item
from harness.wait import eventually

LONG, SHORT = 3_600_000, 200


def chained(channel, *numbers):
    """Items whose content is their number and a comma, each of which follows the number before."""
    return [item(channel, stream=f"{n},", id=str(n), **{"prev-id": str(n - 1)}) for n in numbers]


def out_of_order(rig):
    metrics = Admin(rig.daemon).metrics()
    return [metrics.value("holdfast_items_out_of_order", reason=reason)
            for reason in ("message_wait_ms", "message_wait_max")]


@pytest.fixture
def patient(start):
    return start({"grip": {"message_wait_ms": LONG, "message_wait_max": 3}})


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("together", [True, False], ids=["in one call", "one by one"])
def test_every_client_gets_them_in_order(start, workers, together):
    rig = start({"grip": {"message_wait_ms": LONG}}, workers=workers)
    channel = rig.name("c")
    streams = [rig.stream(channel) for _ in range(6)]
    items = chained(channel, 1, 5, 3, 4, 2, 6)
    for some in [items] if together else [[one] for one in items]:
        rig.publish_items(*some)
    for stream in streams:
        assert stream.until(b"6,") == b"1,2,3,4,5,6,"
    assert out_of_order(rig) == [0, 0]


def test_what_waits_holds_up_nobody_else(patient):
    rig, channel, other = patient, patient.name("c"), patient.name("d")
    stream = rig.stream(channel, other)
    rig.publish_items(*chained(channel, 1, 3))
    rig.publish(other, stream="other,")
    rig.publish(channel, stream="no predecessor,", id="9", **{"no-seq": True})
    assert stream.until(b"predecessor,") == b"1,other,no predecessor,"
    rig.publish_items(*chained(channel, 2))
    assert stream.until(b"3,") == b"2,3,"


def test_a_repeated_item_that_waits_is_not_sent_twice(patient):
    rig, channel = patient, patient.name("c")
    stream = rig.stream(channel)
    rig.publish_items(*chained(channel, 1, 3, 3, 2, 2, 3, 4))
    assert stream.until(b"4,") == b"1,2,3,4,"


def test_without_its_predecessor_it_goes_after_a_while(start):
    rig = start({"grip": {"message_wait_ms": SHORT}})
    channel = rig.name("c")
    stream = rig.stream(channel)
    rig.publish_items(*chained(channel, 1, 3, 4))
    assert stream.until(b"4,") == b"1,3,4,"
    assert out_of_order(rig) == [1, 0]
    rig.daemon.wait_log(r"item sent without its predecessor: grip\.message_wait_ms \(200\) reached")
    rig.publish_items(*chained(channel, 2, 5))
    assert stream.until(b"2,") == b"5,2,", "too late, but not lost"


def test_one_too_many_sends_the_oldest_out(patient):
    rig, channel = patient, patient.name("c")
    stream = rig.stream(channel)
    rig.publish_items(*chained(channel, 1, 10, 20, 30, 40))
    assert stream.until(b"10,") == b"1,10,"
    assert out_of_order(rig) == [0, 1]
    rig.daemon.wait_log(r"item sent without its predecessor: grip\.message_wait_max \(3\) reached")


def test_a_shorter_wait_is_for_what_comes_then(patient):
    rig, channel = patient, patient.name("c")
    stream = rig.stream(channel)
    rig.daemon.reconfigure(grip={"message_wait_ms": 0})
    rig.publish_items(*chained(channel, 1, 3, 2))
    assert stream.until(b"2,") == b"1,3,2,"


def test_nobody_is_left_to_wait_for(patient):
    rig, channel = patient, patient.name("c")
    first = rig.stream(channel)
    rig.publish_items(*chained(channel, 1, 3))
    assert first.until(b"1,") == b"1,"
    first.client.close()
    eventually(lambda: not Admin(rig.daemon).json("/channels")["channels"], "the end of the channel")
    second = rig.stream(channel)
    rig.publish_items(*chained(channel, 8))
    assert second.until(b"8,") == b"8,"
