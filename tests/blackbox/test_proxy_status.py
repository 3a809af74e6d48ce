# SPDX-License-Identifier: Apache-2.0
"""Every error that the proxy answers itself says what went wrong, in Proxy-Status (RFC 9209) and in the access log."""
import datetime
import re
import socket
import ssl
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from harness.daemon import Daemon
from harness.messages import Broken, answer, chunk, request
from harness.origin import Origin
from harness.rig import Rig
from harness.wait import eventually, free_port

UNRESOLVABLE = "a" * 64 + ".invalid"  # a label this long is no name, so nobody has to be asked


def proxy_status(response):
    values = [value for name, value in response.headers if name.lower() == "proxy-status"]
    assert len(values) == 1, response.headers
    return values[0]


def cause_of(daemon, path):
    """Of the access log's last line about the path; None where it has none."""
    line = daemon.wait_log(rf" access .*{re.escape(path)} route=.*\n")[0]
    found = re.search(r" cause=(\S+)", line)
    return found and found[1]


# ------------------------------------------------------------------------------------------- faults of an origin


def silent(request, connection):
    connection.receive()


def sent_and_closed(data):
    return lambda request, connection: connection.send(data) or connection.close()


OK = b"HTTP/1.1 200 OK\r\n"
HOLD = [("Grip-Hold", "stream"), ("Grip-Channel", "c"), ("Content-Type", "text/plain")]
FAULTS = {
    "closed": (sent_and_closed(b""), 502, "connection_terminated", "header"),
    "reset": (lambda request, connection: connection.reset(), 502, "connection_terminated", "header"),
    "cut-header": (sent_and_closed(OK + b"Content-"), 502, "http_response_incomplete", "header"),
    "garbage": (sent_and_closed(b"hello\r\n\r\n"), 502, "http_protocol_error", "header"),
    "large-header": (sent_and_closed(OK + b"X: " + b"x" * 2000), 502, "http_response_header_section_size", "header"),
    "coding": (
        sent_and_closed(answer(headers=[("Transfer-Encoding", "gzip, chunked")], framing="none")),
        502,
        "http_response_transfer_coding",
        "header",
    ),
    "chunk": (
        sent_and_closed(answer(headers=[("Transfer-Encoding", "chunked")], framing="none") + b"x\r\n"),
        502,
        "http_response_transfer_coding",
        "header",
    ),
    "no-header": (silent, 504, "http_response_timeout", "header-timeout"),
    "grip": (lambda request, connection: answer(headers=[("Grip-Hold", "maybe")]), 502, "http_protocol_error", "grip"),
    "grip-document": (
        lambda request, connection: answer(body=b"{", headers=[("Content-Type", "application/grip-instruct")]),
        502,
        "http_protocol_error",
        "grip",
    ),
    "grip-large": (
        lambda request, connection: answer(
            body=b" " * 3000, headers=[("Content-Type", "application/grip-instruct")]
        ),
        502,
        "http_response_body_size",
        "grip",
    ),
    "grip-coded": (
        lambda request, connection: answer(body=b"no gzip", headers=[*HOLD, ("Content-Encoding", "gzip")]),
        502,
        "http_response_content_coding",
        "grip",
    ),
    "cut-document": (
        sent_and_closed(
            answer(headers=[("Content-Type", "application/grip-instruct"), ("Content-Length", "9")], framing="none")
            + b"{"
        ),
        502,
        "http_response_incomplete",
        "body",
    ),
}


@pytest.fixture(scope="module")
def routes():
    return ["* ORIGIN", "debug.test,debug ORIGIN"]


@pytest.fixture
def faulty(start):
    return start(
        {"proxy": {"response_timeout_ms": 500, "origin_header_max_bytes": 1024, "instruct_max_bytes": 2000}},
        routes=["* ORIGIN", "debug.test,debug ORIGIN"],
    )


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_of_an_origin(faulty, fault):
    handler, status, error, cause = FAULTS[fault]
    path = f"/{fault}"
    faulty.origin.on(path, handler)
    response = faulty.get(path)
    assert (response.status, response.body) == (status, b"Error while proxying to origin.\n")
    assert proxy_status(response) == f"holdfast; error={error}", "and nothing that tells an address"
    assert cause_of(faulty.daemon, path) == cause
    in_debug = proxy_status(faulty.get(path, host="debug.test"))
    assert re.fullmatch(rf'holdfast; error={error}; details="(?:[^"\\]|\\["\\])+"', in_debug), in_debug


def test_nobody_listens(start):
    port = free_port()
    rig = start(routes=[f"* 127.0.0.1:{port}", f"debug.test,debug 127.0.0.1:{port}"])
    response = rig.get("/x")
    assert (response.status, proxy_status(response)) == (502, "holdfast; error=connection_refused")
    assert cause_of(rig.daemon, "/x") == "connect"
    assert str(port) not in str(response.headers) and b"127." not in response.body
    response = rig.get("/y", host="debug.test")
    assert proxy_status(response) == (
        f'holdfast; error=connection_refused; details="127.0.0.1:{port}: Connection refused"'
    )


