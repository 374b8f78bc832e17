#!/usr/bin/env bash
# Builds and runs tests under a sanitizer.
#
# usage: scripts/sanitize.sh asan|tsan [CTEST OPTIONS]
# Without options only what costs little is built and run: the program with some of its stories, and the rooms below the
# repository (asan), or those with threads of their own (tsan). With options everything is built, and ctest gets them.
# With HOLDFAST_PRECOMPILE set in the environment, the standard library's headers are read once. Warnings are no errors then:
# gcc warns of headers out of a precompiled one as if they were ours. scripts/test.sh sees both them and a missing include.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

preset=${1:-}
case $preset in
    asan)
        targets=(holdfast base_test host_test store_test sqlite_test rows_test extension_test)
        chosen=(-R '^(room_base|room_host|room_store|room_sqlite|room_rows|room_extension|story_extension|story_first_minute|story_damage|story_open_application)$') ;;
    tsan)
        targets=(holdfast host_test store_test extension_test)
        chosen=(-R '^(room_host|room_store|room_extension|story_first_minute|story_open_application)$') ;;
    *) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"; exit 2 ;;
esac
shift
[ $# -gt 0 ] && { chosen=("$@"); targets=(all); }

export HOLDFAST_TEST_SEEDS=${HOLDFAST_TEST_SEEDS:-40}  # of tests that look at many databases
scripts/install_dependencies.sh build test
printf 'sanitize: configuring and building in build/%s\n' "$preset"
precompile=OFF werror=ON
[ -n "${HOLDFAST_PRECOMPILE:-}" ] && precompile=ON werror=OFF
cmake --preset "$preset" -DHOLDFAST_PRECOMPILE=$precompile -DHOLDFAST_WERROR=$werror
cmake --build --preset "$preset" --target "${targets[@]}"
exec ctest --preset "$preset" --output-on-failure "${chosen[@]}"
