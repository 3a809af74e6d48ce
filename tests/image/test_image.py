# SPDX-License-Identifier: Apache-2.0
"""The image that scripts/image.sh made: its files, run as a container engine would with a read-only root. The daemon is
process 1 of its own namespaces, has no capabilities, and shares no network with us."""
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness.wait import TIMEOUT, eventually

ROOT = Path(__file__).resolve().parents[2]
IMAGE = Path(os.environ["HOLDFAST_IMAGE_ROOT"])
CONFIG = json.loads(os.environ["HOLDFAST_IMAGE_INSPECTED"])["Docker"]["config"]
TOKEN = "a token of the tests"
# The root is read-only, as with `docker run --read-only`; of /dev there is what programs expect.
RUN = """
mount --bind "$ROOT" "$ROOT"
mount -t proc proc "$ROOT/proc"
mount -t tmpfs -o size=64k tmpfs "$ROOT/dev"
for device in null zero urandom; do touch "$ROOT/dev/$device"; mount --bind /dev/$device "$ROOT/dev/$device"; done
mount -o remount,ro,bind "$ROOT"
ip link set lo up
exec chroot --userspec="$AS" "$ROOT" /usr/bin/env -i $ENVIRONMENT "$@"
"""


class Container:
    def __init__(self, directory, *arguments, environment=None):
        variables = dict(entry.split("=", 1) for entry in CONFIG.get("Env") or []) | (environment or {})
        self.log_path = directory / "output.log"
        command = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "setpriv", "--no-new-privs",
                   "sh", "-euc", RUN.replace("$ENVIRONMENT", " ".join(f"'{k}={v}'" for k, v in variables.items())),
                   "sh", *CONFIG["Entrypoint"], *(arguments or CONFIG["Cmd"])]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                                            env=dict(os.environ, ROOT=str(IMAGE), AS=CONFIG["User"]))
        self.helpers = []

    def log(self):
        return self.log_path.read_text(errors="replace")

    def wait_ready(self):
        eventually(lambda: " is ready: " in self.log() or self.process.poll() is not None, "a daemon that is ready")
        assert self.process.poll() is None, self.log()
        return self

    def pid(self):
        """The daemon's, as we see it: the only child of unshare."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(children[0])

    def inside(self, *command):
        """A command of ours that sees the container's network."""
        return ["nsenter", "-t", str(self.pid()), "-n", *map(str, command)]

    def curl(self, *arguments):
        run = subprocess.run(self.inside("curl", "-sS", "-m", TIMEOUT, *arguments), capture_output=True, text=True)
        return run.stdout if run.returncode == 0 else f"failed: {run.stderr}"

    def start(self, *command):
        self.helpers.append(subprocess.Popen(self.inside(*command), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                             stdin=subprocess.DEVNULL, text=True))
        return self.helpers[-1]

    def listeners(self):
        """address:port of every TCP listener."""
        run = subprocess.run(self.inside("ss", "-Hltn"), capture_output=True, text=True, check=True)
        return {line.split()[3] for line in run.stdout.splitlines()}

    def stop(self):
        os.kill(self.pid(), getattr(signal, CONFIG.get("StopSignal") or "SIGTERM"))
        return self.process.wait(TIMEOUT)

    def discard(self):
        for helper in self.helpers:
            helper.kill()
            helper.wait()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def run(tmp_path):
    made = []

    def make(*arguments, **how):
        directory = tmp_path / str(len(made))
        directory.mkdir()
        made.append(Container(directory, *arguments, **how))
        return made[-1]

    yield make
    for container in made:
        container.discard()


def status_of(container, *arguments):
    return container.curl("-o", "/dev/null", "-w", "%{http_code}", *arguments)


def item(text):
    return json.dumps({"items": [{"channel": "news", "formats": {"http-stream": {"content": text}}}]})


def test_it_starts_as_it_is_and_opens_nothing_but_the_port_of_clients(run):
    container = run().wait_ready()
    outside = {address for address in container.listeners() if not address.startswith(("127.", "[::1]", "[::ffff:127."))}
    assert outside == {"0.0.0.0:7999"}
    # The one origin of the shipped routes file is not there.
    assert status_of(container, "http://127.0.0.1:7999/") == "502"
    assert container.stop() == 0


