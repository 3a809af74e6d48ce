# SPDX-License-Identifier: Apache-2.0
"""Origins that cannot be reached: errors with a cause in the log, time limits, and the next target of the route."""
import socket

import pytest

from harness.messages import LAST_CHUNK, answer, chunk, request
from harness.wait import free_port

BAD_GATEWAY = (502, b"Error while proxying to origin.\n")
GATEWAY_TIMEOUT = (504, b"Error while proxying to origin.\n")
UNRESOLVABLE = "a" * 64 + ".invalid"  # a label this long is no name, so nobody has to be asked


def outcome(response):
    return response.status, response.body


def test_err_2_refused(start):
    port = free_port()
    rig = start(routes=[f"* 127.0.0.1:{port}", f"debug.test,debug 127.0.0.1:{port} 127.0.0.1:{port}"])
    client = rig.connect()
    for _ in range(2):  # the client's connection is not the one that failed
        response = client.get("/x")
        assert outcome(response) == BAD_GATEWAY and response.header("content-type") == "text/plain"
    response = client.get("/x", host="debug.test")
    assert response.text == f"Unable to connect to any targets. Tried: 127.0.0.1:{port}, 127.0.0.1:{port}\n"
    rig.daemon.wait_log(rf"cause=connect target=127.0.0.1:{port} .*Connection refused.* /x")
    rig.daemon.wait_log(r"access .* GET test/x route=\S+ code=502 .* end=origin-failed cause=connect\n")


def test_an_unresolvable_name(start):
    rig = start(routes=[f"* {UNRESOLVABLE}:80", f"next.test {UNRESOLVABLE}:80 ORIGIN"])
    assert outcome(rig.get("/x")) == BAD_GATEWAY
    rig.daemon.wait_log(r"cause=dns ")
    assert rig.get("/x", host="next.test").status == 200


@pytest.fixture
def deaf():
    """An address that does not answer: a listener whose queue is full. The kernel drops what else wants to connect."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        waiting = []
        for _ in range(8):
            waiting.append(socket.socket())
            waiting[-1].settimeout(0.2)
            try:
                waiting[-1].connect(address)
            except TimeoutError:
                break
        else:
            pytest.fail("this kernel queues more connections than it was told to")
        yield f"127.0.0.1:{address[1]}"
        for s in waiting:
            s.close()


def test_connect_timeout(start, deaf):
    rig = start({"proxy": {"connect_timeout_ms": 300}}, routes=[f"* {deaf}", f"next.test {deaf} ORIGIN"])
    assert outcome(rig.get("/x")) == GATEWAY_TIMEOUT
    rig.daemon.wait_log(rf"cause=connect-timeout target={deaf} .*connect_timeout_ms")
    assert rig.get("/x", host="next.test").status == 200


def test_a_client_that_leaves_while_its_origin_is_being_connected_to(start, deaf):
    rig = start({"proxy": {"connect_timeout_ms": 60000}}, routes=[f"* {deaf}"])
    client = rig.connect()
    client.send(request("GET", "/x"))
    post = rig.connect()
    # More than is kept for a replay, so that reading has stopped; little enough for the kernel to take it all.
    post.send(request("POST", "/y", [("Content-Length", "1000000")]) + b"x" * 110000)
    client.close()
    rig.daemon.wait_log(r"/x .*code=0 .*end=client-gone")
    post.close()
    rig.daemon.wait_log(r"/y .*code=0 .*end=client-gone")


def test_tgt_1_targets_in_order_each_time(start, origins):
    first, second = origins(), origins()
    first.reply(None, body=b"first")
    second.reply(None, body=b"second")
    rig = start(routes=[f"* 127.0.0.1:{first.port} 127.0.0.1:{second.port}"])
    client = rig.connect()
    assert [client.get("/").body for _ in range(3)] == [b"first"] * 3
    first.stop()
    assert [client.get("/").body for _ in range(3)] == [b"second"] * 3


@pytest.mark.parametrize("framing", ["sized", "chunked"])
def test_tgt_4_the_whole_body_goes_to_the_next_target(start, framing):
    """Also one that is larger than what is kept for a replay: nothing of it has been sent yet."""
    rig = start(routes=[f"* 127.0.0.1:{free_port()} 127.0.0.1:{free_port()} ORIGIN"])
    rig.origin.on("/up", lambda request, connection: answer(body=b"%d" % len(request.body)))
    body = b"x" * 3000000
    client = rig.connect()
    if framing == "sized":
        client.send(request("POST", "/up", body=body))
    else:
        client.send(
            request("POST", "/up", [("Transfer-Encoding", "chunked")])
            + chunk(body[:200000])
            + chunk(body[200000:])
            + LAST_CHUNK
        )
    assert client.response().body == b"3000000"


def test_tgt_2_no_failover_once_the_request_was_sent(start, origins):
    other = origins()
    rig = start(routes=[f"* ORIGIN 127.0.0.1:{other.port}"])
    rig.origin.on(None, lambda request, connection: connection.reset())
    assert outcome(rig.connect().ask("POST", "/x", body=b"once")) == BAD_GATEWAY
    assert len(rig.origin.requests) == 1 and other.requests == []


@pytest.mark.parametrize("properties", ["untrusted", "untrusted,sub=x"])
def test_tgt_10_untrusted_targets_do_not_lead_inside(start, properties):
    rig = start(routes=[f"* ORIGIN,{properties}", f"debug.test,debug ORIGIN,{properties}"])
    assert outcome(rig.get("/x")) == BAD_GATEWAY
    assert outcome(rig.get("/x", host="debug.test")) == (502, b"Error: Origin host/IP blocked.\n")
    assert rig.origin.requests == []