def test_no_name_no_socket_no_route_and_an_address_that_is_not_allowed(start):
    rig = start(routes=[
        f"name.test {UNRESOLVABLE}:80",
        "socket.test unix:/nowhere/there/is/none",
        "inside.test ORIGIN,untrusted",
    ])
    for host, error, cause in (
        ("name.test", "dns_error", "dns"),
        ("socket.test", "destination_unavailable", "connect"),
        ("inside.test", "destination_ip_prohibited", "connect"),
        ("other.test", "destination_not_found", "route"),
    ):
        response = rig.get(f"/{error}", host=host)
        assert (response.status, proxy_status(response)) == (502, f"holdfast; error={error}")
        assert cause_of(rig.daemon, f"/{error}") == cause


def test_connecting_takes_too_long(start):
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        waiting = [socket.socket() for _ in range(8)]
        for s in waiting:
            s.setblocking(False)
            s.connect_ex(deaf.getsockname())
        rig = start({"proxy": {"connect_timeout_ms": 300}}, routes=[f"* 127.0.0.1:{deaf.getsockname()[1]}"])
        response = rig.get("/deaf")
        assert (response.status, proxy_status(response)) == (504, "holdfast; error=connection_timeout")
        assert cause_of(rig.daemon, "/deaf") == "connect-timeout"
        for s in waiting:
            s.close()


def test_an_upload_that_is_not_taken(start):
    rig = start({"proxy": {"idle_timeout_ms": 400}})
    gave_up = threading.Event()
    rig.origin.on("/up", lambda request, connection: gave_up.wait() and connection.close(), read_body=False)
    client = rig.connect()
    client.send(request("PUT", "/up", [("Content-Length", str(64 << 20))]))

    def send():
        try:
            client.send(b"x" * (64 << 20))
        except OSError:
            pass

    sender = threading.Thread(target=send, daemon=True)
    sender.start()
    try:
        head = client.head()
        assert (head.status, proxy_status(head)) == (504, "holdfast; error=connection_write_timeout")
        assert cause_of(rig.daemon, "/up") == "write-timeout"
    finally:
        gave_up.set()
        client.close()
        sender.join()


def test_a_body_that_is_cut_has_no_field_any_more_but_a_cause(rig):
    path = rig.path("cut")
    body = answer(headers=[("Transfer-Encoding", "chunked")], framing="none") + chunk(b"begun")
    cut = threading.Event()

    def handler(request, connection):
        connection.send(body)
        cut.wait()
        connection.close()

    rig.origin.on(path, handler)
    stream = rig.connect().stream(path)
    assert stream.take(5) == b"begun" and "proxy-status" not in stream.head.names()
    cut.set()
    with pytest.raises(Broken):
        stream.rest()
    assert cause_of(rig.daemon, path) == "body"


def test_a_fault_that_was_mended_is_no_error(rig):
    path = rig.path("again")

    def once_bitten(request, connection):
        if len(rig.origin.seen(path)) == 1:
            return connection.reset()
        return answer(body=b"fine")

    rig.origin.on(path, once_bitten)
    response = rig.get(path)
    assert (response.body, "proxy-status" in response.names()) == (b"fine", False)
    assert cause_of(rig.daemon, path) is None


def test_what_an_origin_says_of_itself_is_passed_on(rig):
    path = rig.path()
    theirs = 'cdn; error=dns_error; details="theirs", "192.0.2.1:80"; received-status=500'
    rig.origin.reply(path, 502, b"theirs", [("Proxy-Status", theirs), ("Proxy-Status", "more")], reason="Bad Gateway")
    response = rig.get(path)
    values = [value for name, value in response.headers if name == "Proxy-Status"]
    assert (response.body, values) == (b"theirs", [theirs, "more"])
    assert cause_of(rig.daemon, path) is None


@pytest.mark.parametrize("name, member", [("edge-1", "edge-1"), ("192.0.2.1:80", '"192.0.2.1:80"')])
def test_its_name_is_that_of_cdn_loop(start, name, member):
    rig = start({"proxy": {"cdn_loop": name}}, routes=["here.test ORIGIN"])
    assert proxy_status(rig.get("/")) == f"{member}; error=destination_not_found"
    client = rig.connect()
    client.send(b"GET / HTTP/1.1\r\n\r\n")
    assert proxy_status(client.response()) == f"{member}; error=http_request_error"


# ------------------------------------------------------------------------------------------------------------ TLS


@pytest.fixture(scope="module")
def server_context(tmp_path_factory):
    """Of a server whose certificate nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def shake_hands(context):
    def answer_hello(connection):
        try:
            context.wrap_socket(connection, server_side=True).close()
        except OSError:
            connection.close()

    return answer_hello


def say(data):
    """Answers the client's hello with this."""
    return lambda connection: connection.recv(4096) and (data and connection.sendall(data), connection.close())


