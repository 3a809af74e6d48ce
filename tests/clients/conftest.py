# SPDX-License-Identifier: Apache-2.0
"""Tests with what people really put around Holdfast: client libraries, a cache, a browser. `./test --all` installs them
under build/clients and runs this. The daemon and the plain clients are those of the black-box tests."""
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "blackbox"))

from programs import Program  # noqa: E402


@pytest.fixture
def stopping():
    """stopping(thing): a daemon or program that is stopped at the end of the test, the last one first."""
    things = []

    def add(thing):
        things.append(thing)
        return thing

    yield add
    failures = []
    for thing in reversed(things):
        try:
            thing.stop()
        except AssertionError as failure:
            failures.append(str(failure))
    assert not failures, "\n".join(failures)


@pytest.fixture
def run(stopping, tmp_path):
    """run(name, command, port=…): a program that is waited for until it listens, and its output kept."""
    return lambda name, command, **how: stopping(Program(name, command, tmp_path, **how)).start()
