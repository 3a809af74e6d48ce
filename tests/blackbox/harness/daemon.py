# SPDX-License-Identifier: Apache-2.0
"""The daemon under test: its configuration, its process, and what it leaves behind."""
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from .wait import TIMEOUT, eventually, free_ports

# What must never be in a log: failed assertions, and what sanitizers say.
BAD_LINES = re.compile(r"bug:|(Address|Leak|Thread|Memory|UndefinedBehavior)Sanitizer|runtime error:")
SIG_KEY = "a key of the tests"


def binary():
    path = os.environ.get("HOLDFAST_BIN")
    if not path:
        raise RuntimeError("HOLDFAST_BIN must name the holdfast binary")
    return os.path.abspath(path)


def toml_value(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml_value(member)}" for key, member in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    return json.dumps(value)  # the JSON of these is TOML


def to_toml(sections):
    lines = []
    for section, keys in sections.items():
        lines.append(f"[{section}]")
        lines += [f"{key} = {toml_value(value)}" for key, value in keys.items()]
    return "\n".join(lines) + "\n"


class Daemon:
    """`config` is merged into a configuration that listens on free ports of loopback. `routes` may be None: no file.
    `workers`: for tests that depend on their number; others run with any (HOLDFAST_SERVER_WORKERS). `within`: a command
    that runs it, as in a namespace of its own. `descriptors`: its limit. `host`: the address for clients. `tls`: a
    certificate pair, for a second listener that does TLS."""

    def __init__(self, routes, config=None, *, workers=None, arguments=(), environment=None, within=(),
                 descriptors=None, host="127.0.0.1", tls=None):
        self.directory = Path(tempfile.mkdtemp(prefix="holdfast-test-"))
        self.routes_path = self.directory / "routes"
        self.config_path = self.directory / "holdfast.toml"
        self.log_path = self.directory / "output.log"
        self.config = config or {}
        self.arguments = ["--server.workers", str(workers)] * bool(workers) + list(arguments)
        self.environment = environment or {}
        self.within = [*within, *(["prlimit", f"--nofile={descriptors}:{descriptors}"] if descriptors else [])]
        self.host = host
        self.tls = tls
        self.process = None
        if routes is not None:
            self.write_routes(routes)
        self.choose_ports()

    def choose_ports(self):
        (self.port, self.tls_port, self.control_port, self.pull_port, self.sub_port,
         self.admin_port) = free_ports(6)
        self._write_config()

    def _write_config(self):
        sections = {
            "server": {"listen": [f"http://{self.host}:{self.port}"], "drain_seconds": 30},
            "control": {
                "http": f"http://127.0.0.1:{self.control_port}",
                "zmq_pull": [f"tcp://127.0.0.1:{self.pull_port}"],
                "zmq_sub": [f"tcp://127.0.0.1:{self.sub_port}"],
            },
            "admin": {"listen": f"http://127.0.0.1:{self.admin_port}"},
            "proxy": {"routes_file": "routes"},
            "grip": {"sig_key": SIG_KEY},
        }
        if self.tls:
            sections["server"]["listen"].append(f"https://127.0.0.1:{self.tls_port}")
            sections["tls"] = {"cert": self.tls.cert, "key": self.tls.key}
        for section, keys in self.config.items():
            sections.setdefault(section, {}).update(keys)
        self.config_path.write_text(to_toml(sections))

    def change(self, section, **keys):
        """Changes the configuration file; the daemon reads it at SIGHUP."""
        self.config.setdefault(section, {}).update(keys)
        self._write_config()

    def write_routes(self, lines):
        self.routes_path.write_text("".join(line + "\n" for line in lines))

    def start(self):
        # A port that was free a moment ago may have gone to somebody else's outgoing connection: choose again.
        for attempt in range(5):
            self.launch()
            eventually(lambda: " is ready: " in self.log() or self.process.poll() is not None, "a daemon that is ready")
            if self.process.poll() is None:
                return self
            if "Address already in use" not in self.log():
                break
            self.choose_ports()
        status, log = self.process.returncode, self.log()
        self.discard()
        raise AssertionError(f"the daemon ended with status {status} before it was ready:\n{log[-3000:]}")

    def launch(self):
        env = dict(os.environ, **self.environment)
        # Freed memory that a sanitizer keeps would drown what the tests of back-pressure measure.
        env["ASAN_OPTIONS"] = ":".join(filter(None, [env.get("ASAN_OPTIONS"), "quarantine_size_mb=4"]))
        with open(self.log_path, "wb") as log:
            command = [*self.within, binary(), "--config", str(self.config_path), *self.arguments]
            self.process = subprocess.Popen(command, env=env, cwd=self.directory, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=subprocess.STDOUT)

    def log(self):
        """Everything that it has said; where it was told to write to a file, that as well."""
        paths = [self.log_path]
        if name := self.config.get("log", {}).get("file"):
            paths.append(self.directory / name)
        return "".join(path.read_text(errors="replace") for path in paths if path.exists())

    def wait_log(self, pattern, count=1):
        """Waits until the log has `count` matches, and returns the last of them."""
        found = eventually(lambda: (m := list(re.finditer(pattern, self.log()))) and len(m) >= count and m,
                           f"{pattern!r} in the log {count} times")
        return found[count - 1]

    def signal(self, number):
        self.process.send_signal(number)

    def running(self):
        return self.process is not None and self.process.poll() is None

    def resident_kib(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])

    def cpu_ticks(self):
        """What all of its threads have worked so far, in hundredths of a second."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    def exhaust_descriptors(self):
        """From now on it gets none; those that are open stay."""
        taken = {int(name) for name in os.listdir(f"/proc/{self.process.pid}/fd")}
        self._limit_descriptors(min(set(range(len(taken) + 1)) - taken))

    def release_descriptors(self):
        self._limit_descriptors(None)

    def _limit_descriptors(self, most):
        pid, which = self.process.pid, resource.RLIMIT_NOFILE
        hard = resource.prlimit(pid, which)[1]
        resource.prlimit(pid, which, (hard if most is None else most, hard))

    def reconfigure(self, **sections):
        """Changes keys of the file, sections by name, and has them taken."""
        for section, keys in sections.items():
            self.change(section, **keys)
        self.reload()

    def reload(self):
        """Lets the daemon read its configuration, and waits until every core has it."""
        before = self.log().count("(SIGHUP)")
        self.signal(signal.SIGHUP)
        eventually(lambda: self.log().count("(SIGHUP)") > before, "an answer to SIGHUP")

    def wait_exit(self):
        return self.process.wait(TIMEOUT)

    def stop(self):
        """Ends it as an operator would, and checks what it leaves behind."""
        if self.process is None:
            return
        try:
            if self.running():
                self.signal(signal.SIGTERM)
            status = self.wait_exit()
            log = self.log()
            bad = BAD_LINES.search(log)
            where = max(0, bad.start() - 500) if bad else -3000
            assert status == 0 and not bad, f"exit status {status}; log:\n{log[where:][:6000]}"
        finally:
            self.discard()

    def discard(self):
        """Ends it, whatever it is doing, and leaves nothing behind."""
        if self.running():
            self.process.kill()
            self.process.wait()
        self.process = None
        shutil.rmtree(self.directory, ignore_errors=True)
