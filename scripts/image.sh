#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# scripts/image.sh: builds docker/Dockerfile with buildah, without a container engine, and tests the image: its files under
# a read-only root, as its user, in namespaces of their own. Needs root. It compiles Holdfast once more, which is why
# ./test --all leaves it out.
#
# BASE_IMAGE names the Debian to build on; without it the Dockerfile's, from a registry.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/packages.sh
install_packages "${image_packages[@]}" "${test_packages[@]}"
export STORAGE_DRIVER=${STORAGE_DRIVER:-vfs} BUILDAH_ISOLATION=${BUILDAH_ISOLATION:-chroot}
image=localhost/holdfast:test

buildah bud --layers --format docker --network host ${BASE_IMAGE:+--build-arg BASE_IMAGE="$BASE_IMAGE"} \
  -t "$image" -f docker/Dockerfile .
container=$(buildah from "$image")
trap 'buildah rm "$container" >/dev/null' EXIT
HOLDFAST_IMAGE_INSPECTED=$(buildah inspect --type image "$image") \
HOLDFAST_IMAGE_ROOT=$(buildah mount "$container") \
  /usr/bin/python3 -m pytest -q tests/image
