# SPDX-License-Identifier: Apache-2.0
"""What happens to header fields on their way to the origin and back."""
import gzip

import jwt
import pytest

from harness.daemon import SIG_KEY
from harness.messages import answer, request

# The fields that every request gets on its way.
ADDED = {"host", "grip-feature", "grip-sig", "x-forwarded-for"}


def seen(rig, headers=(), method="GET", **how):
    """The request as the origin gets it."""
    rig.connect().ask(method, rig.path(), list(headers), **how)
    return rig.origin.requests[-1]


def test_other_fields_pass_in_order_and_as_they_came(rig):
    headers = [
        ("X-A", "1"),
        ("x-a", "2"),
        ("Cookie", "a=b; c"),
        ("X-A", "3"),
        ("Empty", ""),
        ("Latin", "\xe9\xff"),
        ("Tab", "a\tb"),
        ("Via", "1.1 x"),
        ("Forwarded", "for=y"),
        ("User-Agent", "u"),
        ("Proxy-Authorization", "Basic x"),
        ("!#$%&'*+-.^_`|~1", "odd"),
    ]
    got = seen(rig, headers)
    assert [h for h in got.headers if h[0].lower() not in ADDED] == headers


def test_host_comes_first(rig):
    """REQ-14"""
    assert seen(rig, [("X-A", "1")]).headers[0] == ("Host", "test")


# ---------------------------------------------------------------------------------- what belongs to one hop only


HOP_BY_HOP = [
    ("Connection", "x"),
    ("Keep-Alive", "timeout=5"),
    ("Proxy-Connection", "keep-alive"),
    ("TE", "trailers"),
    ("Trailer", "X-T"),
    ("Upgrade", "h2c"),
    ("HTTP2-Settings", "AAMAAABkAAQAAP__"),
]


@pytest.mark.parametrize("name, value", HOP_BY_HOP)
def test_hop_by_hop_fields_of_requests_are_removed(rig, name, value):
    """REQ-5 and RFC 9110 section 7.6.1, which REQ-6 breaks."""
    assert {n for n in seen(rig, [(name, value), ("X-Kept", "1")]).names()} == ADDED | {"x-kept"}


def test_an_upgrade_to_h2c_is_not_taken_up(rig):
    client = rig.connect()
    response = client.get(
        rig.path(), [("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABk")]
    )
    assert (response.status, response.version) == (200, "1.1")
    assert set(rig.origin.requests[-1].names()) == ADDED


@pytest.mark.parametrize("name, value", HOP_BY_HOP[1:] + [("Connection", "close")])
def test_hop_by_hop_fields_of_responses_are_removed(rig, name, value):
    rig.origin.on("/hop", lambda request, connection: answer(headers=[(name, value), ("X-Kept", "1")]))
    client = rig.connect()
    response = client.get("/hop")
    assert set(response.names()) == {"x-kept", "content-length"}
    assert client.get("/next").status == 200  # the origin's connection is not the client's


@pytest.mark.parametrize("connection", ["X-One, x-two", "x-one ,, X-TWO", "close, X-One, X-Two"])
def test_what_connection_nominates_is_removed_both_ways(rig, connection):
    fields = [("Connection", connection), ("X-One", "1"), ("X-Two", "2"), ("X-One", "again"), ("X-Three", "3")]
    rig.origin.on("/nominated", lambda request, connection_: answer(headers=fields))
    response = rig.get("/nominated", fields)
    request_names = rig.origin.requests[-1].names()
    assert "x-three" in request_names and not {"x-one", "x-two", "connection"} & set(request_names)
    assert "x-three" in response.names() and not {"x-one", "x-two"} & set(response.names())


def test_connection_fields_spread_over_several_lines(rig):
    got = seen(rig, [("Connection", "X-One"), ("X-One", "1"), ("X-Two", "2"), ("Connection", "X-Two")])
    assert set(got.names()) == ADDED


@pytest.mark.parametrize("name", ["Host", "X-Forwarded-For", "Grip-Sig", "Grip-Feature"])
def test_nominating_the_proxys_own_fields_removes_none_of_them(rig, name):
    got = seen(rig, [("Connection", name)])
    assert set(got.names()) == ADDED and got.header("host") == "test"


