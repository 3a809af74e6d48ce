# SPDX-License-Identifier: Apache-2.0
"""What two recipients might read in different ways is refused: answered, named, the connection closed, and never shown
to an origin. Each case carries a second request behind it, which must not be taken for one."""
import pytest

from harness.messages import chunk, request
from harness.wait import eventually

SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: test\r\n\r\n"


def lines(*fields, start=b"POST /bad HTTP/1.1", host=b"Host: test"):
    return b"\r\n".join([start, *([host] if host else []), *fields, b"", b""])


def refused(rig, data, status, what):
    """Sends the bytes, and expects one refusal of this status that says `what`, and nothing else."""
    client = rig.connect()
    client.send(data + SMUGGLED)
    response = client.response()
    assert response.status == status, response.text
    assert what in response.text and response.text.endswith("\n") and response.text.count("\n") == 1, response.text
    assert response.header("content-type") == "text/plain" and response.header("connection") == "close"
    assert client.to_end() == b""
    assert rig.origin.requests == []
    good = rig.get("/good")
    assert (good.status, good.body) == (200, b"default\n")
    assert [r.target for r in rig.origin.requests] == ["/good"]


# ------------------------------------------------------------------------------------------------------ framing

FRAMING = {
    "length-and-chunked": (
        [b"Content-Length: 4", b"Transfer-Encoding: chunked"],
        "both Content-Length and Transfer-Encoding",
    ),
    "chunked-and-length": (
        [b"Transfer-Encoding: chunked", b"Content-Length: 4"],
        "both Content-Length and Transfer-Encoding",
    ),
    "differing-lengths": ([b"Content-Length: 4", b"Content-Length: 5"], "differing Content-Length"),
    "length-list": ([b"Content-Length: 4, 4"], "Content-Length is not a whole number"),
    "length-negative": ([b"Content-Length: -4"], "Content-Length is not a whole number"),
    "length-plus": ([b"Content-Length: +4"], "Content-Length is not a whole number"),
    "length-hex": ([b"Content-Length: 0x4"], "Content-Length is not a whole number"),
    "length-fraction": ([b"Content-Length: 4.0"], "Content-Length is not a whole number"),
    "length-empty": ([b"Content-Length: "], "Content-Length is not a whole number"),
    "length-inner-space": ([b"Content-Length: 4 0"], "Content-Length is not a whole number"),
    "length-of-63-bits-and-one": ([b"Content-Length: 9223372036854775808"], "Content-Length is too large"),
    "length-huge": ([b"Content-Length: " + b"9" * 40], "Content-Length is"),
    "length-underscore": ([b"Content_Length: 4"], "underscore"),
    "chunked-underscore": ([b"Transfer_Encoding: chunked"], "underscore"),
    "chunked-twice": (
        [b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"],
        "more than one Transfer-Encoding",
    ),
    "chunked-list-twice": ([b"Transfer-Encoding: chunked, chunked"], "Transfer-Encoding"),
    "chunked-not-last": ([b"Transfer-Encoding: chunked, gzip"], "last transfer coding is not chunked"),
    "identity": ([b"Transfer-Encoding: identity"], "last transfer coding is not chunked"),
    "gzip-alone": ([b"Transfer-Encoding: gzip"], "last transfer coding is not chunked"),
    "coding-empty": ([b"Transfer-Encoding: "], "last transfer coding is not chunked"),
    "coding-quoted": ([b'Transfer-Encoding: "chunked"'], "last transfer coding is not chunked"),
    "coding-with-parameter": ([b"Transfer-Encoding: chunked;a=b"], "last transfer coding is not chunked"),
    "coding-similar": ([b"Transfer-Encoding: xchunked"], "last transfer coding is not chunked"),
    "coding-vertical-tab": ([b"Transfer-Encoding: \x0bchunked"], "control character"),
    "coding-comma": ([b"Transfer-Encoding: , chunked"], "Transfer-Encoding"),
}


@pytest.mark.parametrize("case", FRAMING)
def test_framing(rig, case):
    fields, what = FRAMING[case]
    refused(rig, lines(*fields), 400, what)


def test_equal_lengths_are_one_length(rig):
    client = rig.connect()
    client.send(lines(b"Content-Length: 4", b"Content-Length: 4") + b"body" + request("GET", "/next"))
    assert [client.response().status for _ in range(2)] == [200, 200]
    assert [(r.target, r.body) for r in rig.origin.requests] == [("/bad", b"body"), ("/next", b"")]


def test_a_coding_that_is_not_known_is_501(rig):
    refused(rig, lines(b"Transfer-Encoding: gzip, chunked"), 501, "transfer codings other than chunked")


def test_transfer_encoding_in_http_1_0(rig):
    refused(
        rig, lines(b"Transfer-Encoding: chunked", start=b"POST /bad HTTP/1.0"), 400, "Transfer-Encoding in HTTP/1.0"
    )


CHUNKS = {
    "no-size": (b"\r\n", "a chunk has no size"),
    "not-hex": (b"g\r\n", "a chunk has no size"),
    "0x": (b"0x4\r\nbody\r\n", "illegal character in a chunk's size"),
    "plus": (b"+4\r\nbody\r\n", "a chunk has no size"),
    "minus": (b"-4\r\nbody\r\n", "a chunk has no size"),
    "space-before": (b" 4\r\nbody\r\n", "a chunk has no size"),
    "17-digits": (b"00000000000000004\r\nbody\r\n", "illegal character in a chunk's size"),
    "64-bits": (b"ffffffffffffffff\r\nbody\r\n", "too large"),
    "size-with-lf": (b"4\nbody\r\n", "illegal character in a chunk's size"),
    "size-with-cr": (b"4\rbody\r\n", "CR that does not end"),
    "extension-with-lf": (b"4;a\nbody\r\n", "control character in a chunk extension"),
    "extension-with-nul": (b"4;a\0\r\nbody\r\n", "control character in a chunk extension"),
    "data-too-long": (b"4\r\nbody!\r\n", "longer than its size"),
    "data-without-crlf": (b"4\r\nbody0\r\n\r\n", "longer than its size"),
    "data-with-lf": (b"4\r\nbody\n0\r\n\r\n", "longer than its size"),
    "trailer-with-lf": (b"0\r\nX: 1\n\r\n", "control character in a trailer"),
    "end-with-lf": (b"0\r\n\n", "LF alone"),
    "trailers-without-end": (b"0\r\n" + b"X-T: 1\r\n" * 20000, "too long"),
    "extension-without-end": (b"4;" + b"x" * 200000, "too long"),
}


@pytest.mark.parametrize("case", CHUNKS)
def test_chunks(rig, case):
    data, what = CHUNKS[case]
    refused(rig, lines(b"Transfer-Encoding: chunked") + data, 400, what)


@pytest.mark.parametrize("case", CHUNKS)
def test_bad_chunks_behind_good_ones_break_the_request_at_the_origin(rig, case):
    """The origin has begun to read: it must not take what it got for a whole body."""
    got = []

    def handler(request, connection):
        try:
            got.append(connection.chunks())
        except Exception as broken:
            got.append(broken)

    rig.origin.on("/bad", handler, read_body=False)
    data, what = CHUNKS[case]
    client = rig.connect()
    client.send(lines(b"Transfer-Encoding: chunked") + chunk(b"good"))
    rig.origin.wait_for("/bad")
    client.send(data + SMUGGLED)
    response = client.response()
    assert response.status == 400 and what in response.text
    assert client.to_end() == b""
    eventually(lambda: got, "the end of the origin's connection")
    assert not isinstance(got[0], bytes)
    assert rig.get("/good").status == 200
    assert [r.target for r in rig.origin.requests] == ["/bad", "/good"]


# ------------------------------------------------------------------------------------------------------- fields

FIELDS = {
    "obs-fold": ([b"X-A: 1", b" folded"], "folded"),
    "obs-fold-tab": ([b"X-A: 1", b"\tfolded"], "folded"),
    "first-line-folded": ([b" X-A: 1"], "folded"),
    "space-before-colon": ([b"X-A : 1"], "white space between"),
    "tab-before-colon": ([b"Content-Length\t: 4"], "white space between"),
    "no-name": ([b": 1"], "no name"),
    "no-colon": ([b"X-A"], "no colon"),
    "name-with-space": ([b"X A: 1"], "white space between"),
    "name-with-nul": ([b"X\0A: 1"], "illegal character"),
    "name-with-paren": ([b"X(A): 1"], "illegal character"),
    "name-not-ascii": ([b"X\xe9: 1"], "illegal character"),
    "value-with-nul": ([b"X-A: 1\0" b"2"], "control character"),
    "value-with-del": ([b"X-A: 1\x7f"], "control character"),
    "value-with-escape": ([b"X-A: \x1b[31m"], "control character"),
    "value-with-cr": ([b"X-A: 1\rX-B: 2"], "CR that does not end"),
    "value-with-lf": ([b"X-A: 1\nX-B: 2"], "LF alone"),
    "cr-cr-lf": ([b"X-A: 1\r"], "CR that does not end"),
}


@pytest.mark.parametrize("case", FIELDS)
def test_fields(rig, case):
    fields, what = FIELDS[case]
    refused(rig, lines(*fields), 400, what)


def test_lines_that_end_with_lf_alone(rig):
    refused(rig, b"GET /bad HTTP/1.1\nHost: test\n\n", 400, "LF alone")
    rig.origin.forget()
    refused(rig, b"GET /bad HTTP/1.1\r\nHost: test\r\n\n", 400, "LF alone")


HOSTS = {
    "missing": (None, [], "no Host"),
    "twice": (b"Host: test", [b"Host: test"], "more than one Host"),
    "twice-differing": (b"Host: test", [b"host: other"], "more than one Host"),
    "empty": (b"Host:", [], "invalid Host"),
    "space": (b"Host: a b", [], "invalid Host"),
    "list": (b"Host: a@b", [], "invalid Host"),
    "path": (b"Host: a/b", [], "invalid Host"),
    "port-not-a-number": (b"Host: a:b", [], "invalid Host"),
    "port-too-large": (b"Host: a:65536", [], "invalid Host"),
    "port-negative": (b"Host: a:-1", [], "invalid Host"),
    "no-name": (b"Host: :80", [], "invalid Host"),
    "two-ports": (b"Host: a:1:2", [], "invalid Host"),
    "bracket-open": (b"Host: [::1", [], "invalid Host"),
    "bracket-text": (b"Host: [::1]x", [], "invalid Host"),
    "query": (b"Host: a?b", [], "invalid Host"),
    "not-ascii": (b"Host: \xe9", [], "invalid Host"),
}


@pytest.mark.parametrize("case", HOSTS)
def test_hosts(rig, case):
    host, fields, what = HOSTS[case]
    refused(rig, lines(*fields, start=b"GET /bad HTTP/1.1", host=host), 400, what)


def test_an_absolute_form_does_not_replace_host(rig):
    refused(rig, lines(start=b"GET http://test/bad HTTP/1.1", host=None), 400, "no Host")


# ------------------------------------------------------------------------------------------------- request lines

START_LINES = {
    "no-version": (b"GET /bad", 400, "malformed request line"),
    "http-0.9": (b"GET /bad HTTP/0.9", 505, "HTTP/1.0 and HTTP/1.1"),
    "http-2": (b"GET /bad HTTP/2.0", 505, "HTTP/1.0 and HTTP/1.1"),
    "http-12": (b"GET /bad HTTP/1.12", 400, "malformed request line"),
    "lower-case": (b"GET /bad http/1.1", 400, "malformed request line"),
    "other-protocol": (b"GET /bad ICY/1.1", 400, "malformed request line"),
    "version-and-more": (b"GET /bad HTTP/1.1 x", 400, "malformed request line"),
    "two-spaces": (b"GET  /bad HTTP/1.1", 400, "malformed request line"),
    "two-spaces-behind": (b"GET /bad  HTTP/1.1", 400, "malformed request line"),
    "tab": (b"GET\t/bad\tHTTP/1.1", 400, "malformed request line"),
    "leading-space": (b" GET /bad HTTP/1.1", 400, "malformed request line"),
    "method-with-slash": (b"GE/T /bad HTTP/1.1", 400, "malformed request line"),
    "method-with-colon": (b"GET: /bad HTTP/1.1", 400, "malformed request line"),
    "method-not-ascii": (b"G\xc9T /bad HTTP/1.1", 400, "malformed request line"),
    "method-missing": (b"/bad HTTP/1.1", 400, "malformed request line"),
    "method-too-long": (b"M" * 65 + b" /bad HTTP/1.1", 400, "method is longer"),
    "target-with-space": (b"GET /bad thing HTTP/1.1", 400, "malformed request line"),
    "target-with-fragment": (b"GET /bad#part HTTP/1.1", 400, "illegal character in the request target"),
    "target-not-ascii": (b"GET /b\xc3\xa4d HTTP/1.1", 400, "illegal character in the request target"),
    "target-with-nul": (b"GET /bad\0 HTTP/1.1", 400, "illegal character in the request target"),
    "target-with-del": (b"GET /bad\x7f HTTP/1.1", 400, "illegal character in the request target"),
    "target-relative": (b"GET bad HTTP/1.1", 400, "neither a path nor an http URI"),
    "target-star": (b"GET * HTTP/1.1", 400, "needs OPTIONS"),
    "target-other-scheme": (b"GET ftp://test/bad HTTP/1.1", 400, "neither a path nor an http URI"),
    "target-no-authority": (b"GET http:///bad HTTP/1.1", 400, "invalid host in the request target"),
    "target-user": (b"GET http://user@test/bad HTTP/1.1", 400, "invalid host in the request target"),
    "target-bad-port": (b"GET http://test:99999/bad HTTP/1.1", 400, "invalid host in the request target"),
    "connect": (b"CONNECT test:443 HTTP/1.1", 501, "CONNECT"),
}


@pytest.mark.parametrize("case", START_LINES)
def test_request_lines(rig, case):
    line, status, what = START_LINES[case]
    refused(rig, lines(start=line), status, what)


def test_a_tls_client_on_this_port_is_told_so(rig):
    hello = bytes.fromhex("16030100c8010000c40303") + bytes(range(189))
    refused(rig, hello, 400, "not TLS")


def test_an_http_2_preface(rig):
    refused(rig, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "HTTP/1.0 and HTTP/1.1")


def test_garbage(rig):
    for garbage in (b"\0" * 100, b"\xff\xfe", b"<xml/>\r\n\r\n", b"{}\r\n"):
        rig.origin.forget()
        refused(rig, garbage, 400, "malformed request line")


# ------------------------------------------------------------------------------------------------------- limits


@pytest.fixture(scope="module")
def limits():
    return {
        "server": {"header_max_bytes": 2000, "header_max_count": 10, "target_max_bytes": 500, "header_timeout_ms": 400}
    }


def head_of(size):
    """A request whose line and header together have exactly this many bytes."""
    head = lines(b"X-Pad: ", start=b"GET /good HTTP/1.1")
    return head.replace(b"X-Pad: ", b"X-Pad: " + b"p" * (size - len(head)))


def test_header_limits_at_the_limit_and_one_over(start, limits):
    rig = start(limits)
    for data in (
        head_of(2000),
        lines(*[b"X: 1"] * 9, start=b"GET /good HTTP/1.1"),
        lines(start=b"GET /" + b"t" * 499 + b" HTTP/1.1"),
    ):
        client = rig.connect()
        client.send(data)
        assert client.response().status == 200
    for data, status, what in [
        (head_of(2001), 431, "header_max_bytes in [server]"),
        (head_of(4000), 431, "header_max_bytes in [server]"),
        (lines(*[b"X: 1"] * 10, start=b"GET /bad HTTP/1.1"), 431, "header_max_count"),
        (lines(start=b"GET /" + b"t" * 500 + b" HTTP/1.1"), 414, "target_max_bytes in [server]"),
        (b"GET /" + b"t" * 4000, 414, "target_max_bytes in [server]"),
    ]:
        rig.origin.forget()
        refused(rig, data, status, what)


def test_the_default_limits(rig):
    refused(rig, lines(b"X-Pad: " + b"p" * 70000), 431, "header_max_bytes")
    rig.origin.forget()
    refused(rig, lines(*[b"X: 1"] * 100), 431, "header_max_count")
    rig.origin.forget()
    refused(rig, lines(start=b"GET /" + b"t" * 16384 + b" HTTP/1.1"), 414, "target_max_bytes")


def test_a_header_that_does_not_come_to_its_end(start, limits):
    """408 for who has begun; who sends drop by drop gains nothing by it."""
    rig = start(limits)
    for begun in (b"G", b"GET /bad HTTP/1.1\r\nHost:", b"GET /bad HTTP/1.1\r\nHost: test\r\n\r"):
        client = rig.connect()
        client.send(begun)
        response = client.response()
        assert response.status == 408 and "header_timeout_ms" in response.text
        assert client.to_end() == b""
    drops = rig.connect()
    drops.sock.settimeout(0.1)
    drops.send(b"GET /bad HTTP/1.1\r\nX: ")
    answer = b""
    for _ in range(400):
        try:
            answer = drops.sock.recv(1000)
            break
        except TimeoutError:
            drops.send(b"x")
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert rig.origin.requests == []


def test_a_slow_second_request_is_timed_too(start, limits):
    rig = start(limits)
    client = rig.connect()
    client.send(request("GET", "/good") + b"GET /bad")
    assert [client.response().status for _ in range(2)] == [200, 408]


def test_many_bad_requests_at_once_harm_nobody(rig):
    """All cases side by side, half of them cut off in the middle by their clients."""
    channel = rig.name("c")
    stream = rig.stream(channel)
    everything = [lines(*fields) for fields, _ in [*FRAMING.values(), *FIELDS.values()]]
    everything += [lines(b"Transfer-Encoding: chunked") + data for data, _ in CHUNKS.values()]
    clients = [rig.connect() for _ in everything]
    for n, (client, data) in enumerate(zip(clients, everything)):
        if n % 2:
            client.send(data)
        else:
            client.send(data[:len(data) // 2])
            client.reset()
    for client in clients[1::2]:
        assert client.response().status in (400, 501)
    assert rig.get("/good").status == 200
    rig.publish(channel, stream="still here\n")
    assert stream.until(b"\n") == b"still here\n"