@pytest.mark.parametrize(
    "server, status, error, cause",
    [
        ("certificate", 502, "tls_certificate_error", "tls"),
        (say(b"HTTP/1.1 400 Bad Request\r\n\r\n"), 502, "tls_protocol_error", "tls"),
        (say(b"\x15\x03\x03\x00\x02\x02\x28"), 502, "tls_alert_received", "tls"),
        (say(b""), 502, "connection_terminated", "tls"),
        (lambda connection: None, 504, "connection_timeout", "tls-timeout"),
    ],
    ids=["certificate", "no-tls", "alert", "closed", "silent"],
)
def test_tls_origins(start, server_context, server, status, error, cause):
    answer_hello = shake_hands(server_context) if server == "certificate" else server
    connections = []

    def serve():
        while True:
            try:
                connections.append(listener.accept()[0])
            except OSError:
                return
            answer_hello(connections[-1])

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server_thread = threading.Thread(target=serve, daemon=True)
        server_thread.start()
        rig = start(
            {"proxy": {"connect_timeout_ms": 1000}}, routes=[f"* 127.0.0.1:{listener.getsockname()[1]},ssl"]
        )
        response = rig.get("/tls", host="localhost")
        listener.shutdown(socket.SHUT_RDWR)
        server_thread.join()
    for connection in connections:
        connection.close()
    assert (response.status, proxy_status(response)) == (status, f"holdfast; error={error}")
    assert cause_of(rig.daemon, "/tls") == cause


# --------------------------------------------------------------------------------- what is refused without an origin


@pytest.fixture(scope="module")
def strict_rig():
    limits = {"header_max_bytes": 1000, "target_max_bytes": 100, "body_max_bytes": 10, "header_timeout_ms": 300}
    origin = Origin()
    daemon = Daemon([f"* 127.0.0.1:{origin.port}"], {"server": limits, "proxy": {"idle_timeout_ms": 300}})
    try:
        yield Rig(daemon.start(), origin)
    finally:
        origin.stop()
        daemon.stop()


def post(*headers, body=b""):
    return request("POST", "/refused", list(headers)) + body


REFUSED = {
    "400": (b"GET / HTTP/1.1\r\n\r\n", 400, "http_request_error", "request"),
    "400-chunk": (
        post(("Transfer-Encoding", "chunked"), body=b"x\r\n"), 400, "http_request_error", "request",
    ),
    "408-header": (b"GET / HTTP/1.1\r\n", 408, "http_request_error", "request-timeout"),
    "408-body": (post(("Content-Length", "5")), 408, "http_request_error", "request-timeout"),
    "413": (post(("Content-Length", "11")), 413, "http_request_error", "limit"),
    "413-chunked": (
        post(("Transfer-Encoding", "chunked"), body=chunk(b"x" * 11)), 413, "http_request_error", "limit",
    ),
    "414": (request("GET", "/" + "x" * 200), 414, "http_request_error", "limit"),
    "417": (request("GET", "/", [("Expect", "tea")]), 417, "http_request_error", "request"),
    "431": (request("GET", "/", [("X", "x" * 2000)]), 431, "http_request_error", "limit"),
    "501-connect": (request("CONNECT", "a:80"), 501, "proxy_internal_response", "unsupported"),
    "501-coding": (post(("Transfer-Encoding", "gzip, chunked")), 501, "proxy_internal_response", "unsupported"),
    "501-websocket": (
        request("GET", "/", [("Connection", "upgrade"), ("Upgrade", "websocket")]),
        501,
        "proxy_internal_response",
        "unsupported",
    ),
    "505": (b"GET / HTTP/2.1\r\nHost: a\r\n\r\n", 505, "proxy_internal_response", "unsupported"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(strict_rig, case):
    data, status, error, cause = REFUSED[case]
    client = strict_rig.connect()
    already = strict_rig.daemon.log().count(f" code={status} ")
    client.send(data)
    response = client.response()
    assert (response.status, proxy_status(response)) == (status, f"holdfast; error={error}")
    line = strict_rig.daemon.wait_log(rf" access .* code={status} .*\n", already + 1)[0]
    assert line.endswith(f" end=refused cause={cause}\n"), line
    client.close()


def test_too_many_clients(start):
    rig = start({"server": {"max_connections": 1}})
    first = rig.connect()
    assert first.get("/").status == 200
    response = rig.connect().head()
    assert (response.status, proxy_status(response)) == (503, "holdfast; error=connection_limit_reached")
    rig.daemon.wait_log(r" access peer=127.0.0.1 .* code=503 .* end=refused cause=limit\n")


def test_a_request_too_large_to_be_asked_again(start):
    rig = start({"proxy": {"instruct_max_bytes": 1024}})
    rig.origin.reply("/poll", headers=[("Grip-Hold", "response"), ("Grip-Channel", "c")])
    response = rig.connect().ask("POST", "/poll", body=b"x" * 2000)
    assert (response.status, proxy_status(response)) == (400, "holdfast; error=http_request_error")
    assert cause_of(rig.daemon, "/poll") == "limit"


def test_the_control_listener_is_no_proxy(rig):
    client = rig.connect_control()
    client.send(b"GET / HTTP/1.1\r\n\r\n")
    response = client.response()
    assert response.status == 400 and "proxy-status" not in response.names()
    assert "proxy-status" not in rig.post_control(b"{", method="POST").names()
    eventually(lambda: " cause=request\n" in rig.daemon.log(), "the cause of the refusal")
