# SPDX-License-Identifier: Apache-2.0
"""Publishing over ZeroMQ: PULL and SUB, tnetstrings and JSON, garbage, and the interest that a publisher can see. With
it what is common to all inputs: an id is published once on its channel."""

import json

import pytest

from harness.publisher import body_of, interest, item, tnet
from harness.wait import eventually

ENCODINGS = {
    "tnetstring": tnet,
    "T and a tnetstring": lambda value: b"T" + tnet(value),
    "J and JSON": lambda value: b"J" + json.dumps(value).encode(),
}


def nested(channel, text, **members):
    return {"channel": channel, "formats": {"http-stream": {"content": text}}, **members}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("layout", ["formats", "legacy"])
def test_pull(rig, encoding, layout):
    channel = rig.name("c")
    stream, push = rig.stream(channel), rig.zmq.push()
    for n in range(3):
        formats = {"http-stream": {"content": f"{n}\n"}, "http-response": {"code": 200, "body": f"{n}"}}
        push.send(
            ENCODINGS[encoding]({"channel": channel, **({"formats": formats} if layout == "formats" else formats)})
        )
    assert stream.until(b"2\n") == b"0\n1\n2\n"


def test_tnetstrings_carry_bytes(rig):
    channel, data = rig.name("c"), bytes(range(256))
    stream, poll, push = rig.stream(channel), rig.poll(channel), rig.zmq.push()
    push.send(tnet({"channel": channel, "formats": {"http-stream": {"content": data}, "http-response": {
        "body": data, "code": 201, "headers": [["X-A", "1"]], "reason": "R"}}}))
    assert stream.take(256) == data
    response = poll.response()
    assert (response.status, response.reason, response.header("x-a"), response.body) == (201, "R", "1", data)


def test_all_values_of_a_tnetstring(rig):
    channel = rig.name("c")
    stream, push = rig.stream(channel), rig.zmq.push()
    push.send(tnet({"channel": channel, "id": None, "size": 5, "no-seq": True, "unknown": [1.5, False, {"a": b"\xff"}],
                    "meta": {}, "formats": {"http-stream": {"content": "m\n"}}}))
    assert stream.until(b"\n") == b"m\n"


def test_order_over_one_socket(rig):
    channel = rig.name("c")
    stream, push = rig.stream(channel), rig.zmq.push()
    for n in range(2000):
        push.send(tnet(nested(channel, f"{n}\n")))
    assert stream.until(b"1999\n") == b"".join(b"%d\n" % n for n in range(2000))


GARBAGE = [
    b"",
    b"T",
    b"J",
    b"x",
    b"Jx",
    b"J[]",
    b"J5",
    b"J{}",
    b'J{"channel":"c"}',
    b"0:}",
    b"0:~",
    b"5:true!",
    b"3:abc,",
    b"1:",
    b"99:abc,",
    b"4294967296:x,",
    b"99999999999999999999999999:x,",
    b"-1:x,",
    b"3:abc;",
    b"3:abc",
    b"01:a,",
    b"3:1:a}",
    b"6:1:a0:~}",
    b"T" * 100,
    b"\xff" * 100,
    b"8:7:channel,}",
    b"1:a}",
    b"5:1:a,1}",
    tnet({"channel": b"\xff", "formats": {"http-stream": {"content": "x"}}}),
    tnet({"channel": "c", "formats": {"http-stream": {"content": 1}}}),
    tnet([]),
    tnet({"channel": "c", "formats": {"http-response": {"body": "", "headers": [["X", "a\r\nb"]]}}}),
    b"10:" + b"1:" * 5 + b"]",
]


def nested_lists(depth):
    value = b""
    for _ in range(depth):
        value = b"%d:%s]" % (len(value), value)
    return value


