# SPDX-License-Identifier: Apache-2.0
"""Which route a request takes, what the route does to it, and which requests need what does not exist yet."""
import pytest

from harness.messages import request
from harness.publisher import item
from harness.wait import free_port


@pytest.fixture(scope="module")
def routes():
    # Each route says which one it is in a header of its own.
    def line(condition, tag, target="ORIGIN"):
        return f"{condition},header=X-Route:{tag} {target}"

    return [
        "# comments, and empty lines", "",
        line("*", "any"),
        line("*,path_beg=/long", "any-long"),
        line("*,path_beg=/long/er", "any-longer"),
        line("own.test", "own"),
        line("own.test,path_beg=/p,ssl=no", "own-p-plain"),
        line("own.test,path_beg=/p", "own-p"),
        line("only.test,path_beg=/only", "only"),
        line("proto.test,path_beg=/deep/path", "deep"),
        line("proto.test,proto=http", "proto"),
        line("as.test,as_host=other.example:81", "as-host"),
        line("rem.test,path_beg=/abc,path_rem=4", "rem"),
        line("beg.test,path_beg=/old,replace_beg=/new/base", "beg"),
        line("beg.test,path_beg=/gone,replace_beg=", "gone"),
        line("target.test,as_host=loses.example", "target-host", "ORIGIN,host=target.example"),
        line('"quoted.test",path_beg="/a,b"', "quoted"),
        line("[::1]", "six"),
        "  spaced.test,header=X-Route:spaced\t ORIGIN   # a comment behind it",
    ]


def route_of(rig, target, host):
    response = rig.get(target, host=host)
    if response.status == 502:
        return response.text
    return rig.origin.requests[-1].header("x-route")


@pytest.mark.parametrize(
    "host, target, wanted",
    [
        ("else.test", "/", "any"),
        ("else.test:8080", "/long", "any-long"),
        ("else.test", "/longest", "any-long"),
        ("else.test", "/long/er/x", "any-longer"),
        ("else.test", "/%6cong", "any"),
        ("else.test", "/?/long", "any"),
        ("own.test", "/", "own"),
        ("OWN.test:1", "/x", "own"),
        ("own.test.", "/", "own"),
        ("own.test", "/long", "own"),
        ("own.test", "/p/x", "own-p-plain"),
        ("only.test", "/only/x", "only"),
        ("only.test", "/x", "Route not found\n"),
        ("proto.test", "/deep/path/x", "proto"),
        ("quoted.test", "/a,b/c", "quoted"),
        ("[::1]:80", "/", "six"),
        ("spaced.test", "/", "spaced"),
        ("sub.own.test", "/", "any"),
    ],
)
def test_selection(rig, host, target, wanted):
    """SEL-1, and SEL-2 as a total order."""
    assert route_of(rig, target, host) == wanted


@pytest.mark.parametrize(
    "host, target, seen_host, seen_target",
    [
        ("as.test", "/x?y", "other.example:81", "/x?y"),
        ("target.test", "/", "target.example", "/"),
        ("rem.test:7", "/abc/def?q=/abc", "rem.test:7", "/def?q=/abc"),
        ("rem.test", "/abc", "rem.test", "/"),
        ("rem.test", "/abcd/e", "rem.test", "/d/e"),
        ("rem.test", "/abc%2fdef", "rem.test", "/%2fdef"),
        ("beg.test", "/old/x", "beg.test", "/new/base/x"),
        ("beg.test", "/old", "beg.test", "/new/base"),
        ("beg.test", "/gone/x", "beg.test", "/x"),
        ("beg.test", "/gone", "beg.test", "/"),
        ("beg.test", "/gone?q", "beg.test", "/?q"),
    ],
)
def test_req_1_and_2_rewriting(rig, host, target, seen_host, seen_target):
    rig.get(target, host=host)
    seen = rig.origin.requests[-1]
    assert (seen.header("host"), seen.target) == (seen_host, seen_target)


def test_err_1_no_route(start):
    rig = start(routes=["some.test ORIGIN"])
    client = rig.connect()
    for _ in range(2):
        response = client.get("/", host="other.test")
        assert (response.status, response.body) == (502, b"Route not found\n")
    assert client.get("/", host="some.test").status == 200


def test_an_empty_table_is_a_table(start):
    rig = start(routes=[])
    assert rig.get("/").text == "Route not found\n"


def test_sel_4_the_first_of_two_equal_lines_counts(start):
    rig = start(routes=["a.test,header=X-Route:1 ORIGIN", "A.test,id=x,header=X-Route:2 ORIGIN"])
    assert route_of(rig, "/", "a.test") == "1"
    rig.daemon.wait_log(r"routes:2: line 1 has the same condition, so this one is skipped")


def test_sel_8_the_targets_of_one_line_are_failed_over(start):
    rig = start(routes=[f"* 127.0.0.1:{free_port()} ORIGIN", f"a.test localhost:{free_port()} 127.0.0.1:{free_port()}"])
    assert rig.get("/").status == 200
    assert rig.get("/", host="a.test").status == 502


def test_targets_by_name_and_by_ipv6(start):
    rig = start(routes=[])
    rig.daemon.write_routes([f"* localhost:{rig.origin.port}", f"six.test [::ffff:127.0.0.1]:{rig.origin.port}"])
    rig.daemon.signal(1)
    rig.daemon.wait_log(r"routes loaded with 2 entries")
    assert rig.get("/").status == 200
    assert rig.get("/", host="six.test").status in (200, 502)  # 502 where the machine has no IPv6


