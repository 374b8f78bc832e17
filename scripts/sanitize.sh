#!/usr/bin/env bash
# Builds and runs tests under a sanitizer.
#
# usage: scripts/sanitize.sh asan|tsan [CTEST OPTIONS]
# Without options a set that costs little: under asan every room, contracts and fuzz corpora; under tsan what has threads.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

preset=${1:-}
case $preset in
    asan) chosen=(-R '^(room_|contracts|faults|fuzz_)') ;;
    tsan) chosen=(-R '^(room_host|room_store|room_repository|contracts)') ;;
    *) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"; exit 2 ;;
esac
shift
[ $# -gt 0 ] && chosen=("$@")

scripts/install_dependencies.sh build test
printf 'sanitize: configuring and building in build/%s\n' "$preset"
cmake --preset "$preset"
cmake --build --preset "$preset"
exec ctest --preset "$preset" --output-on-failure "${chosen[@]}"
