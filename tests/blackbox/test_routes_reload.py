# SPDX-License-Identifier: Apache-2.0
"""The routes file: read at start, watched, and read again without anybody who is connected noticing."""
import os
import signal
import subprocess

import pytest

from harness.daemon import binary
from harness.messages import answer, request
from harness.wait import eventually, free_port


class Watched:
    """A daemon whose routes say which version they are, with a stream and a long-poll that are held all the while."""

    def __init__(self, start):
        self.rig = start(routes=["*,header=X-Version:1 ORIGIN"])
        self.channel = self.rig.name("c")
        self.stream = self.rig.stream(self.channel)
        self.poll = self.rig.poll(self.channel)
        self.client = self.rig.connect()
        assert self.version() == "1"

    def line(self, version):
        return f"*,header=X-Version:{version} 127.0.0.1:{self.rig.origin.port}\n"

    def replace(self, text):
        """Changes the file at one stroke: nobody ever sees half of it."""
        path = self.rig.daemon.routes_path
        new = path.with_suffix(".new")
        new.write_text(text)
        os.replace(new, path)

    def version(self):
        response = self.client.get("/version")
        return self.rig.origin.requests[-1].header("x-version") if response.status == 200 else response.text

    def becomes(self, version):
        eventually(lambda: self.version() == version, f"routes of version {version}")

    def held_are_still_there(self):
        self.rig.publish(self.channel, stream="m\n", response="p")
        assert self.stream.until(b"\n") == b"m\n"
        assert self.poll.response().body == b"p"
        self.rig.send_poll(self.poll, self.rig.hold_response(self.channel))


@pytest.fixture
def watched(start):
    return Watched(start)


def test_a_rewrite_an_atomic_rename_and_what_is_not_a_change(watched):
    watched.rig.daemon.routes_path.write_text(watched.line(2))
    watched.becomes("2")
    watched.replace(watched.line(3))
    watched.becomes("3")
    watched.held_are_still_there()
    log = watched.rig.daemon.log()
    assert log.count("(file changed)") == 2 and "routes loaded with 1 entries" in log


def test_a_symlink_swap_as_config_maps_do_it(start):
    """routes -> data/routes, data -> version-N; the link data is replaced as a whole."""
    rig = start(routes=["* ORIGIN"])
    directory = rig.daemon.directory
    for version in ("1", "2"):
        (directory / f"version-{version}").mkdir()
        (directory / f"version-{version}" / "routes").write_text(
            f"*,header=X-Version:{version} 127.0.0.1:{rig.origin.port}\n"
        )
    (directory / "data").symlink_to("version-1")
    (directory / "link").symlink_to("data/routes")
    os.replace(directory / "link", rig.daemon.routes_path)
    client = rig.connect()

    def version():
        client.get("/")
        return rig.origin.requests[-1].header("x-version")

    eventually(lambda: version() == "1", "the routes behind the link")
    (directory / "data-new").symlink_to("version-2")
    os.replace(directory / "data-new", directory / "data")
    eventually(lambda: version() == "2", "the routes behind the swapped link")


def test_a_bad_line_keeps_the_whole_old_table(watched):
    path = watched.rig.daemon.routes_path
    path.write_text(watched.line(2) + "other.test,path_beg=relative 127.0.0.1:1\n")
    watched.rig.daemon.wait_log(r"routes:2: path_beg: the path 'relative' does not begin with '/'")
    watched.rig.daemon.wait_log(r"routes not reloaded \(file changed\)")
    assert watched.version() == "1"
    watched.held_are_still_there()
    path.write_text(watched.line(3))
    watched.becomes("3")


def test_a_file_that_goes_away_keeps_the_old_table(watched):
    path = watched.rig.daemon.routes_path
    path.unlink()
    watched.rig.daemon.wait_log(r"routes file .*No such file")
    watched.rig.daemon.wait_log(r"routes not reloaded \(file changed\): the routes stay as they were")
    assert watched.version() == "1"
    watched.held_are_still_there()
    path.write_text(watched.line(2))
    watched.becomes("2")


