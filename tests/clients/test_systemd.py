# SPDX-License-Identifier: Apache-2.0
"""The unit as systemd's own tools see it. What it starts is in tests/blackbox/test_service_notify.py."""
import re
import subprocess

from harness.daemon import binary
from programs import ROOT

UNIT = ROOT / "packaging/holdfast.service"


def analyze(*arguments):
    run = subprocess.run(["systemd-analyze", *map(str, arguments)], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout + run.stderr


def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path):
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("ExecStart=holdfast ", f"ExecStart={binary()} "))
    assert str(unit) not in analyze("verify", "--man=no", unit)


def test_the_unit_exposes_little():
    level = re.search(r"exposure level for holdfast\.service: ([\d.]+)", analyze("security", "--offline=yes", UNIT))
    assert float(level[1]) < 2
