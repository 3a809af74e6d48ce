# SPDX-License-Identifier: Apache-2.0
"""curl, httpx, node's fetch and Chromium on a stream that is held over TLS; each checks the certificate."""
import base64
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from browser import Browser
from harness.certificates import Authority
from harness.daemon import Daemon
from harness.origin import Origin
from harness.rig import Rig
from harness.wait import eventually
from programs import installed

SCRIPTS = Path(__file__).parent / "tls_clients"
PAGE = b"""<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>events</title><pre id="log"></pre><script>
const log = document.getElementById('log')
new EventSource('/events').onmessage = event => log.append(event.data + '\\n')
</script>"""


class Site(Rig):
    def __init__(self, authority):
        origin = Origin()
        self.pair = authority.issue("localhost")
        self.ca = str(authority.path)
        super().__init__(Daemon([f"* 127.0.0.1:{origin.port}"], tls=self.pair), origin)
        self.daemon.start()
        self.url = f"https://localhost:{self.daemon.tls_port}"
        self.hold_stream("news", path="/stream")
        self.hold_stream("news", path="/events", body=b"data: open\n\n", headers=[("Content-Type", "text/event-stream")])
        self.origin.reply("/page", body=PAGE, headers=[("Content-Type", "text/html")])

    def stop(self):
        self.close()
        self.origin.stop()
        self.daemon.stop()


@pytest.fixture
def site(stopping, tmp_path):
    return stopping(Site(Authority(tmp_path)))


@pytest.mark.parametrize("client", ["curl", "httpx", "node"])
def test_a_held_stream(site, client, tmp_path):
    url = f"{site.url}/stream"
    command = {
        "curl": ["curl", "--silent", "--show-error", "--fail", "--no-buffer", "--cacert", site.ca, url],
        "httpx": [installed("httpx/bin/python"), SCRIPTS / "httpx_stream.py", url, site.ca],
        "node": [shutil.which("node"), SCRIPTS / "fetch_stream.mjs", url],
    }[client]
    with open(tmp_path / "errors", "wb") as errors, subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=errors, env=dict(os.environ, NODE_EXTRA_CA_CERTS=site.ca)
    ) as process:
        assert process.stdout.readline() == b"open\n", (tmp_path / "errors").read_text()
        for n in range(100):
            site.publish("news", stream=f"message {n}\n")
        for n in range(100):
            assert process.stdout.readline() == b"message %d\n" % n
        site.publish("news", close=True)
        assert process.stdout.read() == b""
        assert process.wait() == 0, (tmp_path / "errors").read_text()
    assert site.origin.requests[-1].header("x-forwarded-proto") == "https"


def test_event_source_in_chromium(site, stopping, tmp_path):
    with open(site.pair.cert, "rb") as file:
        key = x509.load_pem_x509_certificate(file.read()).public_key()
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pin = base64.b64encode(hashlib.sha256(der).digest()).decode()
    browser = stopping(Browser(f"{site.url}/page", tmp_path / "profile",
                               [f"--ignore-certificate-errors-spki-list={pin}"]))
    eventually(lambda: browser.text("#log") == "open", "the stream is open")
    for n in range(20):
        site.publish("news", stream=f"data: message {n}\n\n")
    wanted = "\n".join(["open", *(f"message {n}" for n in range(20))])
    eventually(lambda: browser.text("#log") == wanted, "all messages on the page")
    assert not browser.errors()
