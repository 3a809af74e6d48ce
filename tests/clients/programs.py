# SPDX-License-Identifier: Apache-2.0
"""Other people's programs, as child processes."""
import os
import signal
import socket
import subprocess
from pathlib import Path

from harness.wait import TIMEOUT, eventually

ROOT = Path(__file__).resolve().parents[2]
INSTALLED = Path(os.environ.get("HOLDFAST_CLIENTS", ROOT / "build/clients"))


def installed(name):
    path = INSTALLED / name
    assert path.exists(), f"{path} is missing: `./test --all` installs it"
    return path


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


class Program:
    """`port`: where it listens once it is ready."""

    def __init__(self, name, command, directory, *, port, environment=None):
        self.name = name
        self.command = [str(word) for word in command]
        self.port = port
        self.environment = environment
        self.directory = directory
        self.log_path = directory / f"{name}.log"
        self.process = None

    def start(self):
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(self.command, cwd=self.directory, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=subprocess.STDOUT, env=dict(os.environ, **(self.environment or {})))
        eventually(lambda: listens(self.port) or self.process.poll() is not None, f"{self.name} listens")
        assert self.process.poll() is None, f"{self.name} ended:\n{self.log()[-3000:]}"
        return self

    def log(self):
        return self.log_path.read_text(errors="replace")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(TIMEOUT)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
