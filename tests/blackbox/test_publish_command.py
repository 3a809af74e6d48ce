# SPDX-License-Identifier: Apache-2.0
"""`holdfast publish`: what it sends, what it says, and that it arrives."""
import base64
import hashlib
import hmac
import json
import os
import subprocess
import time

import pytest

from harness.daemon import binary
from harness.messages import answer
from harness.origin import Origin
from harness.wait import TIMEOUT, free_port


def run(*arguments, grip_url=None):
    env = {name: value for name, value in os.environ.items() if name != "GRIP_URL"}
    if grip_url is not None:
        env["GRIP_URL"] = grip_url
    return subprocess.run([binary(), "publish", *arguments], env=env, stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=TIMEOUT)


def publish(*arguments, **how):
    """One that must succeed."""
    done = run(*arguments, **how)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"Published\n", b"")


def refusal(*arguments, **how):
    """What one that must fail says."""
    done = run(*arguments, **how)
    assert (done.returncode, done.stdout) == (1, b""), done
    text = done.stderr.decode(errors="replace")
    assert text.startswith("Error: ") and text.count("\n") == 1, text
    return text[len("Error: "):-1]


@pytest.fixture
def control():
    """A control port that remembers what it is asked, and takes everything."""
    origin = Origin()
    origin.reply(None, body=b"Published\n")
    yield origin
    origin.stop()
    assert not origin.errors, origin.errors


def spec(server):
    return f"http://127.0.0.1:{server.port}"


def control_spec(rig):
    return f"http://127.0.0.1:{rig.daemon.control_port}"


def pull_spec(rig):
    return f"tcp://127.0.0.1:{rig.daemon.pull_port}"


# ------------------------------------------------------------------------------------------------- what it sends


def test_the_request(control):
    publish("news", "hello", "--id", "2", "--prev-id", "1", "--spec", spec(control))
    [request] = control.requests
    assert request.line == "POST /publish/ HTTP/1.1"
    assert request.header("host") == f"127.0.0.1:{control.port}"
    assert request.header("content-type") == "application/json"
    assert request.header("authorization") is None
    assert json.loads(request.body) == {"items": [{"channel": "news", "id": "2", "prev-id": "1", "formats": {
        "http-response": {"code": 200, "body": "hello\n"},
        "http-stream": {"content": "hello\n"},
        "ws-message": {"content": "hello"},
    }}]}


@pytest.mark.parametrize("path, target", [("", "/publish/"), ("/", "/publish/"), ("/realm/x/", "/realm/x/publish/"),
                                          ("/?a=b&verify-iss=x", "/publish/?a=b")])
def test_the_path_is_below_that_of_the_address(control, path, target):
    publish("news", "hello", grip_url=spec(control) + path)
    assert control.requests[0].target == target


def test_spec_wins_over_the_environment(control):
    publish("news", "hello", "--spec", spec(control), grip_url="http://127.0.0.1:1/")
    assert len(control.requests) == 1


def test_issuer_and_key_of_the_address_sign_a_token(control):
    before = int(time.time())
    publish("news", "hello", grip_url=spec(control) + "/?iss=me&key=base64:c2VjcmV0")
    scheme, token = control.requests[0].header("authorization").split(" ")
    head, claims, signature = token.split(".")

    def decoded(part):
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))

    assert scheme == "Bearer" and json.loads(decoded(head))["alg"] == "HS256"
    assert decoded(signature) == hmac.digest(b"secret", f"{head}.{claims}".encode(), hashlib.sha256)
    claims = json.loads(decoded(claims))
    assert set(claims) == {"iss", "exp"} and claims["iss"] == "me"
    assert before + 600 <= claims["exp"] <= time.time() + 600


@pytest.mark.parametrize("arguments, userinfo, query, wanted", [
    ([], "", "key=token", "Bearer token"),
    ([], "user:pass@", "", "Basic dXNlcjpwYXNz"),
    (["-u", "user:pass"], "", "key=token", "Basic dXNlcjpwYXNz"),
    (["--bearer", "other"], "user:pass@", "", "Bearer other"),
])
def test_credentials(control, arguments, userinfo, query, wanted):
    publish("news", "hello", *arguments, "--spec", f"http://{userinfo}127.0.0.1:{control.port}/?{query}")
    assert control.requests[0].header("authorization") == wanted


# -------------------------------------------------------------------------------------------------- that it arrives


@pytest.mark.parametrize("address", [control_spec, pull_spec])
def test_content_reaches_streams_and_polls(rig, address):
    channel = rig.name()
    stream, poll = rig.stream(channel), rig.poll(channel)
    publish(channel, "hello", "--code", "201", "-H", "X-A: b", "--spec", address(rig))
    assert stream.until(b"\n") == b"hello\n"
    response = poll.response()
    assert (response.status, response.header("x-a"), response.body) == (201, "b", b"hello\n")


