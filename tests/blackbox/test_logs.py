# SPDX-License-Identifier: Apache-2.0
"""What the log looks like as JSON, where it goes, and what becomes of it when files are moved, disks are full and nobody
reads."""
import json
import os
import re
import resource
import shutil
import signal
import stat
import subprocess
import threading

import pytest

from harness.client import Client
from harness.daemon import Daemon, binary
from harness.messages import request
from harness.wait import eventually, free_port

TEXT_LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (error|warning|info|debug|access) \S.*\n")


def json_lines(text):
    """Every line is one object, and there is nothing else."""
    assert text.endswith("\n") and text.isascii()
    lines = [json.loads(line) for line in text.splitlines()]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["ts"]) for line in lines)
    return lines


def wait_for_line(read, **members):
    def find():
        for line in read().splitlines(keepends=True):
            if line.endswith("\n") and members.items() <= json.loads(line).items():
                return json.loads(line)
        return None

    return eventually(find, f"a line with {members}")


# ------------------------------------------------------------------------------------------------------------- forms


def test_json(start):
    rig = start({"log": {"format": "json"}}, routes=["*,id=blue ORIGIN", f"down.test,id=down 127.0.0.1:{free_port()}"])
    rig.get("/fine?a=1")
    rig.get("/x", host="down.test")
    channel = rig.name("c")
    stream = rig.stream(channel)
    rig.publish(channel, close=True)
    stream.rest()
    access = wait_for_line(rig.daemon.log, msg="access", target="/fine?a=1")
    assert re.fullmatch(r"[0-9a-f]{8}:[0-9a-f]+", access.pop("conn")) and isinstance(access.pop("ms"), int)
    access.pop("ts")
    assert access == {
        "level": "info", "msg": "access", "peer": "127.0.0.1", "method": "GET", "host": "test", "target": "/fine?a=1",
        "route": "blue", "code": 200, "bytes": len("default\n"), "end": "finished",
    }
    failed = wait_for_line(rig.daemon.log, msg="access", code=502)
    assert failed.items() >= {"route": "down", "end": "origin-failed", "cause": "connect"}.items()
    warning = wait_for_line(rig.daemon.log, msg="origin failed (giving up)")
    assert warning.items() >= {
        "level": "warn", "cause": "connect", "route": "down", "conn": failed["conn"], "method": "GET", "target": "/x",
    }.items()
    assert warning["origin"].startswith("127.0.0.1:") and "Connection refused" in warning["detail"]
    assert wait_for_line(rig.daemon.log, msg="access", end="published")["hold"] == "stream"
    rig.daemon.signal(signal.SIGTERM)
    rig.daemon.wait_exit()
    lines = json_lines(rig.daemon.log())
    assert lines[-1]["msg"] == "access" or lines[-1]["msg"].startswith("stopped: ")


def test_text(start):
    rig = start(routes=["*,id=blue ORIGIN", f"down.test 127.0.0.1:{free_port()}"])
    rig.get("/fine")
    rig.get("/x", host="down.test")
    rig.daemon.wait_log(
        r"warning origin failed \(giving up\): cause=connect target=127.0.0.1:\d+ detail=\"127.0.0.1:\d+: Connection "
        r"refused\" route=- conn=\S+ GET /x\n"
    )
    rig.daemon.wait_log(r" access .*/x ")
    assert all(TEXT_LINE.fullmatch(line) for line in rig.daemon.log().splitlines(keepends=True)), rig.daemon.log()


@pytest.mark.parametrize("form", ["text", "json"])
def test_nobody_forges_a_line(start, form):
    rig = start({"log": {"format": form}})
    evil = 'a"\\x'
    rig.origin.reply(None, headers=[("Grip-Hold", "\x1b[31m\xff\"maybe\\")], body=b"")
    client = rig.connect()
    client.send(request("GET", f"/{evil}", host='h'))
    client.response()
    eventually(lambda: "access" in rig.daemon.log(), "the access log's line")
    rig.daemon.signal(signal.SIGTERM)
    rig.daemon.wait_exit()
    log = rig.daemon.log()
    assert "\x1b" not in log
    if form == "json":
        assert f"/{evil}" in [line.get("target") for line in json_lines(log)]
    else:
        assert all(TEXT_LINE.fullmatch(line) for line in log.splitlines(keepends=True)), log


SECRETS = ["s1g-key-0", "bearer-0", "basic-0", "cookie-0"]


