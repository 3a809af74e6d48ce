# SPDX-License-Identifier: Apache-2.0
"""The command line and the configuration: where values come from, what is refused and how it is said."""
import os
import signal
import subprocess

import pytest

from harness.client import Client
from harness.daemon import Daemon, binary
from harness.wait import TIMEOUT, eventually, free_port

GOOD = '[server]\nlisten = ["http://127.0.0.1:7999"]\n[grip]\nsig_key = "a secret"\n'


@pytest.fixture
def run(tmp_path):
    """run(arguments…): holdfast in an empty directory, with nothing of ours in its environment."""
    def call(*arguments, environment=None, **files):
        for name, text in files.items():
            (tmp_path / name.replace("_", ".")).write_text(text)
        env = {k: v for k, v in os.environ.items() if not k.startswith("HOLDFAST_")}
        return subprocess.run(
            [binary(), *arguments],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**env, **(environment or {})},
            timeout=TIMEOUT,
        )

    (tmp_path / "routes").write_text("* test\n")
    return call


def check(run, text, **how):
    return run("check", "--config", "holdfast.toml", holdfast_toml=text, **how)


# ---------------------------------------------------------------------------------------------------------- commands


@pytest.mark.parametrize(
    "arguments", [["--version"], ["serve", "--version"], ["check", "--version"], ["publish", "--version"]]
)
def test_version(run, arguments):
    result = run(*arguments)
    assert (result.returncode, result.stderr) == (0, "") and result.stdout.startswith("holdfast 0.")


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["serve", "--help"], ["check", "--help"]])
def test_help(run, arguments):
    result = run(*arguments)
    assert result.returncode == 0 and "--config" in result.stdout and "--server.workers" in result.stdout


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["--nonsense"], ["check", "--config"], ["--server.wrkers", "3"], ["serve", "check"]]
)
def test_usage_errors(run, arguments):
    result = run(*arguments)
    assert result.returncode == 1 and result.stderr and result.stdout == ""


def test_no_configuration_found(run):
    for arguments in ([], ["serve"]):
        result = run(*arguments)
        assert result.returncode == 1
        assert (
            "no configuration found: looked for ./holdfast.toml, ./config/holdfast.toml, /etc/holdfast/holdfast.toml"
            in result.stderr
        )
        assert "--config FILE" in result.stderr and "holdfast demo" in result.stderr


def test_a_configuration_that_cannot_be_read(run, tmp_path):
    for name in ("missing.toml", "."):
        result = run("--config", name)
        assert result.returncode == 1 and f"holdfast: {name}: cannot be read: " in result.stderr


def test_check_of_what_is_good(run):
    result = check(run, GOOD)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == "holdfast.toml: good; 1 routes in routes\n"


def test_check_finds_the_file_as_serve_does(run, tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "holdfast.toml").write_text(
        GOOD.replace("a secret", "") + '[proxy]\nroutes_file = "../routes"\n'
    )
    result = run("check")
    assert result.returncode == 0 and "./config/holdfast.toml: good" in result.stdout
    assert "sig_key: not set; without a sig_key, GRIP libraries believe that no proxy is there" in result.stdout


# ------------------------------------------------------------------------------------------------------- what is bad


@pytest.mark.parametrize(
    "text, errors",
    [
        ("[server]\nworkrs = 1\n", ["holdfast.toml:2: [server] workrs: unknown key; did you mean 'workers'?"]),
        (
            "[server]\nmessage_rate = 1\n",
            ["holdfast.toml:2: [server] message_rate: unknown key; did you mean [grip] message_rate?"],
        ),
        ("[grop]\n", ["holdfast.toml:1: [grop]: unknown section; did you mean [grip]?"]),
        ("workers = 1\n", ["holdfast.toml:1: workers: key outside of a section; did you mean [server] workers?"]),
        ('[server]\nworkers = "two"\n', ["holdfast.toml:2: [server] workers: expected a whole number"]),
        ("[server]\nworkers = -1\n", ["holdfast.toml:2: [server] workers: -1 is out of range"]),
        (
            '[grip]\nslow_client = "drap"\n',
            ["holdfast.toml:2: [grip] slow_client: 'drap' is not one of close, drop; did you mean 'drop'?"],
        ),
        (
            '[server]\nlisten = ["127.0.0.1:80"]\n',
            ["holdfast.toml:2: [server] listen: '127.0.0.1:80' is not an address to listen on"],
        ),
        ("[server]\nlisten = []\n", ["holdfast.toml:2: [server] listen: no address is left"]),
        ("[server\n", ["holdfast.toml:1: not TOML"]),
        ("[server]\nworkers = 1\nworkers = 2\n", ["holdfast.toml:3: not TOML"]),
        (
            "[server]\nworkers = 2 # fine\nwrong = 1\n\n[log]\nlevel = \"loud\"\n",
            ["holdfast.toml:3: ", "holdfast.toml:6: [log] level: 'loud' is not one of"],
        ),
    ],
)
def test_errors_name_file_line_and_mend_and_come_all_at_once(run, text, errors):
    for arguments in (["check", "--config", "holdfast.toml"], ["--config", "holdfast.toml"]):
        result = run(*arguments, holdfast_toml=text)
        assert result.returncode == 1
        lines = [line.removeprefix("holdfast: ") for line in result.stderr.splitlines()]
        assert len(lines) == len(errors) and all(
            line.startswith(error) for line, error in zip(lines, errors)
        ), result.stderr