def test_sighup_reloads_at_once_and_disconnects_nobody(watched):
    """Twenty times; those that are bad change nothing."""
    daemon = watched.rig.daemon
    for n in range(2, 22):
        bad = n % 5 == 0
        watched.replace(watched.line(n) + ("bad line with\n" if bad else ""))
        loaded = daemon.log().count("(SIGHUP)")
        daemon.signal(signal.SIGHUP)
        eventually(lambda: daemon.log().count("(SIGHUP)") > loaded, "an answer to SIGHUP")
        if not bad:
            watched.becomes(str(n))
    watched.held_are_still_there()


def test_a_request_under_way_keeps_its_route(watched):
    rig = watched.rig
    path, go_on = rig.path(), []

    def handler(request, connection):
        eventually(lambda: go_on, "the routes have changed")
        return answer(body=b"old route")

    rig.origin.on(path, handler)
    client = rig.connect()
    client.send(request("GET", path))
    rig.origin.wait_for(path)
    rig.daemon.write_routes(["nobody.test 127.0.0.1:1"])
    rig.daemon.signal(signal.SIGHUP)
    watched.becomes("Route not found\n")
    go_on.append(True)
    assert client.response().body == b"old route"
    rig.publish(watched.channel, stream="m\n")
    assert watched.stream.until(b"\n") == b"m\n"


def test_requests_go_on_while_routes_are_swapped_again_and_again(watched):
    rig = watched.rig
    for n in range(60):
        watched.replace(watched.line(n % 2 + 1))
        rig.daemon.signal(signal.SIGHUP)
        for _ in range(5):
            assert watched.version() in ("1", "2")
    watched.held_are_still_there()


# -------------------------------------------------------------------------------------------------------- at start


def test_a_bad_line_at_start_is_skipped_and_named(start):
    rig = start(
        routes=[
            "a.test ORIGIN",
            "b.test",
            "c.test,header=NoColon ORIGIN",
            "d.test ORIGIN:x",
            "e.test,proto=ftp ORIGIN",
            'f.test,x="open ORIGIN',
            "* ORIGIN",
        ]
    )
    log = rig.daemon.log()
    for number, what in [
        (2, "a route is a condition and one or more targets"),
        (3, "header: header= has no colon"),
        (4, "is not a target"),
        (5, "proto: 'ftp' is neither 'http' nor 'ws'"),
        (6, "a quote is not closed"),
    ]:
        assert f"error routes: {rig.daemon.routes_path}:{number}: " in log and what in log
    assert "routes loaded with 2 entries" in log
    assert rig.get("/", host="a.test").status == rig.get("/").status == 200


@pytest.mark.parametrize(
    "name, what",
    [
        (
            "no-such-file",
            "no-such-file: No such file or directory; create it, or name another one in proxy.routes_file",
        ),
        (".", "Is a directory"),
    ],
)
def test_a_file_that_cannot_be_read_at_start_is_fatal(fails_to_start, name, what):
    log = fails_to_start({"proxy": {"routes_file": name}})
    assert "error routes file " in log and what in log


def test_routes_of_flags_and_of_the_environment_replace_the_file(start):
    port = free_port()
    rig = start(routes=["* ORIGIN"], arguments=["--route", "a.test test", "--route", f"b.test 127.0.0.1:{port}"])
    assert [rig.get("/", host=h).status for h in ("a.test", "b.test", "c.test")] == [200, 502, 502]
    rig = start(environment={"HOLDFAST_ROUTES": "a.test test\nb.test test"})
    assert [rig.get("/", host=h).text[:5] for h in ("a.test", "b.test", "c.test")] == ["Hello", "Hello", "Route"]


def test_a_key_of_a_route_that_cannot_be_read(start):
    rig = start(routes=["a.test,sig_key=file:no-such-key ORIGIN", "* ORIGIN"])
    assert "sig_key" in rig.daemon.log() and ":1: " in rig.daemon.log()
    assert rig.get("/").status == 200


def test_check_reports_bad_lines_and_fails(tmp_path):
    (tmp_path / "holdfast.toml").write_text('[grip]\nsig_key = "x"\n')
    (tmp_path / "routes").write_text("* test\nb.test\na.test,aco test\n")
    result = subprocess.run(
        [binary(), "check", "--config", str(tmp_path / "holdfast.toml")], capture_output=True, text=True
    )
    assert result.returncode == 1
    assert f"{tmp_path}/routes:2: a route is a condition" in result.stderr
    assert f"warning: {tmp_path}/routes:3: 'aco' is not yet supported" in result.stdout
