# SPDX-License-Identifier: Apache-2.0
"""Origins that are asked over TLS: who they must be, who we are, and what happens when they are not."""
import signal
import socket
import ssl

import pytest

from harness.messages import answer
from harness.origin import Origin
from harness.wait import eventually

BAD_GATEWAY = (502, b"Error while proxying to origin.\n")


def outcome(response):
    return response.status, response.body


@pytest.fixture
def site(start, authority):
    """site(*routes, names=…): a daemon that trusts the tests' authority, with an origin whose certificate is for
    `names`. "ORIGIN" in routes stands for its address."""

    def make(*routes, names=("api.test",), trusting=True, asks_for_certificate=False, version=None, config=None, **how):
        context = authority.server(authority.issue(*names), asks_for_certificate=asks_for_certificate)
        if version:
            context.minimum_version = context.maximum_version = version
        environment = {"SSL_CERT_FILE": str(authority.path)} if trusting else {}
        return start(config, routes=routes, origin=Origin(tls=context), environment=environment, **how)

    return make


def test_the_origin_must_be_the_host_that_it_is_asked_for(site):
    rig = site("* ORIGIN,ssl", names=("api.test", "*.wild.test"))
    client = rig.connect()
    assert outcome(client.get("/x", host="api.test")) == (200, b"default\n")
    assert client.get("/x", host="API.test:7999").status == 200
    assert client.get("/x", host="a.wild.test").status == 200
    assert [name.lower() for name in rig.origin.server_names] == ["api.test", "api.test", "a.wild.test"]
    for host in ("other.test", "wild.test", "127.0.0.1"):
        assert outcome(client.get("/x", host=host)) == BAD_GATEWAY
    rig.daemon.wait_log(r"cause=tls target=127.0.0.1:\d+\S* detail=\"TLS handshake failed: hostname mismatch\"")
    rig.daemon.wait_log(r"access .* GET other.test/x .*code=502 .*end=origin-failed cause=tls\n")


def test_hosts_that_would_be_checked_for_less_than_a_name(site):
    rig = site("* ORIGIN,ssl", names=("api.test",))
    for host in (".", ".test", "..", ":80", ""):
        response = rig.get("/x", host=host)
        assert response.status in (400, 502), host
    assert not rig.origin.requests


def test_nobody_is_trusted_by_default(site):
    rig = site("* ORIGIN,ssl", "careless.test ORIGIN,ssl,insecure", trusting=False)
    assert outcome(rig.get("/x", host="api.test")) == BAD_GATEWAY
    rig.daemon.wait_log(r"cause=tls .*detail=\"TLS handshake failed: unable to get local issuer certificate\"")
    assert not rig.origin.requests
    assert rig.get("/x", host="careless.test").status == 200
    assert rig.origin.server_names[-1] == "careless.test"


def test_trust_connect_host(site):
    rig = site("* ORIGIN,ssl,trust_connect_host", "strict.test ORIGIN,ssl", names=("127.0.0.1",))
    assert rig.get("/x", host="anything.test").status == 200
    assert rig.origin.server_names == [None]  # an address is no server name
    assert rig.get("/x", host="strict.test").status == 502


def test_the_target_may_name_the_host(site):
    rig = site("* ORIGIN,ssl,host=api.test")
    assert rig.get("/x", host="anything.test").status == 200
    assert rig.origin.requests[-1].header("host") == "api.test" and rig.origin.server_names == ["api.test"]


def test_streams_long_polls_and_large_bodies(site):
    rig = site("* ORIGIN,ssl,insecure")
    rig.origin.on("/echo", lambda head, connection: answer(body=head.body, framing="chunked"))
    body = b"0123456789abcdef" * 300_000
    assert rig.connect().ask("POST", "/echo", body=body).body == body
    stream, poll = rig.stream("c"), rig.poll("c")
    rig.publish("c", stream="one\n", response="two\n")
    assert stream.until(b"\n") == b"one\n" and poll.response().body == b"two\n"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def test_connections_are_kept_and_sessions_resumed(site, version):
    rig = site("* ORIGIN,ssl", version=version, workers=1)
    client = rig.connect()
    for _ in range(3):
        assert client.get("/x", host="api.test").status == 200
    assert rig.origin.accepted == 1
    rig.origin.on("/close", lambda head, connection: answer(headers=[("Connection", "close")]))
    assert client.get("/close", host="api.test").status == 200
    for count in (1, 2, 3):
        assert client.get("/close", host="api.test").status == 200
        assert rig.origin.resumed == count