@pytest.mark.parametrize("nominated", ["Content-Length", "Transfer-Encoding"])
def test_nominating_the_framing_does_not_change_it(rig, nominated):
    rig.origin.on("/framing", lambda request, connection: answer(body=request.body))
    client = rig.connect()
    for _ in range(2):
        assert client.ask("POST", "/framing", [("Connection", nominated)], b"the body").body == b"the body"


def test_nominating_set_cookie_in_a_response_leaves_the_rest_alone(rig):
    rig.origin.on("/r", lambda request, connection: answer(
        body=b"x", headers=[("Connection", "Content-Length, Set-Cookie"), ("Set-Cookie", "a=b"), ("ETag", "1")]))
    response = rig.get("/r")
    assert (response.body, response.header("etag"), response.header("set-cookie")) == (b"x", "1", None)


# -------------------------------------------------------------------------------------------------------- Grip-*


@pytest.mark.parametrize(
    "name", ["Grip-Sig", "grip-sig", "Grip_Sig", "GRIP-FEATURE", "Grip_Feature", "Grip-Last", "Grip-Anything", "Grip-"]
)
def test_req_9_grip_fields_of_clients_are_removed(rig, name):
    got = seen(rig, [(name, "forged")])
    assert "forged" not in [value for _, value in got.headers]
    assert set(got.names()) == ADDED


def test_req_9_also_on_a_no_grip_route(start):
    rig = start(routes=["*,no_grip ORIGIN"])
    assert set(seen(rig, [("Grip-Sig", "x"), ("Grip_Sig", "x")]).names()) == {"host", "x-forwarded-for"}


def test_sig_1_the_signature(rig):
    claims = jwt.decode(
        seen(rig).header("grip-sig"), SIG_KEY, algorithms=["HS256"], options={"require": ["exp", "iss"]}
    )
    assert set(claims) == {"iss", "exp"} and claims["iss"] == "holdfast"


def test_the_features_are_those_that_work(rig):
    assert seen(rig).header("grip-feature") == "status"


def test_no_key_no_signature(start):
    assert "grip-sig" not in seen(start({"grip": {"sig_key": ""}})).names()


def test_sig_2_routes_have_keys_and_issuers_of_their_own(start):
    rig = start(routes=["a.test,sig_key=other,sig_iss=me ORIGIN", "b.test,sig_iss=only ORIGIN", "* ORIGIN"])
    for host, key, issuer in [("a.test", "other", "me"), ("b.test", SIG_KEY, "only"), ("c.test", SIG_KEY, "holdfast")]:
        assert jwt.decode(seen(rig, host=host).header("grip-sig"), key, algorithms=["HS256"])["iss"] == issuer


@pytest.mark.parametrize("kind, algorithm", [("ec", "ES256"), ("rsa", "RS256")])
def test_sig_3_the_algorithm_follows_the_key(start, tmp_path, kind, algorithm):
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    key = ec.generate_private_key(ec.SECP256R1()) if kind == "ec" else rsa.generate_private_key(65537, 2048)
    (tmp_path / "key.pem").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()))
    rig = start({"grip": {"sig_key": f"file:{tmp_path}/key.pem"}})
    assert jwt.decode(seen(rig).header("grip-sig"), key.public_key(), algorithms=[algorithm])["iss"] == "holdfast"


def test_grip_fields_of_a_no_grip_origin_are_relayed(start):
    rig = start(routes=["*,no_grip ORIGIN"])
    rig.origin.on(
        "/held", lambda request, connection: answer(body=b"b", headers=[("Grip-Hold", "stream"), ("Grip-Channel", "c")])
    )
    response = rig.get("/held")
    assert (response.header("grip-hold"), response.body) == ("stream", b"b")


# --------------------------------------------------------------------------------------------------- X-Forwarded


