#!/usr/bin/env bash
# Shows what holdfast does: installs what is missing, builds a release, backs up a database, restores it, proves it.
#
# usage: scripts/try.sh              makes an application's database and a program that keeps writing to it, backs it up
#                                    meanwhile, restores one backup and proves it. All of it below build/try.
#        scripts/try.sh DATABASE     backs up your database into the folder .holdfast beside it, and says how to restore.
# The first run builds and takes minutes, the next ones seconds. TRY_SIZE=50M makes the application's database smaller.
set -euo pipefail

database=
if [ $# -gt 1 ] || [[ ${1:-} == -* ]]; then
    sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"
    [[ ${1:-} == -h || ${1:-} == --help ]] && exit 0
    exit 2
fi
if [ $# = 1 ]; then
    [ -f "$1" ] || { printf 'try: there is no file %s\n' "$1" >&2; exit 1; }
    database=$(realpath "$1")
fi

cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
program=$root/build/release/holdfast
support=$root/tests/support/python
python=/usr/bin/python3  # Debian's, which has the sqlite3 module
unset HOLDFAST_REPOSITORY HOLDFAST_PASSWORD_FILE HOLDFAST_PASSWORD_COMMAND HOLDFAST_KEY_FILE

heading() { printf '\n== %s\n' "$*"; }
now_ms() { local now=${EPOCHREALTIME/[.,]/}; echo $((now / 1000)); }
bytes_in() { du -sb "$1" 2>/dev/null | cut -f1 || echo 0; }
readable() { awk -v b="$1" 'BEGIN { split("B kB MB GB", u); i = 1; while (b >= 1000 && i < 4) { b /= 1000; i++ } printf (i > 1 ? "%.1f %s" : "%d %s"), b, u[i] }'; }

# Words as one would type them.
quoted() {
    local word
    for word in "$@"; do
        if [[ $word =~ ^[[:alnum:]_./:=@%+,~-]+$ ]]; then printf ' %s' "$word"; else printf ' %s' "${word@Q}"; fi
    done
}

# step TITLE REPOSITORY COMMAND...: runs it, notes how long it took and by how much the repository grew.
table=()
step() {
    local title=$1 repository=$2 before began took grown
    shift 2
    printf '\n$ holdfast%s\n' "$(quoted "${@:2}")"
    before=$(bytes_in "$repository")
    began=$(now_ms)
    "$@"
    took=$(($(now_ms) - began))
    grown=$(($(bytes_in "$repository") - ${before:-0}))
    table+=("$(printf '%-44s %8d ms   %12s' "$title" "$took" "$(readable $((grown > 0 ? grown : 0)))")")
}
print_table() {
    heading "How long it took, and how much was stored"
    printf '%-44s %11s   %12s\n' "" "time" "stored"
    printf '%s\n' "${table[@]}"
}
# field_of KEY...: follows the keys into the JSON on standard input.
field_of() { "$python" -c 'import json, sys
value = json.load(sys.stdin)
for key in sys.argv[1:]: value = value[int(key) if key.isdigit() else key]
print(value)' "$@"; }

install_and_build() {
    heading "Installing what is missing"
    scripts/install_dependencies.sh build try
    heading "Building a release in build/release"
    cmake --preset release >build/try-configure.log 2>&1 || { cat build/try-configure.log; exit 1; }
    cmake --build --preset release --target holdfast
}

try_own_database() {
    local folder repository number
    folder=$(dirname "$database")
    repository=$folder/.holdfast
    heading "Backing up $database"
    step "backup" "$repository" "$program" backup "$database"
    step "list" "$repository" "$program" list -r "$repository"
    step "verify, to SQLite's own check" "$repository" "$program" verify -r "$repository"
    number=$("$program" list -r "$repository" --json | field_of backups 0 number)
    print_table
    heading "To restore"
    printf 'into a new file: %s\n' "$(quoted "$program" restore "$number" -r "$repository" --to "$folder/restored.db")"
    printf 'in place:        %s\n' "$(quoted "$program" restore "$number" -r "$repository")"
    printf '                  (the present state is backed up first; --dry-run says what would happen)\n'
    printf 'The repository is %s; removing that folder removes every trace.\n' "$repository"
}

writer=
stop_writer() {
    [ -n "$writer" ] || return 0
    kill -TERM "$writer" 2>/dev/null || true
    wait "$writer" 2>/dev/null || true
    writer=
}
trap stop_writer EXIT

# The database is made once and copied afterwards: a change of size or generator makes it anew.
application_database() {
    local kept=$root/build/try/kept.db made=$root/build/try/kept.made key
    key="${TRY_SIZE:-200M} $(cat "$support/application_database.py" "$support/prose.py" | sha256sum)"
    if [ ! -f "$kept" ] || [ "$(cat "$made" 2>/dev/null)" != "$key" ]; then
        rm -f "$kept" "$kept"-* "$made"
        "$python" "$support/application_database.py" "$kept" --size "${TRY_SIZE:-200M}"
        printf '%s\n' "$key" >"$made"
    fi
    cp --reflink=auto "$kept" application.db
}

start_writer() {
    "$python" "$support/writer.py" application.db --activities --rate 500 >writer.txt &
    writer=$!
    until grep -q writing writer.txt; do
        kill -0 "$writer" 2>/dev/null || { echo "try: the writer ended" >&2; exit 1; }
        sleep 0.05
    done
}

try_application() {
    local demo=$root/build/try/demo expected found
    rm -rf "$demo"
    mkdir -p "$demo"
    cd "$demo"
    heading "An application's database ($demo/application.db)"
    application_database
    printf '%s: sessions, prompts, observations, activities, two full-text indexes; WAL mode\n' "$(readable "$(stat -c %s application.db)")"
    start_writer
    printf 'a program (process %s) now commits to it, 500 times a second\n' "$writer"

    heading "Backing it up while the program writes"
    step "first backup" .holdfast "$program" backup application.db --comment "the first"
    for turn in second third fourth; do
        sleep 1
        step "$turn backup, a second later" .holdfast "$program" backup application.db --comment "the $turn"
    done
    step "list" .holdfast "$program" list

    heading "Restoring the second one elsewhere, and proving it"
    step "restore #2 to a new file" .holdfast "$program" restore 2 --to restored.db
    expected=$("$program" show 2 --json | field_of members 0 sha256)
    found=$(sha256sum restored.db | cut -d' ' -f1)
    printf '\nwhat Python'"'"'s SQLite says of restored.db (integrity, and the hashes chained through every transaction):\n'
    "$python" "$support/prove.py" restored.db --prefix-of application.db
    [ "$expected" = "$found" ] || { printf 'BAD  its SHA-256 is %s, the backup says %s\n' "$found" "$expected"; exit 1; }
    printf '  ok   its SHA-256 is what the backup says: %s\n' "$found"
    step "verify the latest, to SQLite's own check" .holdfast "$program" verify

    stop_writer
    heading "The program that wrote meanwhile"
    "$python" -c 'import json, sys; r = json.loads(sys.stdin.readlines()[-1]); print("{commits} transactions, {commits_per_second} a second, refused {busy} times, longest wait {longest_wait_ms} ms".format(**r))' <writer.txt
    print_table
    printf '%-44s %11s   %12s\n' "the database now, four backups of it" "$(readable "$(stat -c %s application.db)")" "$(readable "$(bytes_in .holdfast)")"

    heading "Go on yourself"
    printf '%s\n' "cd$(quoted "$demo")" \
        "$(quoted "$program" | cut -c2-) restore latest --dry-run    # in place: says what it would do" \
        "$(quoted "$program" | cut -c2-) --help"
    printf 'scripts/try.sh DATABASE backs up a database of your own.\n'
}

mkdir -p build
install_and_build
if [ -n "$database" ]; then try_own_database; else try_application; fi
