# SPDX-License-Identifier: Apache-2.0
# Sourced by ./test --all: format, sanitizer builds, fuzzing and real clients. A step that cannot be done is a failure.

install_packages "${fuzz_packages[@]}" "${client_packages[@]}"

step "format"
scripts/lint.sh --format

step "address and undefined-behaviour sanitizers: build"
build asan
step "address and undefined-behaviour sanitizers: unit tests"
ctest --preset asan
step "address and undefined-behaviour sanitizers: black-box tests"
blackbox asan

# What shares data between threads: the rest would only take longer.
export TSAN_OPTIONS=suppressions=$PWD/tests/tsan.supp
step "thread sanitizer: build"
build tsan -- holdfast net_test channel_test admin_test
step "thread sanitizer: unit tests"
ctest --preset tsan -R '^(net|channel|admin)\.'
step "thread sanitizer: black-box tests"
blackbox tsan

step "fuzzing, 60 s"
scripts/fuzz.sh 60

step "real clients: install"
clients=build/clients
[ -x $clients/gripcontrol/bin/python ] || /usr/bin/python3 -m venv $clients/gripcontrol
$clients/gripcontrol/bin/python -m pip install -q --disable-pip-version-check --use-pep517 \
  -r tests/clients/gripcontrol_app/requirements.txt
[ -x $clients/httpx/bin/python ] || /usr/bin/python3 -m venv $clients/httpx
$clients/httpx/bin/python -m pip install -q --disable-pip-version-check -r tests/clients/tls_clients/requirements.txt
mkdir -p $clients/serve_grip_app
cp tests/clients/serve_grip_app/{app.mjs,package.json,package-lock.json,.npmrc} $clients/serve_grip_app/
(cd $clients/serve_grip_app && npm ci --silent)

step "real clients: gripcontrol, serve-grip, Varnish, Prometheus, curl, httpx, node, Chromium; systemd"
HOLDFAST_BIN=$PWD/build/release/holdfast /usr/bin/python3 -m pytest -q tests/clients