def test_garbage_is_dropped_and_logged_and_the_rest_goes_on(rig):
    channel = rig.name("c")
    stream, push = rig.stream(channel), rig.zmq.push()
    for n, garbage in enumerate([*GARBAGE, nested_lists(5000)]):
        push.send(garbage)
        push.send(tnet(nested(channel, f"{n} ")))
    push.send_multipart([b"two", b"parts"])
    push.send_multipart([tnet(nested(channel, "never"))] * 2)
    push.send(tnet(nested(channel, "end\n")))
    assert stream.until(b"end\n").split()[:-1] == [b"%d" % n for n in range(len(GARBAGE) + 1)]
    rig.daemon.wait_log(r"ZeroMQ item dropped: ")


def test_nothing_that_is_not_utf_8_reaches_the_log_as_it_came(rig):
    push = rig.zmq.push()
    push.send(tnet({"channel": "c", "formats": {"\x1b[31m\r\nred": {}}}))
    push.send(b"\x1b\xff\r\n")
    rig.daemon.wait_log(r"ZeroMQ item dropped")
    assert not [c for c in rig.daemon.log_path.read_bytes() if c < 32 and c != 10 or c == 127]


# -------------------------------------------------------------------------------------------------------------- SUB


def test_the_topic_is_the_channel(rig):
    """The member is ignored, and may be missing."""
    channel = rig.name("c")
    publisher = rig.zmq.xpub()
    stream = rig.stream(channel)
    interest(publisher, channel, True)
    for n, encode in enumerate(ENCODINGS.values()):
        publisher.send_multipart(
            [
                channel.encode(),
                encode(nested("another", f"{n}\n") if n else {"formats": {"http-stream": {"content": "0\n"}}}),
            ]
        )
    assert stream.until(b"2\n") == b"0\n1\n2\n"


def test_topics_are_prefixes_and_channels_are_not(rig):
    channel = rig.name("c")
    publisher = rig.zmq.xpub()
    stream = rig.stream(channel)
    interest(publisher, channel, True)
    for topic in (channel + "x", channel):
        publisher.send_multipart([topic.encode(), tnet(nested(topic, topic + "\n"))])
    assert stream.until(b"\n").decode() == channel + "\n"


def test_bad_messages_on_sub(rig):
    channel = rig.name("c")
    publisher = rig.zmq.xpub()
    stream = rig.stream(channel)
    interest(publisher, channel, True)
    topic = channel.encode()
    for parts in (
        [topic],
        [topic, b"x", b"y"],
        [topic, b""],
        [topic, b"garbage"],
        [topic + b"\xff", tnet(nested("x", "never"))],
    ):
        publisher.send_multipart(parts)
    publisher.send_multipart([topic, tnet(nested(channel, "good\n"))])
    assert stream.until(b"\n") == b"good\n"


def test_interest_follows_the_listeners(rig):
    a, b = rig.name("a"), rig.name("b")
    publisher = rig.zmq.xpub()
    first = rig.stream(a, b)
    interest(publisher, a, True)
    interest(publisher, b, True)
    second = rig.stream(b)
    first.client.close()
    interest(publisher, a, False)
    rig.publish(b, close=True)
    assert second.rest() == b""
    interest(publisher, b, False)
    rig.stream(a)
    interest(publisher, a, True)


def test_a_publisher_that_comes_late_is_told_everything(rig):
    channels = [rig.name("c") for _ in range(20)]
    stream = rig.stream(*channels)
    publisher = rig.zmq.xpub()
    wanted = {b"\x01" + c.encode() for c in channels}
    while wanted:
        wanted.discard(publisher.recv())
    publisher.send_multipart([channels[7].encode(), tnet(nested("", "m\n"))])
    assert stream.until(b"\n") == b"m\n"


def test_sub_connect(start):
    """The daemon comes to the publisher, also to one that was not there at first, or comes back."""
    rig = start()
    socket, address = rig.zmq.bound_xpub()
    connected = start({"control": {"zmq_sub": [], "zmq_sub_connect": [address]}})
    channel = connected.name("c")
    stream = connected.stream(channel)
    interest(socket, channel, True)
    socket.send_multipart([channel.encode(), tnet(nested(channel, "1\n"))])
    assert stream.until(b"\n") == b"1\n"
    socket.close()
    back, _ = rig.zmq.bound_xpub(address)
    interest(back, channel, True)
    back.send_multipart([channel.encode(), tnet(nested(channel, "2\n"))])
    assert stream.until(b"\n") == b"2\n"


