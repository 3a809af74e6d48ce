# SPDX-License-Identifier: Apache-2.0
"""What is shipped beside the program: it parses, its settings are settings of the program, and it hides no secret."""
import configparser
import re
import subprocess
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ["docker/Dockerfile", "docker/compose.yaml", "docker/env.example", "packaging/holdfast.service",
           "docs/operations.md", "README.md", "scripts/image.sh"]
OTHER_VARIABLES = {"HOLDFAST_ROUTES"}
# Of the build and the tests, not of the program.
BUILD_VARIABLES = re.compile(r"HOLDFAST_(TESTS|FUZZ|SANITIZE|VERSION|BIN|IMAGE\w*)$")


def text(name):
    return (ROOT / name).read_text()


def keys():
    """section.key of every key: those of the configuration that shows all of them, commented out or not."""
    out, section = set(), None
    for line in text("config/holdfast.toml").splitlines():
        if found := re.match(r"\[(\w+)\]$", line):
            section = found[1]
        elif found := re.match(r"(?:# )?(\w+) = ", line):
            out.add(f"{section}.{found[1]}")
    return out


def variables():
    return {"HOLDFAST_" + key.replace(".", "_").upper() for key in keys()} | OTHER_VARIABLES


def unit():
    parser = configparser.ConfigParser(strict=False, interpolation=None, comment_prefixes=("#", ";"))
    parser.optionxform = str
    parser.read_string(text("packaging/holdfast.service"))
    return parser


def compose():
    return yaml.safe_load(text("docker/compose.yaml"))


def default(section, key):
    return tomllib.loads(text("config/holdfast.toml"))[section][key]


def test_variables_that_are_named_exist():
    known, wrong = variables(), []
    for name in SHIPPED:
        for variable in re.findall(r"\bHOLDFAST_[A-Z0-9_]+\b", text(name)):
            if variable not in known and not BUILD_VARIABLES.match(variable):
                wrong.append(f"{name}: {variable}")
    assert not wrong, "\n".join(wrong)


def test_keys_that_the_operations_manual_names_exist():
    known = keys()
    sections = "|".join(sorted({key.split(".")[0] for key in known}))
    named = re.findall(rf"`(?:--)?((?:{sections})\.[a-z0-9_]+)\b", text("docs/operations.md"))
    assert len(named) > 30
    wrong = sorted({key for key in named if key not in known and not (ROOT / key).exists()})
    assert not wrong, wrong


def test_links_between_documents_lead_somewhere():
    wrong = []
    for path in [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text()):
            if "://" not in target and not (path.parent / target).exists():
                wrong.append(f"{path.relative_to(ROOT)}: {target}")
    assert not wrong, "\n".join(wrong)


def test_the_unit_starts_the_daemon_as_somebody_with_little_power():
    service = unit()["Service"]
    assert service["Type"] == "notify" and int(service["WatchdogSec"]) >= 10
    program, command, flag, config = service["ExecStart"].split()
    assert (program, command, flag) == ("holdfast", "serve", "--config")
    assert config == "/etc/holdfast/holdfast.toml"
    assert service["User"] == "holdfast" and "u holdfast " in text("packaging/holdfast.sysusers")
    assert service["CapabilityBoundingSet"] == service["AmbientCapabilities"] == "CAP_NET_BIND_SERVICE"
    assert service["ProtectSystem"] == "strict" and service["NoNewPrivileges"] == "yes"
    assert service["ExecReload"].split()[:2] == ["kill", "-HUP"]


def test_those_who_stop_it_wait_longer_than_it_takes():
    drain = default("server", "drain_seconds")
    assert int(unit()["Service"]["TimeoutStopSec"]) > drain
    grace = compose()["services"]["holdfast"]["stop_grace_period"]
    assert int(grace.removesuffix("s")) > drain


def test_sysctls_are_names_and_numbers():
    for line in text("packaging/holdfast.sysctl").splitlines():
        assert not line or line.startswith("#") or re.fullmatch(r"[a-z0-9_.-]+ = [0-9 ]+", line), line


