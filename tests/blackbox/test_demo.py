# SPDX-License-Identifier: Apache-2.0
"""`holdfast demo`: one line, a page, and what the page lives on."""
import json
import os
import signal
import subprocess
import threading
import time

import pytest

from harness.client import Client
from harness.daemon import BAD_LINES, binary
from harness.messages import request
from harness.publisher import body_of, item
from harness.wait import TIMEOUT, eventually, free_port


class Demo:
    """A demo on ports of its own. Its output goes to files, so that nothing it writes can block it."""

    def __init__(self, directory, *arguments, host="127.0.0.1:", port=None, environment=None):
        self.out, self.err = directory / "out", directory / "err"
        self.port, self.control_port = port or free_port(), free_port()
        command = [binary(), "demo", "--port", f"{host}{self.port}",
                   "--control.http", f"http://127.0.0.1:{self.control_port}",
                   "--control.zmq_pull", f"tcp://127.0.0.1:{free_port()}",
                   "--control.zmq_sub", f"tcp://127.0.0.1:{free_port()}", *arguments]
        with open(self.out, "wb") as out, open(self.err, "wb") as err:
            self.process = subprocess.Popen(command, env=dict(os.environ, **(environment or {})), cwd=directory,
                                            stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        self.clients = []

    def ready(self):
        eventually(lambda: "Holdfast demo: " in self.out.read_text() or self.process.poll() is not None, "a demo")
        assert self.process.poll() is None, self.err.read_text()
        return self

    def connect(self, port=None):
        client = Client(port or self.port)
        self.clients.append(client)
        return client

    def get(self, target):
        return self.connect().get(target)

    def post(self, target, body=b""):
        return self.connect().ask("POST", target, body=body)

    def stream(self):
        """A stream whose first state has been read."""
        stream = self.connect().stream("/stream")
        assert stream.until(b"\n\n").startswith(b"retry: 1000\nid: ")
        return stream

    def publish(self, **formats):
        answer = self.connect(self.control_port).ask("POST", "/publish/", body=body_of(item("demo", **formats)))
        assert answer.status == 200, answer.body

    def stop(self):
        """Ends it as Ctrl-C does, with its clients still there; returns what it wrote to standard output."""
        try:
            self.process.send_signal(signal.SIGINT)
            status = self.process.wait(TIMEOUT)
            errors = self.err.read_text()
            assert status == 0 and not BAD_LINES.search(errors), f"exit status {status}: {errors[:5000]}"
            return self.out.read_text()
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            for client in self.clients:
                client.close()


@pytest.fixture
def start(tmp_path):
    demos = []

    def make(*arguments, **how):
        demos.append(Demo(tmp_path, *arguments, **how))
        return demos[-1]

    yield make
    for demo in demos:
        if demo.process.poll() is None:
            demo.stop()


@pytest.fixture
def demo(start):
    return start().ready()


def state(event):
    """The JSON of one state event, whose id must be its version."""
    lines = event.decode().split("\n")
    assert lines[1] == "event: state" and lines[2].startswith("data: ") and lines[3:] == ["", ""], event
    value = json.loads(lines[2][len("data: "):])
    assert lines[0] == f"id: {value['version']}", event
    return value


# ----------------------------------------------------------------------------------------------------- as a daemon


def test_it_writes_one_line_and_stops_quietly(start):
    demo = start().ready()
    stream = demo.stream()
    demo.post("/increment")
    stream.until(b"\n\n")
    assert demo.stop() == f"Holdfast demo: open http://127.0.0.1:{demo.port}/ (stop with Ctrl-C)\n"
    assert demo.err.read_text() == ""


def test_all_addresses_are_opened_as_localhost(start):
    demo = start(host="").ready()
    assert demo.get("/state").status == 200
    assert demo.stop() == f"Holdfast demo: open http://localhost:{demo.port}/ (stop with Ctrl-C)\n"


@pytest.mark.parametrize("how", [{"environment": {"HOLDFAST_LOG_LEVEL": "info", "HOLDFAST_LOG_ACCESS": "true"}},
                                 {"arguments": ["--log-level", "info", "--log.access", "true"]}])
def test_the_log_can_be_turned_on(start, how):
    demo = start(*how.pop("arguments", []), **how).ready()
    demo.get("/state")
    out = demo.stop()
    assert " is ready: " in out and "/state" in out


def test_a_port_in_use_ends_it_with_the_reason(start, demo):
    second = start(port=demo.port)
    assert second.process.wait(TIMEOUT) == 1
    assert "server.listen: cannot listen on" in second.err.read_text()
    assert second.out.read_text() == ""


def test_a_configuration_file_is_refused(start):
    demo = start("--config", "holdfast.toml")
    assert demo.process.wait(TIMEOUT) == 1
    assert "takes no configuration file" in demo.err.read_text()


def test_routes_can_be_given(start):
    demo = start("--route", "*,path_beg=/there demo", "--route", "* test").ready()
    assert demo.get("/").text == "Hello from the Holdfast test target\n"
    assert demo.get("/there/state").status == 200


# --------------------------------------------------------------------------------------------- what the page uses


def test_the_page_names_the_control_port(demo):
    page = demo.get("/")
    assert page.status == 200 and page.header("content-type") == "text/html; charset=utf-8"
    assert f"http://127.0.0.1:{demo.control_port}/publish/" in page.text


def test_a_change_reaches_streams_and_polls(demo):
    streams = [demo.stream(), demo.stream()]
    poll = demo.connect()
    poll.send(request("GET", "/poll?after=0"))
    answer = demo.post("/increment")
    assert answer.status == 200
    wanted = {"counter": 1, "messages": [], "version": 1}
    assert json.loads(answer.body) == wanted
    assert [state(stream.until(b"\n\n")) for stream in streams] == [wanted, wanted]
    polled = poll.response()
    assert polled.header("content-type") == "application/json" and json.loads(polled.body) == wanted


def test_a_message_stays_what_it_is(demo):
    stream = demo.stream()
    text = "<b>bold</b> \"quoted\" \\ naïve\nsecond line"
    assert demo.post("/message", text.encode()).status == 200
    assert state(stream.until(b"\n\n"))["messages"] == [{"text": text, "version": 1}]
    assert json.loads(demo.get("/state").body)["messages"][0]["text"] == text


@pytest.mark.parametrize("body, status", [(b"", 400), (b"\xff", 400), (b"x" * 501, 413), (b"x" * 1_000_000, 413)],
                         ids=["empty", "no text", "long", "very long"])
def test_a_bad_message_changes_nothing(demo, body, status):
    client = demo.connect()
    client.send(request("POST", "/message", body=body))
    assert client.response().status == status
    assert json.loads(demo.get("/state").body)["version"] == 0


def test_a_poll_that_is_behind_is_answered_at_once(demo):
    """What it is told is newer than what it has, so no hold of 25 s with the old state can have been in between."""
    demo.post("/increment")
    demo.post("/increment")
    for target in ("/poll?after=0", "/poll?after=1", "/poll", "/poll?after=3"):
        assert json.loads(demo.get(target).body)["version"] == 2


def test_no_update_is_lost_between_polls(start):
    """While somebody changes the state as fast as he can, a poller sees versions grow up to the last one."""
    changes = 200
    demo = start("--server.workers", "3").ready()

    def change():
        client = demo.connect()
        for _ in range(changes):
            assert client.ask("POST", "/increment", body=b"").status == 200

    changer = threading.Thread(target=change)
    changer.start()
    version = 0
    deadline = time.monotonic() + TIMEOUT
    while version < changes:
        assert time.monotonic() < deadline, f"no version after {version}"
        version = json.loads(demo.get(f"/poll?after={version}").body)["version"]
    changer.join()
    assert json.loads(demo.get("/state").body)["counter"] == changes


def test_streams_see_every_version_and_end_at_the_last(start):
    changes = 200
    demo = start("--server.workers", "3").ready()
    streams = [demo.stream() for _ in range(6)]
    client = demo.connect()
    for _ in range(changes):
        client.send(request("POST", "/increment", body=b""))
        client.response()
    for stream in streams:
        assert [state(stream.until(b"\n\n"))["version"] for _ in range(changes)] == list(range(1, changes + 1))


def test_what_is_published_past_the_origin_reaches_the_page(demo):
    stream, poll = demo.stream(), demo.connect()
    poll.send(request("GET", "/poll?after=0"))
    # Nobody keeps it, and only the answer tells that the poll was held: publish until it comes.
    arrived = threading.Event()

    def publish():
        while not arrived.is_set():
            demo.publish(stream="data: hello\n\n", response="hello\n")

    publisher = threading.Thread(target=publish)
    publisher.start()
    try:
        assert poll.response().body == b"hello\n"
        assert stream.until(b"\n\n") == b"data: hello\n\n"
    finally:
        arrived.set()
        publisher.join()


def test_streams_see_a_clean_end_when_it_stops(demo):
    stream = demo.stream()
    demo.process.send_signal(signal.SIGINT)
    assert stream.rest() == b""
    assert demo.process.wait(TIMEOUT) == 0


@pytest.mark.parametrize("method, target, status", [("GET", "/increment", 405), ("POST", "/", 405), ("GET", "/x", 404),
                                                    ("GET", "/poll?after=x", 400)])
def test_other_requests_are_refused(demo, method, target, status):
    assert demo.connect().ask(method, target).status == status
