#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test. Ends with ctest's own summary and status.
#
# usage: scripts/test.sh [CTEST OPTIONS]          for example: scripts/test.sh -R room_sqlite
# Builds in build/test. With HOLDFAST_WERROR set in the environment, warnings are errors.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/install_dependencies.sh build test

werror=OFF
[ -n "${HOLDFAST_WERROR:-}" ] && werror=ON
printf 'test: configuring and building in build/test\n'
# Less is written for debuggers than in build/dev: a third of the compiler's time.
cmake --preset dev -B build/test -DHOLDFAST_WERROR=$werror -DCMAKE_CXX_FLAGS_RELWITHDEBINFO="-O1 -g1"
cmake --build build/test

printf 'test: running the tests\n'
export GTEST_BRIEF=${GTEST_BRIEF:-1}  # what failed is told, not the hundreds that passed
exec ctest --test-dir build/test -j2 --output-on-failure --no-tests=error "$@"
