# SPDX-License-Identifier: Apache-2.0
"""Certificates that change while the daemon runs."""
import os
import shutil
import signal
import threading

import pytest

from harness.certificates import Pair, name_of
from harness.messages import request
from harness.wait import eventually


class Site:
    """A daemon whose certificates are copies that a test may replace."""

    def __init__(self, start, authority, directory, **how):
        self.authority = authority
        self.tls = authority.client()
        self.tls.check_hostname = False  # the tests tell certificates apart by their names
        self.own = Pair(str(directory / "own.crt"), str(directory / "own.key"))
        self.put(authority.issue("first.test"))
        self.rig = start(tls=self.own, **how)

    def put(self, pair):
        for source, target in zip(pair, self.own):
            shutil.copy(source, target + ".new")
            os.replace(target + ".new", target)

    def shown(self, server_name="localhost"):
        client = self.rig.connect(tls=self.tls, server_name=server_name)
        name = name_of(client.sock.getpeercert())
        client.close()
        return name

    def shows(self, name, server_name="localhost"):
        eventually(lambda: self.shown(server_name) == name, f"the certificate of {name}")


@pytest.fixture
def site(start, authority, tmp_path):
    return Site(start, authority, tmp_path)


def test_new_files_are_read_and_nobody_is_disconnected(site):
    rig = site.rig
    stream = rig.stream("c", tls=site.tls)
    client = rig.connect(tls=site.tls)
    site.put(site.authority.issue("second.test"))
    site.shows("second.test")
    rig.publish("c", stream="still here\n")
    assert stream.until(b"here\n") == b"still here\n"
    assert client.get("/x").status == 200
    site.put(site.authority.issue("third.test"))
    rig.daemon.signal(signal.SIGHUP)
    site.shows("third.test")


def test_sessions_outlive_new_certificates(site):
    first = site.rig.connect(tls=site.tls)
    assert first.get("/x").status == 200
    site.put(site.authority.issue("second.test"))
    site.shows("second.test")
    assert site.rig.connect(tls=site.tls, session=first.sock.session).sock.session_reused


@pytest.mark.parametrize("by", ["change", "SIGHUP"])
def test_a_bad_pair_leaves_the_old_one(site, by):
    rig = site.rig
    second, other = site.authority.issue("second.test"), site.authority.issue("other.test")
    site.put(second._replace(key=other.key))
    if by == "SIGHUP":
        rig.daemon.signal(signal.SIGHUP)
        rig.daemon.wait_log(r"nothing was reloaded \(SIGHUP\)")
    rig.daemon.wait_log(r"tls: [^\n]*own\.key[^\n]*mismatch")
    assert site.shown() == "first.test"
    site.put(second)
    site.shows("second.test")


def test_a_file_that_is_gone_leaves_the_old_one(site):
    os.remove(site.own.cert)
    site.rig.daemon.wait_log(r"certificates not reloaded \(file changed\)")
    assert site.shown() == "first.test"
    site.put(site.authority.issue("second.test"))
    site.shows("second.test")


def test_a_directory_gains_and_loses_hosts(start, authority, tmp_path):
    hosts = tmp_path / "hosts"
    hosts.mkdir()
    site = Site(start, authority, tmp_path, config={"tls": {"directory": str(hosts)}})
    assert site.shown("more.test") == "first.test"
    more = authority.issue("more.test", directory=hosts, file="more.test")
    site.shows("more.test", "more.test")
    os.remove(more.cert)
    site.shows("first.test", "more.test")


def test_swapped_under_load(site):
    """Clients come and go, and others stay, while certificates change: every request is answered."""
    rig = site.rig
    stop = threading.Event()
    failures, served = [], [0] * 6

    def come_and_go(number):
        while not stop.is_set():
            client = rig.connect(tls=site.tls)
            response = client.get("/come")
            client.close()
            assert response.status == 200
            served[number] += 1

    def stay(number):
        client = rig.connect(tls=site.tls)
        while not stop.is_set():
            client.send(request("GET", "/stay") * 5)
            for _ in range(5):
                assert client.response().status == 200
            served[number] += 1

    def guarded(work, number):
        try:
            work(number)
        except Exception as failure:
            failures.append(failure)

    threads = [threading.Thread(target=guarded, args=(work, n)) for n, work in enumerate([come_and_go, stay] * 3)]
    for thread in threads:
        thread.start()
    try:
        for version in range(6):
            before = list(served)
            site.put(site.authority.issue(f"version-{version}.test"))
            if version % 2:
                rig.daemon.signal(signal.SIGHUP)
            site.shows(f"version-{version}.test")
            eventually(lambda: failures or all(now > then for now, then in zip(served, before)), "more requests")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not failures, failures