def test_no_secrets(start):
    rig = start({"log": {"level": "trace"}, "grip": {"sig_key": "s1g-key-0"}}, routes=["*,debug ORIGIN"])
    rig.origin.reply("/bad", headers=[("Grip-Hold", "maybe"), ("Set-Cookie", "cookie-0")])
    headers = [("Authorization", "Bearer bearer-0"), ("Cookie", "cookie-0"), ("Fastly-Key", "basic-0")]
    rig.get("/bad", headers)
    rig.post_control(b'{"items": [{"bearer-0"', headers=headers)
    rig.post_control(b"x", path="/nothing", headers=headers)
    rig.daemon.wait_log(r"bad instructions: .* /bad\n")
    rig.daemon.wait_log(r" access .*/nothing ")
    rig.daemon.wait_log(r" access .*/publish/ ")
    assert not [secret for secret in SECRETS if secret in rig.daemon.log()]


def test_lines_about_a_client_name_its_connection_and_its_route(start):
    rig = start({"grip": {"connection_subscription_max": 1}}, routes=["*,id=blue ORIGIN"])
    rig.origin.reply("/bad", headers=[("Grip-Hold", "maybe")])
    rig.get("/bad")
    rig.stream("a", "b")
    who = r"route=blue conn=[0-9a-f]+:[0-9a-f]+"
    rig.daemon.wait_log(rf"bad instructions: cause=grip target=\S+ detail=\".*\" {who} GET /bad\n")
    rig.daemon.wait_log(rf"channels cut: .* reached: {who} /stream")


# ------------------------------------------------------------------------------------------------------------- files


def test_files_of_their_own(start):
    mask = os.umask(0o022)
    try:
        rig = start({"log": {"file": "holdfast.log", "access_file": "logs-access.log"}})
    finally:
        os.umask(mask)
    log, access = rig.daemon.directory / "holdfast.log", rig.daemon.directory / "logs-access.log"
    assert rig.get("/x").status == 200
    eventually(lambda: "/x route=" in access.read_text(), "a line in the access log")
    assert " access " not in log.read_text() and " is ready: " in log.read_text()
    assert rig.daemon.log_path.read_text() == "", "and nothing on standard output"
    assert [stat.S_IMODE(path.stat().st_mode) for path in (log, access)] == [0o640, 0o640]
    assert all(TEXT_LINE.fullmatch(line) for path in (log, access) for line in path.open())


def test_one_file_for_both_and_what_was_there_stays(start, tmp_path):
    path = tmp_path / "both.log"
    path.write_text("from before\n")
    rig = start({"log": {"file": str(path)}})
    rig.get("/x")
    eventually(lambda: " access " in path.read_text(), "a line of the access log")
    assert path.read_text().startswith("from before\n") and " is ready: " in path.read_text()


@pytest.mark.parametrize("key", ["file", "access_file"])
def test_a_file_that_cannot_be_opened(fails_to_start, key):
    log = fails_to_start({"log": {key: "no/such/directory.log"}})
    assert re.search(rf"^holdfast: log.{key}: cannot open \S+/no/such/directory.log: No such file or directory$", log, re.M)


def test_moved_away_and_opened_again(start):
    """As logrotate does it, under load: every line is in one of the files, and whole."""
    rig = start({"log": {"file": "holdfast.log", "access_file": "access.log"}}, workers=2)
    directory = rig.daemon.directory
    stop = threading.Event()
    asked = []

    def ask(name):
        client = rig.connect()
        count = 0
        while not stop.is_set():
            assert client.get(f"/{name}-{count}").status == 200
            count += 1
        asked.append((name, count))

    threads = [threading.Thread(target=ask, args=(f"t{i}",)) for i in range(4)]
    for thread in threads:
        thread.start()
    try:
        for round_ in range(1, 6):
            for name in ("holdfast.log", "access.log"):
                (directory / name).rename(directory / f"{name}.{round_}")
            rig.daemon.signal(signal.SIGUSR1)
            eventually(lambda: (directory / "access.log").exists() and (directory / "access.log").stat().st_size > 0,
                       "lines in the new file")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    rig.daemon.signal(signal.SIGTERM)
    rig.daemon.wait_exit()
    assert "log files opened again (SIGUSR1)" in (directory / "holdfast.log").read_text()
    lines = [line for path in directory.glob("access.log*") for line in path.open()]
    assert all(TEXT_LINE.fullmatch(line) for line in lines)
    targets = sorted(re.search(r" GET test(\S+) ", line)[1] for line in lines)
    assert targets == sorted(f"/{name}-{i}" for name, count in asked for i in range(count))