def test_sessions_are_not_shared_between_hosts(site):
    rig = site("* ORIGIN,ssl", names=("a.test", "b.test"), workers=1)
    rig.origin.on("/close", lambda head, connection: answer(headers=[("Connection", "close")]))
    client = rig.connect()
    for host in ("a.test", "b.test"):
        assert client.get("/close", host=host).status == 200
    assert rig.origin.resumed == 0
    assert client.get("/close", host="a.test").status == 200
    assert rig.origin.resumed == 1


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def test_an_origin_that_asks_who_we_are(site, authority, version):
    own = authority.issue("holdfast.test")
    routes = (f"* ORIGIN,ssl,client_cert={own.cert},client_key={own.key}", "nobody.test ORIGIN,ssl,host=api.test")
    rig = site(*routes, asks_for_certificate=True, version=version)
    assert rig.get("/x", host="api.test").status == 200
    assert outcome(rig.get("/y", host="nobody.test")) == BAD_GATEWAY
    # In TLS 1.3 the origin says so where its answer would be.
    rig.daemon.wait_log(r"cause=tls .*detail=\"[^\"]*alert (certificate required|handshake failure)\"")
    assert not rig.origin.seen("/y")


def test_client_certificates_that_cannot_be_used_name_their_file(start, authority, tmp_path):
    own, other = authority.issue("a.test"), authority.issue("b.test")
    bad = f"bad.test ORIGIN,ssl,client_cert={own.cert},client_key={other.key}"
    rig = start(routes=["* ORIGIN", bad])
    rig.daemon.wait_log(other.key)
    assert rig.get("/x", host="bad.test").status == 200  # by the other line


def test_a_target_that_fails_tls_is_passed_over(site, authority, origins):
    other = origins(tls=authority.server(authority.issue("other.test")))
    rig = site(f"* 127.0.0.1:{other.port},ssl,host=api.test ORIGIN,ssl,host=api.test")
    response = rig.connect().ask("POST", "/x", body=b"body")
    assert outcome(response) == (200, b"default\n")
    assert rig.origin.requests[-1].body == b"body" and not other.requests
    rig.daemon.wait_log(r"origin failed \(trying the next target\): cause=tls ")


def test_an_origin_that_speaks_no_tls(start):
    rig = start({"proxy": {"connect_timeout_ms": 300}}, routes=["* ORIGIN,ssl,insecure"])
    assert rig.get("/x").status == 504  # it waits for the end of what it takes for a request


def test_a_handshake_that_never_ends(start):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        rig = start({"proxy": {"connect_timeout_ms": 300}}, routes=[f"* {address},ssl", f"next.test {address},ssl ORIGIN"])
        assert rig.get("/x").status == 504
        rig.daemon.wait_log(r"cause=tls-timeout target=")
        assert rig.get("/x", host="next.test").status == 200


@pytest.mark.parametrize("end", ["goodbye", "cut"])
def test_a_body_that_ends_with_the_connection(site, end):
    """Without TLS's goodbye nobody knows whether that was all of it."""
    rig = site("* ORIGIN,ssl,insecure")

    def say_and_close(head, connection):
        connection.send(answer(body=b"all of it", framing="close"))
        if end == "goodbye":
            connection.sock.unwrap()
        connection.close()

    rig.origin.on("/x", say_and_close)
    stream = rig.connect().stream("/x")
    if end == "goodbye":
        assert stream.rest() == b"all of it"
    else:
        with pytest.raises(Exception, match="ended|reset"):
            stream.rest()
        rig.daemon.wait_log(r"cause=body .*detail=\"the origin cut the connection\"")


def test_a_goodbye_behind_which_the_connection_stays(site):
    """The end of the body is told by TLS alone; the origin waits for ours before it closes."""
    rig = site("* ORIGIN,ssl,insecure")

    def say_goodbye(head, connection):
        connection.send(answer(body=b"all of it", framing="close"))
        connection.sock.unwrap()

    rig.origin.on("/x", say_goodbye)
    assert rig.connect().stream("/x").rest() == b"all of it"


def test_a_kept_connection_that_the_origin_ends(site):
    rig = site("* ORIGIN,ssl,insecure", workers=1)
    client = rig.connect()
    for count in (1, 2, 3):
        assert client.get("/x").status == 200
        eventually(lambda: rig.origin.accepted == count, "a new connection")
        rig.origin.drop_connections()
        eventually(lambda: not rig.origin.connections, "the end of the connection")


def test_new_client_certificates_are_read_at_sighup(site, authority, tmp_path):
    authority.issue("holdfast.test", directory=tmp_path, file="own", days=-1)
    own = tmp_path / "own"
    rig = site(f"* ORIGIN,ssl,host=api.test,client_cert={own}.crt,client_key={own}.key", asks_for_certificate=True)
    client = rig.connect()
    assert client.get("/x").status == 502
    authority.issue("holdfast.test", directory=tmp_path, file="own")
    rig.daemon.signal(signal.SIGHUP)
    eventually(lambda: client.get("/x").status == 200, "the new certificate in use")
