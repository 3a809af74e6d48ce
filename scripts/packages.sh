# SPDX-License-Identifier: Apache-2.0
# Sourced by run and test: installs the Debian packages that are missing.

build_packages=(g++ cmake ninja-build pkg-config git ca-certificates
  libboost1.81-dev libssl-dev libzmq3-dev cppzmq-dev nlohmann-json3-dev libspdlog-dev libfmt-dev libtomlplusplus-dev
  libcli11-dev libjwt-dev zlib1g-dev libbrotli-dev libgtest-dev libgmock-dev)
# What the program needs to run: the libraries that it is linked with, and certificates to trust. For docker/Dockerfile.
runtime_packages=(ca-certificates libssl3 libzmq5 libspdlog1.10 libfmt9 libjwt0 zlib1g libbrotli1 libstdc++6)
# What the examples of the README call.
example_packages=(curl python3)
test_packages=(python3 python3-pytest python3-pytest-xdist python3-zmq python3-jwt python3-cryptography python3-yaml procps logrotate
  util-linux iproute2)
# What ./test --all adds: lint, fuzzing, and real clients.
lint_packages=(clang-format-14 clang-tidy-14)
fuzz_packages=(clang-14 libclang-rt-14-dev)
client_packages=(curl python3-venv python3-pip chromium chromium-driver python3-selenium varnish prometheus systemd)
# What scripts/image.sh adds.
image_packages=(buildah curl iproute2 util-linux)
# Another Node than Debian's brings npm along, and Debian's package would be in its way.
command -v npm >/dev/null || client_packages+=(nodejs npm)

# install_packages NAME…: as root, or through sudo; elsewhere says what is missing and stops.
install_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if ! command -v apt-get >/dev/null; then
    echo "This is not Debian: install the equivalents of these packages, then run this again: ${missing[*]}" >&2
    return 1
  fi
  local as_root=()
  if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "These packages are missing, and there is neither root nor sudo to install them: ${missing[*]}" >&2
      return 1
    fi
    as_root=(sudo)
  fi
  echo "Installing: ${missing[*]}" >&2
  "${as_root[@]}" apt-get update -qq >&2 &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# build PRESET [OPTION…] [-- TARGET…]: configures and builds all of it, or these targets; quiet unless something goes
# wrong.
build() {
  local preset=$1 log options=() targets=()
  shift
  while [ $# -gt 0 ] && [ "$1" != -- ]; do options+=("$1"); shift; done
  [ $# -eq 0 ] || targets=(--target "${@:2}")
  mkdir -p build
  log=build/$preset.log
  if ! { cmake --preset "$preset" "${options[@]}" && cmake --build --preset "$preset" "${targets[@]}"; } >"$log" 2>&1; then
    tail -60 "$log" >&2
    echo "The build failed: see $log" >&2
    return 1
  fi
}