def test_a_file_that_cannot_be_opened_again_stays(start, tmp_path):
    (tmp_path / "logs").mkdir()
    rig = start({"log": {"file": str(tmp_path / "logs/holdfast.log")}})
    (tmp_path / "logs").rename(tmp_path / "gone")
    rig.daemon.signal(signal.SIGUSR1)
    error = "log file not opened again (SIGUSR1): log.file: cannot open "
    eventually(lambda: error in (tmp_path / "gone/holdfast.log").read_text(), "an error in the old file")
    assert rig.get("/").status == 200


def test_sigusr1_without_files_is_harmless(start):
    rig = start()
    rig.daemon.signal(signal.SIGUSR1)
    rig.daemon.wait_log(r"log files opened again \(SIGUSR1\)")
    assert rig.get("/").status == 200


# ----------------------------------------------------------------------------------------------- outputs that are full


def test_a_full_disk_is_survived(start):
    """Lines are lost, none is cut in two, and everybody is served."""
    rig = start({"log": {"file": "holdfast.log", "access_file": "access.log"}}, workers=1)
    access = rig.daemon.directory / "access.log"
    client = rig.connect()
    limit = access.stat().st_size + 1000
    resource.prlimit(rig.daemon.process.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    for i in range(50):
        assert client.get(f"/full-{i}").status == 200
        if access.stat().st_size >= limit:
            break
    eventually(lambda: access.stat().st_size >= limit, "a full disk")
    assert client.get("/while-full").status == 200
    resource.prlimit(rig.daemon.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert client.get("/behind").status == 200
    eventually(lambda: "/behind route=" in access.read_text(), "the access log goes on")
    whole = [line for line in access.open() if TEXT_LINE.fullmatch(line) and " end=" in line]
    assert len(access.read_text().splitlines()) - len(whole) <= 1, "the line that the disk cut stands alone"
    assert any("/while-full route=" in line for line in whole), "what waited is written"


@pytest.mark.parametrize("form", ["text", "json"])
def test_nobody_reads_the_output(form):
    """A pipe that is full for good: the daemon goes on."""
    daemon = Daemon(["* test"], {"log": {"format": form}}, workers=1)
    reader, writer = os.pipe()
    try:
        daemon.process = subprocess.Popen([binary(), "--config", str(daemon.config_path)], cwd=daemon.directory,
                                          stdin=subprocess.DEVNULL, stdout=writer, stderr=subprocess.STDOUT)
        os.close(writer)
        said = b""
        while b" is ready: " not in said:
            said += os.read(reader, 4096)
        client = Client(daemon.port)
        for _ in range(20):
            client.send(request("GET", "/?" + "x" * 1500) * 50)
            for _ in range(50):
                assert client.response().status == 200
        client.close()
        daemon.signal(signal.SIGTERM)
        assert daemon.wait_exit() == 0
        while part := os.read(reader, 65536):
            said += part
        lines = said.decode().splitlines(keepends=True)
        if form == "json":
            assert len(json_lines(said.decode())) > 10
        else:
            assert len(lines) > 10 and all(TEXT_LINE.fullmatch(line) for line in lines)
    finally:
        os.close(reader)
        daemon.discard()


def test_the_logrotate_example_of_the_documents(start, tmp_path):
    """docs/logs.md has a configuration of logrotate: it is run as it stands, with this test's paths and pid."""
    logrotate = shutil.which("logrotate", path=os.environ.get("PATH", "") + ":/usr/sbin")
    assert logrotate, "install logrotate (scripts/packages.sh)"
    document = (os.path.dirname(__file__)) + "/../../docs/logs.md"
    with open(document) as text:
        example = re.search(r"```logrotate\n(.*?)```", text.read(), re.S)[1]
    rig = start({"log": {"file": "holdfast.log", "access_file": "access.log"}})
    directory = rig.daemon.directory
    directory.chmod(0o755)
    assert "/var/log/holdfast/" in example and "systemctl kill -s USR1 holdfast" in example
    example = example.replace("/var/log/holdfast/", f"{directory}/")
    example = example.replace("systemctl kill -s USR1 holdfast", f"kill -USR1 {rig.daemon.process.pid}")
    example = example.replace("    su holdfast holdfast\n", "")
    configuration = tmp_path / "logrotate.conf"
    configuration.write_text(example)
    configuration.chmod(0o644)
    rig.get("/old")
    access = directory / "access.log"
    eventually(lambda: access.exists() and "/old route=" in access.read_text(), "a line")
    done = subprocess.run([logrotate, "--force", "--state", str(tmp_path / "state"), str(configuration)],
                          capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done
    eventually(lambda: access.exists() and (directory / "holdfast.log").exists(), "new files")
    rig.get("/new")
    eventually(lambda: "/new route=" in access.read_text(), "a line in the new file")
    assert "/old route=" in (directory / "access.log.1").read_text() and "/old route=" not in access.read_text()
