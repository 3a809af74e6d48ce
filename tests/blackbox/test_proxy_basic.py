# SPDX-License-Identifier: Apache-2.0
"""Requests and responses that pass through: request lines, connections, and responses without a body."""
import pytest

from harness.messages import LAST_CHUNK, answer, chunk, request
from harness.wait import eventually


def echo_line(rig, path=None):
    """Every request of the path (None: all) is answered with its method and target."""
    rig.origin.on(path, lambda request, connection: answer(body=f"{request.method} {request.target}".encode()))


# ------------------------------------------------------------------------------------------------ request lines


@pytest.mark.parametrize(
    "method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "QUERY", "PROPFIND", "M-SEARCH", "get"]
)
def test_methods_pass_as_they_are(rig, method):
    echo_line(rig)
    path = rig.path()
    assert rig.connect().ask(method, path).body == f"{method} {path}".encode()


@pytest.mark.parametrize("target", [
    "/a/./b/../c", "/..", "/a%2fb%2Fc", "//double//slash/", "/a;p=1;q", "/?", "/a?b?c=/../d", "/%41%7e~", "/a[b]|c^{d}",
    "/q?" + "x" * 8000, "/%00%ff", "/'quote\"d'", "/a?next=http://other/%23",
])
def test_targets_are_not_touched(rig, target):
    echo_line(rig)
    assert rig.get(target).text == f"GET {target}"


@pytest.mark.parametrize("form, target, host", [
    ("http://other.example/a/../b?q=1", "/a/../b?q=1", "other.example"),
    ("http://other.example:8080", "/", "other.example:8080"),
    ("HTTP://other.example?q", "/?q", "other.example"),
    ("https://other.example/s", "/s", "other.example"),
])
def test_absolute_form_is_taken_apart(rig, form, target, host):
    """RFC 9112 section 3.2.2: its authority counts, whatever Host says."""
    echo_line(rig)
    assert rig.get(form, host="unlike.example").text == f"GET {target}"
    assert rig.origin.requests[-1].header("host") == host


def test_options_of_the_server_as_a_whole(rig):
    echo_line(rig)
    assert rig.connect().ask("OPTIONS", "*").text == "OPTIONS *"


@pytest.mark.parametrize("host", ["example.com", "EXAMPLE.com:81", "[::1]:80", "a_b.example", "192.0.2.1"])
def test_host_reaches_the_origin_as_given(rig, host):
    assert rig.get(rig.path(), host=host).status == 200
    assert rig.origin.requests[-1].header("host") == host


# -------------------------------------------------------------------------------------------------- connections


def test_keep_alive_serves_one_request_after_the_other(rig):
    echo_line(rig)
    client = rig.connect()
    for number in range(20):
        response = client.get(f"/keep/{number}")
        assert (response.text, response.header("connection")) == (f"GET /keep/{number}", None)
    assert len({r.target for r in rig.origin.requests}) == 20


@pytest.mark.parametrize(
    "headers", [[("Connection", "close")], [("Connection", "x, Close")], [("Connection", "CLOSE"), ("Connection", "y")]]
)
def test_connection_close_is_honoured(rig, headers):
    client = rig.connect()
    response = client.get(rig.path(), headers)
    assert response.header("connection") == "close"
    assert client.to_end() == b"" and not client.was_reset


def test_keep_alive_timeout_closes_an_idle_connection_without_a_response(start):
    rig = start({"server": {"keepalive_timeout_ms": 200}})
    fresh, used = rig.connect(), rig.connect()
    assert used.get("/").status == 200
    assert fresh.to_end() == b"" and not fresh.was_reset
    assert used.to_end() == b"" and not used.was_reset


def test_empty_lines_before_a_request_are_ignored(rig):
    """RFC 9112 section 2.2."""
    client = rig.connect()
    client.send(b"\r\n\r\n" + request("GET", rig.path()))
    assert client.response().status == 200
    client.send(b"\r\n" + request("GET", rig.path()))
    assert client.response().status == 200


def test_a_hundred_pipelined_requests_in_one_write(rig):
    echo_line(rig)
    client = rig.connect()
    client.send(b"".join(request("GET", f"/pipe/{n}") for n in range(100)))
    assert [client.response().text for _ in range(100)] == [f"GET /pipe/{n}" for n in range(100)]


