# SPDX-License-Identifier: Apache-2.0
"""Credentials of HTTP control: every way in, and that nothing is published by any other."""
import base64
import os
import re
import signal
import subprocess
import time

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from harness.client import Client
from harness.daemon import binary
from harness.messages import chunk, request
from harness.publisher import body_of, item
from harness.wait import TIMEOUT, eventually, free_port

TOKEN, OTHER = "a-token-of-the-tests", "another-one-of/the+tests="
SECRET = b"a secret of the tests that is long"
RSA, EC = rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())


def public_pem(key):
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


@pytest.fixture(scope="module")
def key_files(tmp_path_factory):
    directory = tmp_path_factory.mktemp("keys")
    (directory / "rsa.pem").write_bytes(public_pem(RSA))
    (directory / "ec.pem").write_bytes(public_pem(EC))
    return directory


@pytest.fixture
def guarded(start, key_files):
    return start({"control": {"tokens": [TOKEN, OTHER], "jwt_keys": [
        {"iss": "realm", "key": "base64:" + base64.b64encode(SECRET).decode()},
        {"iss": "rsa", "key": f"file:{key_files}/rsa.pem"},
        {"iss": "ec", "key": f"file:{key_files}/ec.pem"},
    ]}})


def basic(pair):
    return "Basic " + base64.b64encode(pair.encode()).decode()


def token(key=SECRET, algorithm="HS256", **claims):
    return "Bearer " + jwt.encode({"iss": "realm", "exp": int(time.time()) + 600, **claims}, key, algorithm)


def publish(rig, channel, text, *headers):
    return rig.post_control(body_of(item(channel, stream=text)), headers=headers)


class Listener:
    """A stream, to see what has been published and what has not."""

    def __init__(self, rig):
        self.rig, self.channel = rig, rig.name("c")
        self.stream = rig.stream(self.channel)

    def expect(self, text):
        assert publish(self.rig, self.channel, "mark\n", ("Fastly-Key", TOKEN)).status == 200
        assert self.stream.until(b"mark\n").decode() == text + "mark\n"


def expect_401(response, *, why):
    assert response.status == 401
    assert response.all("www-authenticate") == ['Bearer realm="holdfast"', 'Basic realm="holdfast"']
    assert response.header("content-type") == "text/plain"
    assert response.body.decode().startswith(f"Unauthorized: {why}"), response.body


def test_every_way_in(guarded):
    listener = Listener(guarded)
    ways = [("Authorization", f"Bearer {TOKEN}"), ("authorization", f"bearer {OTHER}"),
            ("Authorization", basic(f"user:{TOKEN}")), ("Authorization", basic(f":{OTHER}")),
            ("Fastly-Key", TOKEN), ("fastly-key", OTHER),
            ("Authorization", token()), ("Authorization", token(nbf=int(time.time()) - 5)),
            ("Authorization", token(RSA, "RS256", iss="rsa")), ("Authorization", token(EC, "ES256", iss="ec")),
            # As Python's pubcontrol writes it.
            ("Authorization", "Basic " + repr(base64.b64encode(f"user:{TOKEN}".encode())))]
    for way in ways:
        response = publish(guarded, listener.channel, ".", way)
        assert (response.status, response.body) == (200, b"Published\n"), way
    listener.expect("." * len(ways))


def test_no_other_way(guarded):
    listener = Listener(guarded)
    now = int(time.time())
    unknown = "the token is not one that is known"
    foreign = "the JWT is not signed by a key that is known for its issuer"
    malformed = "the JWT is malformed"
    stranger = rsa.generate_private_key(65537, 2048)
    none = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    confused = jwt.api_jws.encode(b'{"iss":"rsa","exp":%d}' % (now + 600), SECRET, "HS256")
    for value, why in [
        ("", "Authorization is not"), (TOKEN, "Authorization is not"), ("Bearer", "Authorization is not"),
        (f"Digest {TOKEN}", "the scheme of Authorization"), (f"Token {TOKEN}", "the scheme of Authorization"),
        ("Bearer wrong", unknown), (f"Bearer {TOKEN}x", unknown), (f"Bearer {TOKEN[:-1]}", unknown),
        (f"Bearer {TOKEN},{OTHER}", unknown), (f"Bearer {TOKEN.upper()}", unknown),
        (basic(f"{TOKEN}:user"), unknown), (basic(TOKEN), "the Basic credentials"), ("Basic !", "the Basic credentials"),
        (token(b"another secret that is long enough"), foreign), (token(iss="nobody"), foreign),
        (token(iss="rsa"), foreign), (f"Bearer {confused}", foreign), (token(stranger, "RS256", iss="rsa"), foreign),
        (token(RSA, "RS256", iss="ec"), foreign), (token(algorithm="HS384"), foreign),
        (token(exp=now - 60), "the JWT has expired"), (token(nbf=now + 600), "the JWT is not valid yet"),
        ("Bearer " + jwt.encode({"iss": "realm"}, SECRET), malformed), ("Bearer a.b.c", malformed),
        ("Bearer " + none + token().split()[1][token().split()[1].index("."):], foreign),
    ]:
        expect_401(publish(guarded, listener.channel, "never", ("Authorization", value)), why=why)
    expect_401(publish(guarded, listener.channel, "never"), why="no credential is given")
    expect_401(publish(guarded, listener.channel, "never", ("Fastly-Key", "wrong")), why=unknown)
    good = ("Authorization", f"Bearer {TOKEN}")
    for two in ([good, good], [good, ("Authorization", "Bearer x")], [good, ("Fastly-Key", TOKEN)]):
        expect_401(publish(guarded, listener.channel, "never", *two), why="more than one credential")
    listener.expect("")


