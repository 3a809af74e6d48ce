# SPDX-License-Identifier: Apache-2.0
"""Fixtures. `rig` is a daemon that the tests of a file share, each with paths and channels of its own; `start` makes a
private one with another configuration. Both check at the end that the daemon stopped in order."""
import pytest

from harness.certificates import Authority
from harness.daemon import Daemon
from harness.origin import Origin
from harness.rig import Rig


def pytest_assertrepr_compare(op, left, right):
    """Bodies of megabytes are told apart by their sizes."""
    if isinstance(left, bytes) and isinstance(right, bytes) and max(len(left), len(right)) > 5000:
        return [f"bytes of {len(left)} {op} bytes of {len(right)}"]
    return None


@pytest.fixture(scope="module")
def routes():
    """The routes of a file's shared daemon; files with other wishes have a fixture of their own."""
    return ["* ORIGIN"]


@pytest.fixture(scope="module")
def options():
    """Other options of that daemon."""
    return {}


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    """Issues certificates."""
    return Authority(tmp_path_factory.mktemp("certificates"))


def with_origin(lines, origin):
    address = f"unix:{origin.path}" if origin.path else f"127.0.0.1:{origin.port}"
    return [line.replace("ORIGIN", address) for line in lines]


@pytest.fixture(scope="module")
def shared(routes, options):
    origin = Origin()
    daemon = Daemon(with_origin(routes, origin), **options)
    try:
        yield Rig(daemon.start(), origin)
    finally:
        origin.stop()
        daemon.stop()


@pytest.fixture
def rig(shared):
    shared.origin.forget()
    yield shared
    shared.close()
    assert shared.daemon.running(), shared.daemon.log()[-5000:]


@pytest.fixture
def start():
    """start(config, routes=[...], ...): a rig of this test alone. "ORIGIN" in routes stands for its origin."""
    rigs = []

    def make(config=None, *, routes=("* ORIGIN",), origin=None, **how):
        own = Rig(None, origin or Origin())
        rigs.append(own)
        own.daemon = Daemon(with_origin(routes, own.origin), config, **how)
        own.daemon.start()
        return own

    yield make
    failures = []
    for own in rigs:
        for end in (own.close, own.daemon.stop, own.origin.stop):
            try:
                end()
            except AssertionError as failure:
                failures.append(str(failure))
    assert not failures, "\n".join(failures)


@pytest.fixture
def fails_to_start():
    """fails_to_start(config, ...): the log of a daemon that ended with status 1 before it was ready."""
    def launch(config=None, *, routes=("* test",), **how):
        daemon = Daemon(list(routes), config, **how)
        daemon.launch()
        try:
            status, log = daemon.wait_exit(), daemon.log()
        finally:
            daemon.discard()
        assert status == 1 and " is ready: " not in log, f"exit status {status}:\n{log}"
        return log

    return launch


@pytest.fixture
def origins():
    """origins(): one more origin, for routes with several targets."""
    made = []

    def make(**how):
        made.append(Origin(**how))
        return made[-1]

    yield make
    for origin in made:
        origin.stop()
        assert not origin.errors, "\n".join(origin.errors)
