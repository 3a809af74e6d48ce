#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# scripts/fuzz.sh [--seed N] SECONDS [TARGET…]: builds the fuzz targets and runs each of them for its share of the time.
# Fails at the first property that does not hold, and prints the input. With a seed a run can be repeated.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/packages.sh

usage() { echo "usage: scripts/fuzz.sh [--seed N] SECONDS [TARGET…]" >&2; exit 2; }
seed=0  # libFuzzer chooses one, and says which
if [ "${1-}" = --seed ]; then seed=${2-}; shift 2 || usage; fi
[[ "$seed" =~ ^[0-9]+$ && "${1-}" =~ ^[0-9]+$ ]] || usage
seconds=$1
shift

install_packages "${build_packages[@]}" "${fuzz_packages[@]}"
build fuzz -- fuzz

targets=("$@")
[ ${#targets[@]} -gt 0 ] || for dir in tests/fuzz/corpus/*/; do targets+=("$(basename "$dir")"); done
share=$((seconds / ${#targets[@]}))
[ $share -gt 0 ] || share=1

# New inputs go to a place that is empty at first, so that a seed means the same run every time.
found=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-fuzz.XXXXXX")
trap 'rm -rf "$found"' EXIT
for target in "${targets[@]}"; do
  mkdir "$found/$target"
  log=$found/$target.log
  if ! "build/fuzz/tests/fuzz/${target}_fuzz" -seed="$seed" -max_total_time=$share -timeout=10 -rss_limit_mb=2048 \
       -max_len=4096 -artifact_prefix="build/fuzz/$target-" "$found/$target" "tests/fuzz/corpus/$target" >"$log" 2>&1; then
    grep -v -E '^#[0-9]+\s' "$log" >&2
    for input in "build/fuzz/$target-"{crash,leak,timeout,oom}-*; do
      [ -e "$input" ] || continue
      echo "The input, kept as $input:" >&2
      od -A d -t x1z "$input" >&2
    done
    echo "Fuzz target $target found the above." >&2
    exit 1
  fi
  printf '%-20s %s\n' "$target" "$(grep -E '^Done [0-9]+ runs' "$log"), $(grep -o -m1 -E 'Seed: [0-9]+' "$log")"
done