@pytest.mark.parametrize("headers", [
    [("X-Forwarded-For", "1.1.1.1, 2.2.2.2")],
    [("X-Forwarded-For", "1.1.1.1"), ("x-forwarded-for", "2.2.2.2")],
    [("X_Forwarded_For", "1.1.1.1"), ("X-Forwarded_For", "2.2.2.2")],
])
def test_xff_2_values_are_collected_and_the_peer_is_appended(rig, headers):
    got = seen(rig, headers)
    assert got.header("x-forwarded-for") == "1.1.1.1, 2.2.2.2, 127.0.0.1"
    assert "x_forwarded_for" not in got.names() and "x-forwarded_for" not in got.names()


@pytest.mark.parametrize("rule, wanted", [
    (["truncate:1", "append"], "2.2.2.2, 127.0.0.1"), (["truncate:0", "append"], "127.0.0.1"), (["truncate:0"], None),
    (["truncate:9"], "1.1.1.1, 2.2.2.2"), ([], "1.1.1.1, 2.2.2.2"),
])
def test_xff_rules(start, rule, wanted):
    rig = start({"proxy": {"x_forwarded_for": rule}})
    got = seen(rig, [("X-Forwarded-For", "1.1.1.1,2.2.2.2")])
    assert got.header("x-forwarded-for") == wanted


def test_connection_cannot_hide_who_forwarded(rig):
    got = seen(rig, [("Connection", "X-Forwarded-For"), ("X-Forwarded-For", "1.1.1.1")])
    assert got.header("x-forwarded-for").endswith("127.0.0.1")


PROTO_FIELDS = [("X-Forwarded-Proto", "https"), ("X_Forwarded_Proto", "https"), ("X-Forwarded-Protocol", "wss")]


def test_xfp_2_a_clients_scheme_is_removed(rig):
    got = seen(rig, PROTO_FIELDS)
    assert set(got.names()) == ADDED


def test_xfp_2_not_where_it_is_nobodys_business(start):
    rig = start({"proxy": {"set_x_forwarded_proto": False}})
    assert [h for h in seen(rig, PROTO_FIELDS).headers if h[0].lower() not in ADDED] == PROTO_FIELDS


def test_xfp_1_an_accepted_scheme_chooses_the_route(start, origins):
    secure = origins()
    secure.reply(None, body=b"secure")
    rig = start({"proxy": {"accept_x_forwarded_proto": True}},
                routes=[f"*,ssl=yes 127.0.0.1:{secure.port}", "*,ssl=no ORIGIN"])
    for proto, body in [
        ("https", b"secure"),
        ("wss", b"secure"),
        ("HTTPS", b"default\n"),
        ("http", b"default\n"),
        ("x", b"default\n"),
    ]:
        assert rig.get("/", [("X-Forwarded-Proto", proto)]).body == body
    assert rig.get("/", [("X-Forwarded-Protocol", "https")]).body == b"secure"
    assert rig.get("/").body == b"default\n"


# ------------------------------------------------------------------------------------------------- other fields


def test_req_8_cdn_loop(start):
    rig = start({"proxy": {"cdn_loop": "holdfast-7"}})
    assert seen(rig).header("cdn-loop") == "holdfast-7"
    got = seen(rig, [("CDN-Loop", 'a; v="1,2"'), ("cdn-loop", "b,c")])
    assert got.header("cdn-loop") == 'a; v="1,2", b, c, holdfast-7'


def test_cdn_loop_is_left_alone_by_default(rig):
    assert seen(rig, [("CDN-Loop", "a")]).header("cdn-loop") == "a"


@pytest.mark.parametrize(
    "offered, forwarded",
    [
        ("gzip, deflate, br", "gzip, deflate, br"),
        ("zstd, gzip;q=0.5, br", "gzip;q=0.5, br"),
        ("zstd", "identity"),
        ("*", "identity"),
        ("identity", "identity"),
        ("GZIP, Compress", "GZIP"),
        ("br;q=0, zstd", "br;q=0"),
        ("", "identity"),
    ],
)
def test_accept_encoding_is_narrowed_to_what_can_be_decoded(rig, offered, forwarded):
    assert seen(rig, [("Accept-Encoding", offered)]).header("accept-encoding") == forwarded