@pytest.mark.parametrize(
    "section, key, value",
    [
        ("server", "http2", "true"),
        ("control", "zmq_rep", '["tcp://127.0.0.1:1"]'),
        ("proxy", "auto_cross_origin", "true"),
        ("grip", "upstream_key", '"k"'),
        ("history", "max_messages", "5"),
        ("broker", "url", '"redis://x"'),
        ("webhooks", "database", '"x.db"'),
    ],
)
def test_what_turns_on_a_later_feature_is_refused(run, section, key, value):
    result = check(run, f"[{section}]\n{key} = {value}\n")
    assert (
        result.returncode == 1
        and f"holdfast.toml:2: [{section}] {key}: " in result.stderr
        and "not yet supported" in result.stderr
    )


@pytest.mark.parametrize("text", ['[[cache]]\nname = "edge"\n', '[[rule]]\nchannel = "c-*"\n'])
def test_tables_of_later_features_are_refused(run, text):
    result = check(run, text)
    assert result.returncode == 1 and "holdfast.toml:1: [[" in result.stderr and "not yet supported" in result.stderr


def test_tuning_of_later_features_is_accepted(run):
    result = check(
        run,
        GOOD
        + "message_wait_ms = 1\nupdate_on_first_subscription = false\n"
        + "[history]\nmax_messages = 0\nmax_bytes = 5000\n[stats]\nreport_interval_s = 5\n",
    )
    assert (result.returncode, result.stderr) == (0, "")


def test_secrets_are_not_quoted(run):
    for text in (
        '[grip]\nsig_key = "tops3cret\\n"\n',
        '[grip]\nsig_key = "tops3cret\n',
        '[grip]\nsig_key = ["tops3cret"]\n',
        '[grip]\nsig_key = "file:missing"\nx = "tops3cret"\n',
    ):
        result = check(run, text)
        assert result.returncode == 1 and "s3cret" not in result.stderr + result.stdout


def test_a_key_file_that_is_not_there(run):
    result = check(run, '[grip]\nsig_key = "file:missing.pem"\n')
    assert result.returncode == 1 and "grip.sig_key: " in result.stderr and "missing.pem" in result.stderr


@pytest.mark.parametrize(
    "key, value",
    [
        ("http", '"http://0.0.0.0:5561"'),
        ("zmq_pull", '["tcp://*:5560"]'),
        ("zmq_sub", '["tcp://0.0.0.0:5562"]'),
        ("http", '"http://[::]:5561"'),
    ],
)
def test_control_off_loopback_must_be_meant(run, key, value):
    result = check(run, f"{GOOD}[control]\n{key} = {value}\n")
    assert (
        result.returncode == 1
        and f"[control] {key}: " in result.stderr
        and "allow_unauthenticated = true" in result.stderr
    )
    result = check(run, f"{GOOD}[control]\n{key} = {value}\nallow_unauthenticated = true\n")
    assert (result.returncode, result.stderr) == (0, "")


# --------------------------------------------------------------------------------------------------------- precedence


def test_a_flag_beats_the_environment_and_that_beats_the_file(start):
    """Seen by what the origin gets in CDN-Loop."""
    def loop(**how):
        rig = start({"proxy": {"cdn_loop": "file"}}, **how)
        rig.get("/")
        return rig.origin.requests[-1].header("cdn-loop")

    environment = {"HOLDFAST_PROXY_CDN_LOOP": "environment"}
    assert loop() == "file"
    assert loop(environment=environment) == "environment"
    assert loop(environment=environment, arguments=["--proxy.cdn_loop", "flag"]) == "flag"
    assert loop(environment=environment, arguments=["--proxy.cdn_loop", ""]) is None


