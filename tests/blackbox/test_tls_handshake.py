# SPDX-License-Identifier: Apache-2.0
"""Handshakes: which versions and certificates, how many at once, how long, and what is no handshake at all."""
import contextlib
import selectors
import socket
import ssl
import subprocess

import pytest

from harness.certificates import name_of
from harness.client import Client, connect
from harness.daemon import binary
from harness.messages import request
from harness.wait import TIMEOUT, free_port


@pytest.fixture(scope="module")
def pair(authority):
    return authority.issue("localhost")


@pytest.fixture(scope="module")
def options(pair):
    return {"tls": pair}


@pytest.fixture(scope="module")
def tls(authority):
    return authority.client()


def hello(context):
    """The first bytes of a handshake."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(incoming, outgoing, server_hostname="localhost").do_handshake()
    return outgoing.read()


def ends(sock):
    """Waits for the daemon to close; what it said before."""
    data = b""
    try:
        while part := sock.recv(65536):
            data += part
    except ConnectionError:
        pass
    return data


# ---- what is no handshake


def test_plain_http_is_told_so(rig):
    client = Client(rig.daemon.tls_port)
    response = client.get("/x")
    assert response.status == 400 and "https://" in response.text and response.header("connection") == "close"
    assert client.to_end() == b"" and not client.was_reset
    assert not rig.origin.seen("/x")


@pytest.mark.parametrize("data", [b"\x16", b"\x16\x03\x01\x00\x10" + b"\xff" * 16, b"\x16" * 70_000],
                         ids=["a byte", "a record", "much"])
def test_garbage(rig, tls, data):
    sock = connect(rig.daemon.tls_port)
    with contextlib.suppress(OSError):  # it may have been closed already
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
    assert b"HTTP" not in ends(sock)
    assert rig.get("/after", tls=tls).status == 200


def test_clients_that_vanish_in_the_middle(rig, tls):
    begin = hello(tls)
    for size in (1, 5, 60, len(begin) - 1, len(begin)) * 10:
        client = Client(rig.daemon.tls_port, preface=begin[:size])
        client.reset()
    assert rig.get("/after", tls=tls).status == 200


def test_a_hello_in_single_bytes(rig, tls):
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = tls.wrap_bio(incoming, outgoing, server_hostname="localhost")
    sock = connect(rig.daemon.tls_port)
    while True:
        try:
            session.do_handshake()
            break
        except ssl.SSLWantReadError:
            for byte in outgoing.read():
                sock.sendall(bytes([byte]))
            incoming.write(sock.recv(65536))
    session.write(request("GET", "/single"))
    sock.sendall(outgoing.read())
    rig.origin.wait_for("/single")


# ---- versions, protocols, sessions


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_old_versions(rig, start, authority, pair):
    with pytest.raises((ssl.SSLError, ConnectionError)):
        rig.get("/x", tls=authority.client(ssl.TLSVersion.TLSv1_1))
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        assert rig.get("/x", tls=authority.client(version)).status == 200
    strict = start({"tls": {"min_version": "1.3"}}, tls=pair)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        strict.get("/x", tls=authority.client(ssl.TLSVersion.TLSv1_2))
    assert strict.get("/x", tls=authority.client(ssl.TLSVersion.TLSv1_3)).status == 200


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def test_sessions_are_resumed_on_every_core(start, authority, pair, version):
    rig = start(workers=2, tls=pair)
    context = authority.client(version)
    first = rig.connect(tls=context)
    assert first.get("/x").status == 200 and not first.sock.session_reused
    session = first.sock.session
    for _ in range(8):
        again = rig.connect(tls=context, session=session)
        assert again.sock.session_reused and again.get("/x").status == 200
        session = again.sock.session  # a ticket of TLS 1.3 is to be used once


def test_alpn(rig, authority):
    for offered, chosen in ((["h2", "http/1.1"], "http/1.1"), (["h2"], None), (["http/1.1"], "http/1.1")):
        context = authority.client()
        context.set_alpn_protocols(offered)
        assert rig.connect(tls=context).sock.selected_alpn_protocol() == chosen


# ---- time and number


def test_handshakes_have_their_time(start, authority, pair, tls):
    rig = start({"server": {"header_timeout_ms": 300}}, tls=pair)
    silent = connect(rig.daemon.tls_port)
    half = connect(rig.daemon.tls_port)
    begin = hello(tls)
    half.sendall(begin[: len(begin) // 2])
    whole = connect(rig.daemon.tls_port)
    whole.sendall(begin)
    assert ends(silent) == ends(half) == b""
    assert b"HTTP" not in ends(whole)
    assert rig.get("/after", tls=tls).status == 200


def test_more_handshakes_than_go_on_at_once(start, tls, pair):
    """All have said hello before the first of them may go on."""
    rig = start({"tls": {"handshakes_max": 4}}, workers=1, tls=pair)
    begun = [connect(rig.daemon.tls_port) for _ in range(4)]
    for sock in begun:
        sock.sendall(hello(tls))
        assert sock.recv(1)  # it is in the middle of its handshake
    selector = selectors.DefaultSelector()
    clients = []
    for _ in range(300):
        sock = tls.wrap_socket(connect(rig.daemon.tls_port), server_hostname="localhost", do_handshake_on_connect=False)
        sock.setblocking(False)
        clients.append(sock)
        with pytest.raises(ssl.SSLWantReadError):
            sock.do_handshake()
    rig.daemon.wait_log(r"tls.handshakes_max \(4\) reached")
    for sock in clients:
        selector.register(sock, selectors.EVENT_READ)
    assert not selector.select(0)
    for sock in begun:
        sock.close()
    left = set(clients)
    while left:
        ready = selector.select(TIMEOUT)
        assert ready, f"{len(left)} clients are left waiting"
        for key, _ in ready:
            try:
                key.fileobj.do_handshake()
            except ssl.SSLWantReadError:
                continue
            left.discard(key.fileobj)
            selector.unregister(key.fileobj)
    for sock in clients:
        sock.setblocking(True)
        sock.settimeout(TIMEOUT)
        sock.sendall(request("GET", "/x"))
    for sock in clients:
        assert sock.recv(100).startswith(b"HTTP/1.1 200 OK\r\n")
        sock.close()
    selector.close()


# ---- which certificate


def certificate(rig, tls, server_name):
    return name_of(rig.connect(tls=tls, server_name=server_name).sock.getpeercert())


@pytest.fixture
def directory(tmp_path, authority):
    authority.issue("one.test", directory=tmp_path, file="one.test")
    authority.issue("*.wild.test", directory=tmp_path, file="_.wild.test")
    authority.issue("own.wild.test", directory=tmp_path, file="own.wild.test")
    return tmp_path


def test_certificates_by_name(start, authority, directory, tls):
    base = authority.issue("base.test", "other.test", "wild.test", "127.0.0.1")
    rig = start({"tls": {"directory": str(directory)}}, tls=base)
    for asked, shown in (("one.test", "one.test"), ("ONE.test", "one.test"), ("a.wild.test", "*.wild.test"),
                         ("own.wild.test", "own.wild.test"), ("wild.test", "base.test"), ("other.test", "base.test"),
                         ("127.0.0.1", "base.test")):
        assert certificate(rig, tls, asked) == shown


def test_without_a_default_unknown_names_are_refused(start, authority, directory, tls, pair):
    rig = start({"tls": {"cert": "", "key": "", "directory": str(directory)}}, tls=pair)
    assert certificate(rig, tls, "one.test") == "one.test"
    for name in ("two.test", "127.0.0.1"):
        with pytest.raises(ssl.SSLError, match="(?i)unrecognized.name"):
            rig.connect(tls=tls, server_name=name)


def test_expired_certificates_are_named(start, authority):
    expired = authority.issue("localhost", days=-1)
    rig = start(tls=expired)
    rig.daemon.wait_log(r"the certificate for default has expired")
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        rig.connect(tls=authority.client())


def test_certificates_that_cannot_be_used_are_fatal(fails_to_start, authority, tmp_path):
    good, other = authority.issue("localhost"), authority.issue("localhost")
    assert other.key in fails_to_start(tls=good._replace(key=other.key))
    assert "gone.crt" in fails_to_start(tls=good._replace(cert=str(tmp_path / "gone.crt")))
    assert "an https:// address needs a certificate" in fails_to_start({"tls": {"cert": "", "key": ""}}, tls=good)


def test_check_finds_them_too(authority, tmp_path):
    good, other = authority.issue("localhost"), authority.issue("localhost")
    config = tmp_path / "holdfast.toml"
    config.write_text(
        f'[server]\nlisten = ["https://127.0.0.1:{free_port()}"]\n[tls]\ncert = "{good.cert}"\nkey = "{other.key}"\n'
    )
    (tmp_path / "routes").write_text("* test\n")
    done = subprocess.run([binary(), "check", "--config", config], capture_output=True, text=True, timeout=TIMEOUT)
    assert done.returncode == 1 and other.key in done.stdout + done.stderr