# ------------------------------------------------------------------------------------------------------ test target


def test_the_test_target(start):
    rig = start(routes=["*,path_beg=/t test", "root.test test"])
    assert (rig.get("/t").status, rig.get("/t/").status, rig.get("/", host="root.test").status) == (200, 200, 200)
    assert rig.get("/t/other").text == "no such test resource\n" and rig.get("/t/other").status == 404
    assert rig.connect().ask("POST", "/t/response", body=b"x" * 100001).text == "request too large\n"
    a, b = rig.name("a"), rig.name("b")
    stream = rig.connect().stream(f"/t/stream?channel={a}&channel={b}")
    assert stream.until(b"\n") == b"[stream opened]\n"
    rig.publish_items(item(b, stream="b\n"), item(a, stream="a\n"))
    assert stream.until(b"a\n") == b"b\na\n"
    test = rig.connect().stream("/stream", host="root.test")
    test.until(b"opened]\n")
    rig.publish("test", stream="m\n")
    assert test.until(b"\n") == b"m\n"


def test_the_test_target_and_publishing_before_and_behind_it(start):
    """What was published before the request does not reach it, what is published behind its answer does."""
    rig = start(routes=["* test"])
    client = rig.connect()
    for n in range(50):
        rig.publish("test", stream=f"old {n}\n")
        stream = client.stream("/stream")
        stream.until(b"opened]\n")
        rig.publish_items(item("test", stream=f"new {n}\n"), item("test", close=True))
        assert stream.rest() == b"new %d\n" % n


def test_head_and_404_of_the_test_target_keep_the_connection(start):
    rig = start(routes=["* test"])
    client = rig.connect()
    for method, target, status in [
        ("HEAD", "/", 200),
        ("HEAD", "/stream", 200),
        ("GET", "/x", 404),
        ("POST", "/", 200),
        ("GET", "/", 200),
    ]:
        assert client.ask(method, target, body=b"b" if method == "POST" else None).status == status


# ------------------------------------------------------------------------------------------------- not yet supported

WEBSOCKET = [
    ("Connection", "Upgrade"),
    ("Upgrade", "WebSocket"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("Sec-WebSocket-Version", "13"),
]


@pytest.mark.parametrize(
    "condition, target, needs, harmless, what",
    [
        ("*", "ORIGIN", ("/", WEBSOCKET), ("/", [("Upgrade", "websocket")]), "WebSockets are not yet supported."),
        ("*", "ORIGIN,over_http,one_event", ("/", WEBSOCKET), ("/", []), "WebSockets are not yet supported."),
        ("*,sockjs=/sock,sockjs_as_path=/x", "ORIGIN", ("/sock/info", []), ("/x", []), "SockJS is not yet supported."),
        (
            "*,aco",
            "ORIGIN",
            ("/", [("Origin", "http://x")]),
            ("/?other=1", []),
            "Automatic cross-origin headers are not yet supported.",
        ),
        ("*,aco", "ORIGIN", ("/?a=b&callback=f", []), ("/", []), "JSON-P is not yet supported."),
        ("*,aco,jsonp_cb=cb", "ORIGIN", ("/?cb=f", []), ("/?callback=f", []), "JSON-P is not yet supported."),
        ("*", "zhttp/tcp://127.0.0.1:10000", ("/", []), None, "zhttp targets are not supported here."),
    ],
)
def test_features_that_do_not_exist_yet_are_501_for_those_who_need_them(
    start, condition, target, needs, harmless, what
):
    rig = start(routes=[f"{condition} {target}"])
    client = rig.connect()
    response = client.get(*needs)
    assert (response.status, response.text) == (501, what + "\n")
    if harmless:
        assert client.get(*harmless).status == 200
    assert len(rig.origin.requests) == (1 if harmless else 0)


@pytest.mark.parametrize(
    "condition, target",
    [
        ("*,session", "ORIGIN"),
        ("*,log_level=1", "ORIGIN"),
        ("*", "ORIGIN,insecure,trust_connect_host"),
        ("*,aco=false", "ORIGIN"),
    ],
)
def test_properties_without_effect_do_no_harm(start, condition, target):
    rig = start(routes=[f"{condition} {target}"])
    assert rig.get("/", [("Origin", "http://x")]).status == 200


def test_unsupported_properties_are_warnings_that_name_them(start):
    rig = start(
        routes=[
            "*,aco,session,sockjs=/s ORIGIN,over_http",
            "a.test,proto=ws ORIGIN",
            "b.test,pth_beg=/x ORIGIN,nonsense",
        ]
    )
    log = rig.daemon.log()
    for what in (
        "routes:1: 'aco' is not yet supported",
        "routes:1: 'session' is not yet supported",
        "routes:1: 'sockjs' is not yet supported",
        "routes:1: 'over_http' is not yet supported",
        "routes:2: 'proto=ws' is not yet supported",
        "routes:3: unknown property 'pth_beg' of the condition: did you mean 'path_beg'?",
        "routes:3: unknown property 'nonsense' of a target",
    ):
        assert what in log
    assert rig.get("/").status == 200


def test_a_failover_ends_at_a_target_that_needs_what_does_not_exist(start):
    rig = start(routes=[f"* 127.0.0.1:{free_port()} zhttp/tcp://127.0.0.1:{free_port()}"])
    client = rig.connect()
    client.send(request("GET", "/"))
    assert client.response().status == 501