def test_lists_and_switches_in_the_environment(start):
    rig = start(
        environment={
            "HOLDFAST_PROXY_X_FORWARDED_FOR": "truncate:1,append",
            "HOLDFAST_PROXY_SET_X_FORWARDED_PROTO": "no",
        }
    )
    rig.get("/", [("X-Forwarded-For", "a, b"), ("X-Forwarded-Proto", "kept")])
    seen = rig.origin.requests[-1]
    assert (seen.header("x-forwarded-for"), seen.header("x-forwarded-proto")) == ("b, 127.0.0.1", "kept")


@pytest.mark.parametrize("environment, arguments, what", [
    ({"HOLDFAST_SERVER_WORKERS": "many"}, [], "HOLDFAST_SERVER_WORKERS: 'many' is not a whole number"),
    ({"HOLDFAST_PROXY_DEBUG": "perhaps"}, [], "HOLDFAST_PROXY_DEBUG: 'perhaps' is neither true nor false"),
    ({"HOLDFAST_CONTROL_JWT_KEYS": "x"}, [], "HOLDFAST_CONTROL_JWT_KEYS: can be set in the file only"),
    ({}, ["--server.workers", "many"], "--server.workers: 'many' is not a whole number"),
    ({"HOLDFAST_SERVER_HTTP2": "true"}, [], "HOLDFAST_SERVER_HTTP2: "),
])
def test_bad_values_name_the_variable_or_the_flag(run, environment, arguments, what):
    result = run("check", "--config", "holdfast.toml", *arguments, holdfast_toml=GOOD, environment=environment)
    assert result.returncode == 1 and f"holdfast: {what}" in result.stderr


def test_an_unknown_variable_is_one_warning(run):
    result = check(run, GOOD, environment={"HOLDFAST_SERVER_WORKRS": "1"})
    assert result.returncode == 0
    assert (
        result.stdout.splitlines()[0]
        == "warning: HOLDFAST_SERVER_WORKRS: unknown variable, ignored; did you mean HOLDFAST_SERVER_WORKERS?"
    )


def test_port_and_log_level():
    port = free_port()
    daemon = Daemon(["* test"], arguments=["--port", f"127.0.0.1:{port}", "--log-level", "error"])
    daemon.launch()
    try:
        eventually(lambda: answers(port), "a daemon that answers on the port of the flag")
        assert not answers(daemon.port) and " info " not in daemon.log()
    finally:
        daemon.stop()


def answers(port):
    try:
        client = Client(port)
    except ConnectionRefusedError:
        return False
    status = client.get("/").status
    client.close()
    return status == 200


# ---------------------------------------------------------------------------------------------------------------- log


def test_the_access_log(start):
    rig = start(routes=["*,id=blue ORIGIN"])
    channel = rig.name("c")
    stream = rig.stream(channel)
    rig.publish(channel, close=True)
    stream.rest()
    assert rig.get("/a?b=\"c'd").status == 200
    rig.daemon.wait_log(
        r"access peer=127.0.0.1 conn=[0-9a-f]+:[0-9a-f]+ GET test/stream-\d+ route=blue code=200 bytes=\d+ "
        r"hold=stream ms=\d+ end=published\n"
    )
    rig.daemon.wait_log(
        r"access peer=127.0.0.1 conn=\S+ GET test/a\?b=\S+ route=blue code=200 bytes=8 hold=- ms=\d+ end=finished\n"
    )
    rig.daemon.wait_log(r"access peer=127.0.0.1 conn=\S+ POST test/publish/ route=control code=200 ")


def test_the_access_log_may_be_off(start):
    rig = start({"log": {"access": False}})
    assert rig.get("/").status == 200
    rig.daemon.signal(signal.SIGTERM)
    rig.daemon.wait_exit()  # whatever was to be written has been written now
    assert " access " not in rig.daemon.log()


def test_warnings_at_start(start):
    log = start({"grip": {"sig_key": "", "message_hwm": 5}}, environment={"HOLDFAST_NONSENSE": "1"}).daemon.log()
    for what in (
        "sig_key: not set",
        "message_hwm: has no effect while message_rate is 0",
        "HOLDFAST_NONSENSE: unknown variable, ignored",
    ):
        assert [line for line in log.splitlines() if " warning " in line and what in line]
