#!/usr/bin/env bash
# Installs what holdfast needs from Debian's or Ubuntu's own packages: only what is missing, without asking.
#
# usage: scripts/install_dependencies.sh [build] [try] [test] [bench] [fuzz]      (default: build test)
#   build  compiler and libraries            try    Python, for the demonstration
#   test   test libraries and tools          bench  the programs compared with, and Google Benchmark
#   fuzz   clang 19 with libFuzzer
# Needs to be root, or sudo. HOLDFAST_SKIP_INSTALL=1 installs nothing: for systems whose packages are managed otherwise.
set -euo pipefail

build=(g++ cmake ninja-build pkg-config libfmt-dev libssl-dev libsodium-dev libzstd-dev zlib1g-dev libxxhash-dev nlohmann-json3-dev
       libcli11-dev libsqlite3-dev libarchive-dev libcurl4-openssl-dev libhowardhinnant-date-dev tzdata libtomlplusplus-dev)
test=(libgtest-dev libgmock-dev librapidcheck-dev python3 sqlite3 strace git nodejs restic libfaketime gnupg age zstd btrfs-progs ca-certificates libfaiss-dev libopenblas-dev)
try=(python3)
bench=(restic borgbackup sqlite3 sqlite3-tools zstd python3 libbenchmark-dev)
fuzz=(clang-19 libclang-rt-19-dev)
welcome=(ccache mold)  # make building faster; their absence is no fault

say() { printf 'install_dependencies: %s\n' "$*"; }

wanted=()
for group in "${@:-build test}"; do
    for name in $group; do
        case $name in
            build) wanted+=("${build[@]}") ;;
            try) wanted+=("${try[@]}") ;;
            test) wanted+=("${test[@]}") ;;
            bench) wanted+=("${bench[@]}") ;;
            fuzz) wanted+=("${fuzz[@]}") ;;
            *) say "there is no group '$name' (build, try, test, bench, fuzz)"; exit 2 ;;
        esac
    done
done

if [ "${HOLDFAST_SKIP_INSTALL:-}" = 1 ]; then
    say "HOLDFAST_SKIP_INSTALL=1: nothing is installed"
    exit 0
fi
if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    say "this is no Debian or Ubuntu. Install the equivalents of: ${wanted[*]}"
    say "then run this again with HOLDFAST_SKIP_INSTALL=1"
    exit 1
fi

# Prints those of the packages named that are not installed.
missing_of() {
    local package
    for package in "$@"; do
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || printf '%s\n' "$package"
    done
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        say "installing needs root: run this as root, or install sudo"
        exit 1
    fi
}
apt() { as_root env DEBIAN_FRONTEND=noninteractive apt-get -y -q -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@"; }

mapfile -t missing < <(missing_of "${wanted[@]}" | sort -u)
if [ ${#missing[@]} -gt 0 ]; then
    say "installing: ${missing[*]}"
    apt update
    mapfile -t extra < <(for package in $(missing_of "${welcome[@]}"); do apt-cache show "$package" >/dev/null 2>&1 && echo "$package"; done)
    apt install --no-install-recommends "${missing[@]}" ${extra[@]+"${extra[@]}"}
else
    say "everything is there"
fi

version_at_least() { printf '%s\n%s\n' "$2" "$1" | sort -V -C; }
cmake_version=$(cmake --version | sed -n 's/^cmake version \([0-9.]*\).*/\1/p')
version_at_least "$cmake_version" 3.25 || { say "cmake $cmake_version is too old: 3.25 is needed (Debian 12, Ubuntu 24.04 or newer)"; exit 1; }
compiler_version=$(g++ -dumpfullversion)
version_at_least "$compiler_version" 12 || { say "g++ $compiler_version is too old: 12 is needed (Debian 12, Ubuntu 24.04 or newer)"; exit 1; }