def test_pipelined_responses_stay_in_order_though_the_first_is_slow(rig):
    def slow(request, connection):
        eventually(lambda: first_sent, "both requests sent")
        return answer(body=b"slow")

    first_sent = []
    rig.origin.on("/slow", slow)
    rig.origin.reply("/fast", body=b"fast")
    client = rig.connect()
    client.send(request("GET", "/slow") + request("GET", "/fast"))
    first_sent.append(True)
    assert [client.response().text for _ in range(2)] == ["slow", "fast"]


@pytest.mark.parametrize("framing", ["sized", "chunked"])
def test_a_pipelined_request_behind_a_post_body(rig, framing):
    rig.origin.on("/post", lambda request, connection: answer(body=request.body))
    echo_line(rig)
    body = b"GET /not-a-request HTTP/1.1\r\nHost: x\r\n\r\n"
    if framing == "sized":
        post = request("POST", "/post", body=body)
    else:
        post = (
            request("POST", "/post", [("Transfer-Encoding", "chunked")])
            + chunk(body[:7])
            + chunk(body[7:])
            + LAST_CHUNK
        )
    client = rig.connect()
    client.send(post + request("GET", "/behind"))
    assert client.response().body == body
    assert client.response().text == "GET /behind"
    assert [r.target for r in rig.origin.requests] == ["/post", "/behind"]


def test_a_request_byte_by_byte(rig):
    echo_line(rig)
    client = rig.connect()
    for byte in request("GET", "/bit-by-bit", [("X-Long", "v" * 20)]):
        client.send(bytes([byte]))
    assert client.response().text == "GET /bit-by-bit"


def test_a_client_that_leaves_ends_its_request_at_the_origin(rig):
    gone = []

    def wait(request, connection):
        gone.append(connection.receive())  # the daemon closes the connection when nobody waits any more

    path = rig.path()
    rig.origin.on(path, wait)
    client = rig.connect()
    client.send(request("GET", path))
    rig.origin.wait_for(path)
    client.close()
    eventually(lambda: gone, "the end of the origin's connection")
    assert gone == [b""]
    rig.daemon.wait_log(f"{path} .*code=0 .*end=client-gone")


# ----------------------------------------------------------------------------------------------------- HTTP/1.0


def test_http_1_0_gets_its_version_and_a_closed_connection(rig):
    """OUT-1"""
    client = rig.connect()
    response = client.get(rig.path(), version="1.0")
    assert (response.version, response.status, response.body) == ("1.0", 200, b"default\n")
    assert client.to_end() == b""


def test_http_1_0_without_host(rig):
    """SRV-5"""
    assert rig.get("/no-host", host=None, version="1.0").status == 200
    assert rig.origin.requests[-1].header("host") == "localhost"


def test_http_1_0_keep_alive(rig):
    client = rig.connect()
    for _ in range(3):
        response = client.get(rig.path(), [("Connection", "Keep-Alive")], version="1.0")
        assert (response.header("connection"), response.framing()) == ("keep-alive", "sized")


def test_http_1_0_keep_alive_ends_where_the_length_is_unknown(rig):
    """OUT-5 as it should be: the connection's end is the only way to end such a body."""
    def handler(request, connection):
        connection.send(answer(headers=[("Transfer-Encoding", "chunked")], framing="none") + chunk(b"no "))
        eventually(lambda: head_seen, "the client has the head")
        return chunk(b"length") + LAST_CHUNK

    head_seen = []
    rig.origin.on("/unknown", handler)
    stream = rig.connect().stream("/unknown", [("Connection", "keep-alive")], version="1.0")
    assert (stream.framing, stream.head.header("connection")) == ("close", None)
    head_seen.append(True)
    assert stream.rest() == b"no length"


def test_a_length_that_turns_out_to_be_known_is_stated(rig):
    """OUT-3"""
    rig.origin.reply("/known", body=b"all of it", framing="chunked")
    assert rig.get("/known").header("content-length") == "9"


def test_the_origin_is_spoken_to_in_1_1(rig):
    """REQ-15"""
    rig.get(rig.path(), version="1.0")
    assert rig.origin.requests[-1].version == "HTTP/1.1"