@pytest.mark.parametrize("method, path", [("GET", "/"), ("POST", "/publish"), ("POST", "/realm/x/publish/"),
                                          ("PUT", "/publish/"), ("POST", "/recover"), ("GET", "/nowhere"),
                                          ("POST", "/healthz"), ("GET", "/publish/?healthz"), ("OPTIONS", "*")])
def test_every_resource_is_guarded(guarded, method, path):
    expect_401(guarded.post_control(b"{}", path, method=method), why="no credential")


def test_a_health_check_needs_none(guarded):
    response = guarded.post_control(None, "/healthz", method="GET")
    assert (response.status, response.body) == (200, b"OK\n")


def test_the_connection_goes_on_behind_a_refusal(guarded):
    listener = Listener(guarded)
    client = guarded.connect_control()
    for _ in range(3):
        expect_401(client.ask("POST", "/publish/", body=body_of(item(listener.channel, stream="never"))), why="no cred")
        good = [("Authorization", f"Bearer {TOKEN}")]
        assert client.ask("POST", "/publish/", good, body_of(item(listener.channel, stream="."))).status == 200
    listener.expect("...")


@pytest.mark.parametrize("framing", [("Content-Length", "900000"), ("Transfer-Encoding", "chunked")])
def test_a_refusal_does_not_wait_for_the_body(guarded, framing):
    client = guarded.connect_control()
    client.send(request("POST", "/publish/", [framing, ("Expect", "100-continue"), ("Authorization", "Bearer wrong")]))
    response = client.response()
    expect_401(response, why="the token")
    assert response.interim == [] and response.header("connection") == "close"
    assert client.to_end() == b""


def test_what_follows_of_a_body_is_no_request(guarded):
    """The end of the body looks like a publish with a good token."""
    listener = Listener(guarded)
    smuggled = request("POST", "/publish/", [("Fastly-Key", TOKEN)], body_of(item(listener.channel, stream="never")))
    client = guarded.connect_control()
    client.send(request("POST", "/publish/", [("Content-Length", str(100000 + len(smuggled)))]))
    expect_401(client.response(), why="no credential")
    client.send(b"x" * 100000 + smuggled)
    assert client.to_end() == b""
    client = guarded.connect_control()
    client.send(request("POST", "/publish/", [("Transfer-Encoding", "chunked")]) + chunk(b"x" * 1000))
    expect_401(client.response(), why="no credential")
    client.send(smuggled)
    assert client.to_end() == b""
    listener.expect("")


def test_a_body_over_the_limit_is_refused_all_the_same(guarded):
    client = guarded.connect_control()
    client.send(request("POST", "/publish/", [("Content-Length", "100000000")]))
    response = client.response()
    assert response.status == 413 and client.to_end() == b""


def test_refusals_are_logged_without_the_secret(guarded):
    publish(guarded, "c", "x", ("Authorization", "Bearer sesame-sesame"))
    line = guarded.daemon.wait_log(r"control request refused: .*")[0]
    assert re.search(r"the token is not one that is known: conn=\S+:\S+ peer=127.0.0.1 POST /publish/$", line)
    for way in (("Fastly-Key", "sesame"), ("Authorization", basic("x:sesame")), ("Authorization", "sesame sesame"),
                ("Authorization", f"Bearer {TOKEN}")):
        publish(guarded, "c", "x", way)
    log = guarded.daemon.log()
    assert "sesame" not in log and TOKEN not in log and basic("x:sesame") not in log


# ------------------------------------------------------------------------------------------------------- rotation


def rewrite(daemon, old, new):
    text = daemon.config_path.read_text()
    assert old in text
    daemon.config_path.write_text(text.replace(old, new))