def test_compose_has_no_secrets_and_no_privileges():
    services = compose()["services"]
    assert set(services) == {"holdfast", "cache", "origin"}
    holdfast = services["holdfast"]
    for name, value in holdfast["environment"].items():
        if re.search(r"TOKEN|KEY", name):
            assert re.fullmatch(r"\$\{" + name + r":\?[^}]+\}", value), f"{name} must come from outside, or be missed"
            assert re.search(rf"^{name}=\S+$", text("docker/env.example"), re.M)
    assert holdfast["read_only"] is True and holdfast["cap_drop"] == ["ALL"]
    control = next(port for port in holdfast["ports"] if "5561" in port)
    assert control.startswith("127.0.0.1:")
    assert "/docker/.env" in text(".gitignore").splitlines()


def test_compose_sends_requests_through_the_cache():
    services = compose()["services"]
    varnish = text("docker/varnish/Dockerfile")
    assert services["holdfast"]["environment"]["HOLDFAST_ROUTES"] == "* cache:6081" and '":6081"' in varnish
    vcl = text("docker/varnish/default.vcl")
    assert '.host = "origin";' in vcl and '.port = "8080";' in vcl
    assert services["origin"]["command"][-1].endswith(":8080")
    for service in services.values():
        for volume in service.get("volumes", []):
            assert (ROOT / "docker" / volume.split(":")[0]).exists(), volume


def test_the_image_runs_as_a_number_and_copies_what_it_is_given():
    dockerfile = text("docker/Dockerfile")
    assert re.search(r"^ARG BASE_IMAGE=debian:bookworm-slim$", dockerfile, re.M)
    assert re.findall(r"^FROM (\S+)", dockerfile, re.M) == ["${BASE_IMAGE}"] * 2
    assert re.search(r"^USER \d+:\d+$", dockerfile, re.M) and re.search(r"^STOPSIGNAL SIGTERM$", dockerfile, re.M)
    assert re.search(r'^HEALTHCHECK .*CMD \["/usr/bin/holdfast", "health"\]$', dockerfile, re.M)
    assert re.search(r'^ENTRYPOINT \["/usr/bin/holdfast"\]$', dockerfile, re.M)  # no shell in between
    sent = {line[1:] for line in text(".dockerignore").splitlines() if line.startswith("!")}
    copied = {word for line in re.findall(r"^COPY (?!--from)(.+)$", dockerfile, re.M) for word in line.split()[:-1]}
    assert copied == sent
    for name in copied:
        assert (ROOT / name).exists()


def test_the_unit_and_the_image_install_everything_that_is_shipped():
    installed = text("cmake/install.cmake")
    for path in (ROOT / "packaging").iterdir():
        assert f"packaging/{path.name} " in installed or f"packaging/{path.name}\n" in installed, path.name


def complete(*words):
    """What bash offers for the last word."""
    script = f"source {ROOT}/packaging/holdfast.bash; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _holdfast; " \
             "printf '%s\\n' \"${COMPREPLY[@]}\""
    run = subprocess.run(["bash", "-c", script, "bash", "holdfast", *words], capture_output=True, text=True, cwd=ROOT)
    assert run.returncode == 0 and not run.stderr, run.stderr
    return run.stdout.split()


def test_bash_completes_commands_options_and_values():
    assert {"serve", "check", "demo", "publish"} <= set(complete(""))
    assert complete("ch") == ["check"]
    assert complete("serve", "--log-f") == ["--log-format"]
    assert "--server.workers" in complete("--server.w") and "--server.workers" not in complete("publish", "--")
    assert "--prev-id" in complete("publish", "--pr")
    assert complete("check", "--grip.slow_client", "") == ["close", "drop"]
    assert complete("serve", "--server.workers", "") == []
    assert "config/holdfast.toml" in complete("check", "--config", "config/hold")


def test_man_pages_are_troff_without_surprises():
    for name in ("holdfast.1", "holdfast.toml.5"):
        page = text(f"packaging/{name}")
        assert page.index(".TH ") < page.index(".SH NAME")
        requests = {line.split()[0] for line in page.splitlines() if line.startswith(".")}
        assert requests <= {'.\\"', ".TH", ".SH", ".SS", ".TP", ".PP", ".B", ".BI", ".BR", ".I", ".RI", ".RB", ".br"}