# ------------------------------------------------------------------------------------- responses without a body


@pytest.mark.parametrize("framing, length", [("sized", "5000"), ("chunked", None)])
def test_head_has_no_body_and_the_next_request_works(rig, framing, length):
    """OUT-7 as it should be."""
    rig.origin.on(
        "/head",
        lambda request, connection: answer(
            headers=[("Content-Length", "5000")] if framing == "sized" else [("Transfer-Encoding", "chunked")],
            framing="none",
        ),
    )
    echo_line(rig)
    client = rig.connect()
    for _ in range(2):
        response = client.ask("HEAD", "/head")
        assert (response.status, response.header("content-length")) == (200, length)
        assert client.get("/after").text == "GET /after"


def test_an_origin_that_sends_a_body_with_head_harms_nobody(rig):
    rig.origin.on("/head", lambda request, connection: answer(body=b"HTTP/1.1 200 OK\r\n\r\nnot for you"))
    echo_line(rig)
    client = rig.connect()
    for _ in range(3):
        assert client.ask("HEAD", "/head").status == 200
        assert client.get("/after").text == "GET /after"


@pytest.mark.parametrize("status", [204, 304])
def test_no_content_and_not_modified_have_no_body(rig, status):
    """OUT-6"""
    rig.origin.on(
        "/none", lambda request, connection: answer(status, headers=[("ETag", '"1"')], reason="R", framing="none")
    )
    echo_line(rig)
    client = rig.connect()
    for _ in range(2):
        client.send(request("GET", "/none"))
        head = client.head()
        assert (head.status, head.header("etag")) == (status, '"1"')
        assert head.header("content-length") is None and head.header("transfer-encoding") is None
        assert client.get("/after").text == "GET /after"


def test_not_modified_keeps_the_length_that_the_origin_states(rig):
    """RFC 9110 section 8.6"""
    rig.origin.on("/none", lambda request, connection: answer(304, headers=[("Content-Length", "77")], framing="none"))
    client = rig.connect()
    assert client.get("/none").header("content-length") == "77"
    assert client.get("/after").status == 200


@pytest.mark.parametrize(
    "status, reason", [(200, "Fine, Thanks"), (299, "Odd"), (404, "Nowhere"), (599, "x"), (418, "I'm a teapot \xe9")]
)
def test_status_and_reason_are_kept(rig, status, reason):
    """OUT-9"""
    rig.origin.reply("/status", status, b"b", reason=reason)
    response = rig.get("/status")
    assert (response.status, response.reason) == (status, reason)


def test_a_missing_reason_becomes_the_usual_one(rig):
    rig.origin.on("/bare", lambda request, connection: b"HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n")
    response = rig.get("/bare")
    assert (response.status, response.reason, response.body) == (404, "Not Found", b"")


# ------------------------------------------------------------------------------------------- interim responses


def early_hints(request, connection):
    connection.send(
        answer(
            103,
            headers=[("Link", "</a.css>; rel=preload"), ("Connection", "x"), ("X", "1")],
            reason="Early Hints",
            framing="none",
        )
    )
    return answer(body=b"final")


def test_103_is_passed_on(rig):
    rig.origin.on("/hints", early_hints)
    client = rig.connect()
    for _ in range(2):
        response = client.get("/hints")
        assert [(h.status, h.header("link")) for h in response.interim] == [(103, "</a.css>; rel=preload")]
        assert response.interim[0].header("connection") is None and response.interim[0].header("x") is None
        assert response.body == b"final"


def test_103_is_not_passed_on_to_http_1_0(rig):
    rig.origin.on("/hints", early_hints)
    response = rig.get("/hints", version="1.0")
    assert (response.interim, response.status, response.body) == ([], 200, b"final")


def test_several_1xx_and_then_the_final_response(rig):
    def handler(request, connection):
        return (answer(100, framing="none", reason="Continue") + answer(102, framing="none", reason="Processing") +
                answer(103, framing="none", reason="Early Hints") + answer(201, b"done", reason="Created"))

    rig.origin.on("/several", handler)
    response = rig.connect().ask("POST", "/several", body=b"x")
    assert (response.status, response.body) == (201, b"done")
    assert [h.status for h in response.interim][-2:] == [102, 103]