@pytest.mark.parametrize("address", [control_spec, pull_spec])
def test_a_file_arrives_byte_by_byte(rig, address, tmp_path):
    channel = rig.name()
    stream, poll = rig.stream(channel), rig.poll(channel)
    content = bytes(range(256)) * 100
    (tmp_path / "content").write_bytes(content)
    publish(channel, f"@{tmp_path / 'content'}", "--spec", address(rig))
    assert poll.response().body == content
    publish(channel, "end", "--spec", address(rig))
    assert stream.until(b"end\n") == content + b"end\n"


@pytest.mark.parametrize("address", [control_spec, pull_spec])
def test_close_ends_streams(rig, address):
    channel = rig.name()
    stream = rig.stream(channel)
    publish(channel, "--close", "--spec", address(rig))
    assert stream.rest() == b""


def test_words_of_other_commands_are_only_words(rig):
    """Commands of the same names must not get in the way of channels and contents."""
    stream = rig.stream("check")
    publish("check", "demo", "--spec", control_spec(rig))
    assert stream.until(b"\n") == b"demo\n"
    publish("check", "--spec", control_spec(rig), "--", "--hint")
    assert stream.until(b"\n") == b"--hint\n"


def test_an_id_arrives_once(rig):
    channel = rig.name()
    stream = rig.stream(channel)
    for content in ("one", "again"):
        publish(channel, content, "--id", "1", "--spec", control_spec(rig))
    publish(channel, "two", "--id", "2", "--spec", control_spec(rig))
    assert stream.until(b"two\n") == b"one\ntwo\n"


# ------------------------------------------------------------------------------------------------- when it cannot


def test_what_the_server_refuses_is_told_in_its_words(rig):
    assert refusal("news", "--hint", "--spec", control_spec(rig)) == (
        f"{control_spec(rig)} answered 400: Invalid format: item 0: 'http-response': action 'hint' is not yet supported")
    assert "'body-patch' is not yet supported" in refusal("news", "[]", "--patch", "--spec", control_spec(rig))


def test_a_body_over_the_limit_is_told_by_the_server(rig, tmp_path):
    """The server answers before it has read everything."""
    (tmp_path / "content").write_bytes(b"x" * 3_000_000)
    assert " answered 413: " in refusal("news", f"@{tmp_path / 'content'}", "--spec", control_spec(rig))


@pytest.mark.parametrize("status", [201, 202, 204, 301, 401, 500, 503])
def test_only_200_is_success(control, status):
    control.reply(None, status, b"" if status == 204 else b"because of\x1b[31m\r\nthis\n", reason="Why",
                  framing="none" if status == 204 else "sized")
    wanted = "Why" if status == 204 else "because of [31m  this"
    assert refusal("news", "hello", "--spec", spec(control)) == f"{spec(control)} answered {status}: {wanted}"


@pytest.mark.parametrize("broken", [b"", b"HTTP/1.1 200 OK\r\nContent-Le", b"hello\r\n\r\n",
                                    b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nPubl"])
def test_a_broken_answer_is_no_success(control, broken):
    def handler(request, connection):
        connection.send(broken)
        connection.close()

    control.on(None, handler)
    assert f"cannot publish to {spec(control)}: " in refusal("news", "hello", "--spec", spec(control))


def test_nobody_listens():
    port = free_port()
    assert refusal("news", "x", grip_url=f"http://127.0.0.1:{port}/?key=token") == (
        f"cannot publish to http://127.0.0.1:{port}: Connection refused; is Holdfast running, and is that its control.http?")
    assert "nobody took it within 5 s" in refusal("news", "x", "--spec", f"tcp://127.0.0.1:{port}")


@pytest.mark.parametrize("address, why", [
    ("https://localhost:5561", "https:// is not yet supported"),
    ("localhost:5561", "must begin with http://"),
    ("tcp://nowhere", "cannot publish to tcp://nowhere: "),
    ("http://192.0.2.1/?iss=x&key=sesame", "over plain http"),
    ("http://user:sesame@example.com/", "over plain http"),
])
def test_addresses_that_are_refused(address, why):
    text = refusal("news", "hello", "--spec", address)
    assert why in text and "sesame" not in text


@pytest.mark.parametrize("arguments", [["news"], ["news", "@/nowhere/at/all"], ["news", "x", "-H", "no colon"],
                                       ["news", "{}", "--patch"], ["news", "x", "-M", b"a=\xff"]])
def test_items_that_cannot_be_made(control, arguments):
    assert refusal(*arguments, "--spec", spec(control))
    assert control.requests == []


@pytest.mark.parametrize("arguments", [[], ["news", "x", "y"], ["news", "x", "--nonsense"], ["news", "x", "--code", "99"],
                                       ["news", "x", "-u", "a:b", "-B", "t"], ["news", "--hint", "--close"]])
def test_bad_usage(arguments):
    done = run(*arguments)
    assert done.returncode == 1 and done.stdout == b"" and done.stderr