def reload(daemon):
    before = daemon.log().count("SIGHUP")
    daemon.signal(signal.SIGHUP)
    eventually(lambda: daemon.log().count("SIGHUP") > before, "an answer to SIGHUP")


def test_tokens_are_replaced_without_a_restart(start):
    rig = start({"control": {"tokens": [TOKEN]}})
    client = rig.connect_control()

    def status(secret):
        return client.ask("POST", "/publish/", [("Fastly-Key", secret)], b'{"items": []}').status

    assert (status(TOKEN), status(OTHER)) == (200, 401)
    rewrite(rig.daemon, f'["{TOKEN}"]', f'["{TOKEN}", "{OTHER}"]')
    reload(rig.daemon)
    assert (status(TOKEN), status(OTHER)) == (200, 200)
    rewrite(rig.daemon, f'["{TOKEN}", "{OTHER}"]', f'["{OTHER}"]')
    reload(rig.daemon)
    assert (status(TOKEN), status(OTHER)) == (401, 200)


@pytest.mark.parametrize("bad", ['[""]', '["blank "]', f'["{TOKEN}"]\njwt_keys = [{{ iss = "x", key = "file:none" }}]'])
def test_bad_credentials_leave_the_old_ones(start, bad):
    rig = start({"control": {"tokens": [TOKEN]}})
    rewrite(rig.daemon, f'["{TOKEN}"]', bad)
    reload(rig.daemon)
    assert "nothing was reloaded" in rig.daemon.log()
    assert publish(rig, "c", "x", ("Fastly-Key", TOKEN)).status == 200
    assert publish(rig, "c", "x").status == 401


def test_an_open_listener_keeps_its_credentials(start):
    """The new configuration would be fine, but its listener is there only after a restart."""
    port = free_port()
    rig = start({"control": {"tokens": [TOKEN], "http": f"http://0.0.0.0:{port}"}})
    rewrite(rig.daemon, f'http = "http://0.0.0.0:{port}"', f'http = "http://127.0.0.1:{port}"')
    rewrite(rig.daemon, f'tokens = ["{TOKEN}"]', "tokens = []")
    reload(rig.daemon)
    log = rig.daemon.log()
    assert "is open to other machines and asks for no credentials" in log and "nothing was reloaded" in log
    client = Client(port)
    assert client.ask("POST", "/publish/", body=b'{"items": []}').status == 401
    client.close()


# -------------------------------------------------------------------------------------------- start, and the command


def test_short_secrets_are_a_warning(start):
    rig = start({"control": {"tokens": ["short"]}})
    assert "[control] tokens: one secret is shorter than 16 bytes" in rig.daemon.log()
    assert publish(rig, "c", "x", ("Fastly-Key", "short")).status == 200


@pytest.mark.parametrize("control, why", [
    ({"tokens": [""]}, "[control] tokens: the value is not a token: it is empty"),
    ({"tokens": [TOKEN, ""]}, "[control] tokens: the value is not a token: it is empty"),
    ({"jwt_keys": [{"iss": "x", "key": "file:none.pem"}]}, 'control.jwt_keys: the key of iss "x": key file '),
    ({"jwt_keys": [{"iss": "", "key": "x"}]}, "[control] jwt_keys: an entry has an empty iss or key"),
])
def test_bad_credentials_do_not_start(fails_to_start, control, why):
    assert why in fails_to_start({"control": control})


def command(rig, *arguments, **environment):
    env = {name: value for name, value in os.environ.items() if name != "GRIP_URL"}
    done = subprocess.run([binary(), "publish", "c", "x", *arguments], env={**env, **environment}, capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=TIMEOUT, text=True)
    return done.stdout if done.returncode == 0 else done.stderr


def test_the_publish_command(guarded):
    url = f"http://127.0.0.1:{guarded.daemon.control_port}/"
    key = base64.b64encode(SECRET).decode().replace("+", "%2B")
    for arguments, environment in [
        (["--spec", url, "-B", TOKEN], {}),
        (["--spec", url, "-u", f"x:{TOKEN}"], {}),
        (["--spec", f"{url}?key={TOKEN}"], {}),
        ([], {"GRIP_URL": f"{url}?iss=realm&key=base64:{key}"}),
        (["--spec", url], {"HOLDFAST_CONTROL_TOKENS": f"{TOKEN},x"}),
    ]:
        assert command(guarded, *arguments, **environment) == "Published\n"
    for arguments in (["--spec", url], ["--spec", url, "-B", "sesame"], ["--spec", f"{url}?iss=realm&key=sesame"]):
        text = command(guarded, *arguments)
        assert text.startswith("Error: ") and "Unauthorized: " in text and "sesame" not in text, text