def test_no_accept_encoding_is_made_up(rig):
    assert seen(rig).header("accept-encoding") is None


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "x-unknown, gzip"])
@pytest.mark.parametrize("framing", ["sized", "chunked", "close"])
def test_coded_responses_are_relayed_as_they_came(rig, coding, framing):
    body = gzip.compress(b"coded " * 100)

    def handler(request, connection):
        connection.send(answer(body=body, headers=[("Content-Encoding", coding)], framing=framing))
        if framing == "close":
            connection.end_of_input()

    rig.origin.on("/coded", handler)
    response = rig.get("/coded", [("Accept-Encoding", coding)])
    assert (response.header("content-encoding"), response.body) == (coding, body)


def test_a_coded_request_is_relayed_as_it_came(rig):
    got = seen(rig, [("Content-Encoding", "gzip")], "POST", body=gzip.compress(b"x"))
    assert (got.header("content-encoding"), gzip.decompress(got.body)) == ("gzip", b"x")


def test_req_3_route_headers_replace_those_of_clients(start):
    rig = start(routes=['*,header=X-Set:new,header=X-Drop:,header="X-Text:  a, b" ORIGIN'])
    got = seen(rig, [("x-set", "old"), ("X-Set", "older"), ("X-Drop", "1"), ("X-Other", "2")])
    assert [h for h in got.headers if h[0].lower() not in ADDED] == [
        ("X-Other", "2"),
        ("X-Set", "new"),
        ("X-Text", "a, b"),
    ]


def test_req_4_original_headers_are_marked(start):
    mark = "eb9bf0f5-"
    rig = start({"proxy": {"orig_headers_need_mark": ["X-Secret"]}}, routes=["*,orig_headers ORIGIN"])
    got = seen(
        rig,
        [
            ("X-A", "1"),
            ("Connection", "X-A"),
            ("X-Secret", "s"),
            (mark + "X-B", "2"),
            (mark.upper() + "X-Secret", "real"),
        ],
    )
    assert {n: v for n, v in got.headers if n.startswith(mark)} == {
        mark + "Host": "test", mark + "X-A": "1", mark + "Connection": "X-A", mark + "X-B": "2"}
    assert got.all("X-Secret") == ["s"] and got.all(mark + "X-Secret") == ["real"] and got.all("X-A") == []


def test_req_4_marked_headers_are_removed_elsewhere(rig):
    assert set(seen(rig, [("eb9bf0f5-Cookie", "forged"), ("EB9BF0F5-X", "2")]).names()) == ADDED


def test_req_7_the_route_header_selects_and_is_removed(start, origins):
    other = origins()
    other.reply(None, body=b"other")
    rig = start(
        {"proxy": {"accept_route_header": True}}, routes=["* ORIGIN", f",id=blue,path_beg=/b 127.0.0.1:{other.port}"]
    )
    assert rig.get("/b", [("Pushpin-Route", "blue")]).body == b"other"
    assert "pushpin-route" not in other.requests[-1].names()
    for path, headers in [("/a", [("Pushpin-Route", "blue")]), ("/b", [("Pushpin-Route", "green")])]:
        response = rig.get(path, headers)
        assert (response.status, response.body) == (502, b"Route not found\n")


def test_the_route_header_is_passed_on_where_it_is_not_accepted(rig):
    assert seen(rig, [("Pushpin-Route", "blue")]).header("pushpin-route") == "blue"


def test_nothing_is_added_to_responses(rig):
    """OUT-8"""
    rig.origin.on(
        "/plain",
        lambda request, connection: answer(
            body=b"x", headers=[("Set-Cookie", "a"), ("set-cookie", "b"), ("Server", "s")]
        ),
    )
    assert rig.get("/plain").headers == [
        ("Set-Cookie", "a"),
        ("set-cookie", "b"),
        ("Server", "s"),
        ("Content-Length", "1"),
    ]


def test_many_fields_of_many_sizes(rig):
    headers = [(f"X-{n}", "v" * (n * 8)) for n in range(90)]
    client = rig.connect()
    path = rig.path()
    client.send(request("GET", path, headers))
    assert client.response().status == 200
    assert [
        h for h in rig.origin.requests[-1].headers if h[0].startswith("X-") and h[0] != "X-Forwarded-For"
    ] == headers