def test_it_is_nobody_with_no_power(run):
    container = run().wait_ready()
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{container.pid()}/status").read_text().splitlines())
    assert status["Uid"].split() == ["10001"] * 4 and status["Gid"].split() == ["10001"] * 4
    assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0 and status["NoNewPrivs"] == "1"
    assert container.stop() == 0


def test_requests_and_publishes_with_a_token_are_served(run):
    """The origin of the README stands beside it, where the shipped routes file looks for it."""
    container = run(environment={"HOLDFAST_CONTROL_HTTP": "http://0.0.0.0:5561", "HOLDFAST_CONTROL_TOKENS": TOKEN,
                                 "HOLDFAST_GRIP_SIG_KEY": "key"}).wait_ready()
    container.start(sys.executable, ROOT / "examples/origin.py")
    eventually(lambda: status_of(container, "http://127.0.0.1:7999/") == "200", "the origin answers")
    stream = container.start("curl", "-sSN", "http://127.0.0.1:7999/stream")
    assert stream.stdout.readline() == ": open\n" and stream.stdout.readline() == "\n"
    control = "http://127.0.0.1:5561/publish/"
    assert status_of(container, "-d", item("data: stolen\n\n"), control) == "401"
    assert status_of(container, "-H", "Authorization: Bearer wrong", "-d", item("data: stolen\n\n"), control) == "401"
    assert container.curl("-H", f"Authorization: Bearer {TOKEN}", "-d", item("data: hello\n\n"), control) == "Published\n"
    assert stream.stdout.readline() == "data: hello\n"
    assert container.stop() == 0
    assert stream.stdout.read() == "\n"
    assert TOKEN not in container.log()


def test_control_that_others_reach_needs_a_credential(run):
    container = run(environment={"HOLDFAST_CONTROL_HTTP": "http://0.0.0.0:5561"})
    assert container.process.wait(TIMEOUT) == 1
    assert "control" in container.log() and "credentials" in container.log()


def test_routes_from_the_environment_replace_the_file(run):
    container = run(environment={"HOLDFAST_ROUTES": "* test"}).wait_ready()
    assert status_of(container, "http://127.0.0.1:7999/") == "200"


def test_the_health_check_says_what_is(run):
    """HEALTHCHECK's command, as an engine would run it: in the container, as its user."""
    container = run().wait_ready()
    check = CONFIG["Healthcheck"]["Test"]
    assert check[0] == "CMD"
    inside = ["nsenter", "-t", str(container.pid()), "-n", "-m", "-r", "-p", "-S", "10001", "-G", "10001", *check[1:]]
    healthy = subprocess.run(inside, capture_output=True, text=True, timeout=TIMEOUT)
    assert healthy.returncode == 0, healthy.stderr
    off = run(environment={"HOLDFAST_ADMIN_LISTEN": ""}).wait_ready()
    inside[2] = str(off.pid())
    unhealthy = subprocess.run(inside, capture_output=True, text=True, timeout=TIMEOUT, env={"HOLDFAST_ADMIN_LISTEN": ""})
    assert unhealthy.returncode == 1 and "admin.listen" in unhealthy.stderr


def test_check_and_version_run_as_arguments(run):
    for arguments in (["check", "--config", "/etc/holdfast/holdfast.toml"], ["--version"]):
        container = run(*arguments)
        assert container.process.wait(TIMEOUT) == 0, container.log()


def test_the_image_says_what_an_engine_needs_to_know():
    assert CONFIG["User"] == "10001:10001" and CONFIG["StopSignal"] == "SIGTERM"
    assert set(CONFIG["ExposedPorts"]) == {"7999/tcp", "5561/tcp"}
    assert CONFIG["Labels"]["org.opencontainers.image.licenses"] == "Apache-2.0"
    assert not list(IMAGE.glob("var/lib/apt/lists/*")) and not (IMAGE / "tmp/packages.sh").exists()
