#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# scripts/lint.sh [FILE.cc…]: clang-format on all C++, and clang-tidy on these files, or all of src, which takes ten
# minutes. --format leaves clang-tidy out. Needs a configured build/release, whose compile commands it reads.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/packages.sh
install_packages "${build_packages[@]}" "${lint_packages[@]}"
[ -e build/release/compile_commands.json ] || cmake --preset release >/dev/null

find src include tests -name '*.h' -o -name '*.cc' | xargs clang-format-14 --dry-run -Werror

[ "${1-}" != --format ] || exit 0
files=("$@")
[ ${#files[@]} -gt 0 ] || mapfile -t files < <(find src -name '*.cc' | sort)
# The count of what was suppressed in other people's headers is no news.
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(nproc)" clang-tidy-14 -p build/release --quiet 2> >(grep -v -E '^[0-9]+ warnings? (generated|treated)' >&2)
