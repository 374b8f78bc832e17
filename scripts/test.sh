#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test. Ends with ctest's own summary and status.
#
# usage: scripts/test.sh [CTEST OPTIONS]          for example: scripts/test.sh -R room_sqlite
# Builds in build/test. With CI set in the environment, warnings are errors.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/install_dependencies.sh build test

werror=OFF
[ -n "${CI:-}" ] && werror=ON
printf 'test: configuring and building in build/test\n'
cmake --preset dev -B build/test -DHOLDFAST_WERROR=$werror
cmake --build build/test

printf 'test: running the tests\n'
exec ctest --test-dir build/test -j2 --output-on-failure --no-tests=error "$@"
