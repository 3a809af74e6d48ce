# SPDX-License-Identifier: Apache-2.0
"""Debian's Prometheus scrapes the daemon, and its own linter reads what it is given."""
import json
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import pytest

from harness.admin import Admin
from harness.client import Client
from harness.daemon import Daemon
from harness.publisher import body_of, item
from harness.wait import TIMEOUT, eventually, free_port

CONFIG = """
global:
  scrape_interval: 200ms
  scrape_timeout: 200ms
scrape_configs:
  - job_name: holdfast
    static_configs:
      - targets: ["127.0.0.1:{port}"]
"""


@pytest.fixture
def daemon(stopping):
    return stopping(Daemon(["* test"]).start())


@pytest.fixture
def prometheus(run, daemon, tmp_path):
    """prometheus(expression): the values, by labels, that it has now."""
    port = free_port()
    config = tmp_path / "prometheus.yml"
    config.write_text(CONFIG.format(port=daemon.admin_port))
    run("prometheus", ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'tsdb'}",
                       f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"], port=port)

    eventually(lambda: is_ready(port), "Prometheus is ready")

    def query(expression):
        url = f"http://127.0.0.1:{port}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
        with urllib.request.urlopen(url, timeout=TIMEOUT) as answer:
            return [(r["metric"], float(r["value"][1])) for r in json.load(answer)["data"]["result"]]

    return query


def is_ready(port):
    """It listens before it can answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=TIMEOUT) as answer:
            return answer.status == 200
    except urllib.error.URLError:
        return False


def values(query, expression):
    return [value for _, value in query(expression)]


def test_it_is_scraped(daemon, prometheus):
    eventually(lambda: values(prometheus, "up") == [1.0], "the daemon is up")
    for i in range(3):
        answer = Client(daemon.control_port).ask("POST", "/publish/", body=body_of(item("c", stream=f"{i}")))
        assert answer.status == 200
    eventually(lambda: values(prometheus, "holdfast_published_total") == [3.0], "three items have been published")
    assert values(prometheus, "holdfast_ready") == [1.0]
    assert values(prometheus, 'holdfast_limit{limit="server.header_max_bytes"}') == [65536.0]
    eventually(lambda: values(prometheus, "histogram_quantile(0.5, rate(holdfast_loop_turn_seconds_bucket[1m])) < 1"),
               "the median of the turns")
    # Everything that is exposed has been taken in; OpenMetrics' counters go by the name of their samples.
    names = {metric["__name__"] for metric, _ in prometheus('{__name__=~"holdfast_.*"}')}
    shown = {family.name + suffix for family in Admin(daemon).metrics().families.values()
             for suffix, _ in family.samples}
    assert names == shown


def test_promtool_has_nothing_to_say(daemon):
    text = Admin(daemon).ask("GET", "/metrics", headers=[("Accept", "text/plain")]).body
    result = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, timeout=TIMEOUT)
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")