def test_zmq_may_be_off(start):
    rig = start({"control": {"zmq_pull": [], "zmq_sub": []}})
    channel = rig.name("c")
    stream = rig.stream(channel)
    rig.publish(channel, stream="m\n")
    assert stream.until(b"\n") == b"m\n"


# --------------------------------------------------------------------------------------------------------- duplicates


def test_seq_1_an_id_is_published_once_over_all_inputs(rig):
    channel, other = rig.name("c"), rig.name("d")
    stream, push, publisher = rig.stream(channel, other), rig.zmq.push(), rig.zmq.xpub()
    interest(publisher, channel, True)
    rig.publish_items(
        item(channel, id="1", stream="http "),
        item(channel, id="1", stream="twice "),
        item(other, id="1", stream="other "),
    )
    push.send(tnet(nested(channel, "pull ", id="1")))
    push.send(tnet(nested(channel, "pulled ", id="2")))
    assert stream.until(b"pulled ") == b"http other pulled "
    publisher.send_multipart([channel.encode(), tnet(nested(channel, "sub ", id="2"))])
    publisher.send_multipart([channel.encode(), tnet(nested(channel, "subbed ", id="3"))])
    assert stream.until(b"subbed ") == b"subbed "
    rig.publish_items(
        item(channel, id="3", stream="again "),
        item(channel, id="", stream="a "),
        item(channel, id="", stream="b "),
        item(channel, stream="end "),
    )
    assert stream.until(b"end ") == b"a b end "


def test_seq_1_also_where_nobody_listened(rig):
    channel = rig.name("c")
    rig.publish(channel, id="1", stream="unheard")
    stream = rig.stream(channel)
    rig.publish_items(
        item(channel, id="1", stream="no"),
        item(channel, id="2", stream="yes\n", **{"no-seq": True}),
        item(channel, id="2", stream="no", **{"no-seq": True}),
        item(channel, stream="end\n"),
    )
    assert stream.until(b"end\n") == b"yes\nend\n"


def test_ids_are_forgotten_in_time(start):
    """A duplicate does not renew its entry, so trying again and again succeeds in the end."""
    rig = start({"grip": {"id_cache_ttl_s": 1}})
    channel = rig.name("c")
    stream = rig.stream(channel)
    rig.publish(channel, id="1", stream="first ")
    assert stream.until(b" ") == b"first "

    def again():
        rig.publish(channel, id="1", stream="again ")
        rig.publish(channel, stream="mark ")
        return stream.until(b"mark ") == b"again mark "

    eventually(again, "the id may be used again")


def test_no_id_cache(start):
    rig = start({"grip": {"id_cache_ttl_s": 0}})
    channel = rig.name("c")
    stream = rig.stream(channel)
    rig.publish_items(*(item(channel, id="1", stream=f"{n} ") for n in range(3)), item(channel, stream="end"))
    assert stream.until(b"end") == b"0 1 2 end"


def test_id_cache_max(start):
    """Beyond it the oldest are forgotten first."""
    rig = start({"grip": {"id_cache_max": 3}})
    channel = rig.name("c")
    stream = rig.stream(channel)
    rig.publish_items(
        *(item(channel, id=i, stream=i + " ") for i in ("a", "b", "c", "a", "d", "b", "a", "d")),
        item(channel, stream="end"),
    )
    assert stream.until(b"end") == b"a b c d a end"


def test_a_publish_with_many_items_keeps_their_order(rig):
    channel = rig.name("c")
    stream = rig.stream(channel)
    assert rig.control(body_of(*(item(channel, stream=f"{n}\n") for n in range(10000)))).status == 200
    assert stream.until(b"9999\n") == b"".join(b"%d\n" % n for n in range(10000))
