#!/usr/bin/env bash
# Maintenance of .devteam/devteam.db, by holdfast. What is kept, where and for how long stands in holdfast.toml: the copies in
# .devteam/backups are [source.devteam.plain_copies], and MAX_BACKUPS is its keep_last.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

DB_FILE=.devteam/devteam.db

log() { printf '[%s] [devteam] [%s] [maintenance] %s\n' "$(date '+%Y-%m-%d %H:%M:%S')" "$1" "$2" >&2; }

usage() {
    cat <<'TEXT'
Usage: db-maintenance.sh <command>

Commands:
  backup    Back up .devteam, with a copy of the database in .devteam/backups
  check     Check the database's integrity
  vacuum    Give free pages back to the disk
  analyze   Update the statistics of the query planner
  cleanup   Remove old sessions
  stats     Show the database's size and tables
  all       All of these: backup, cleanup, vacuum, analyze, check, stats
TEXT
}

setting() { holdfast settings check --json | sed -n "s/.*\"key\":\"${1//./\\.}\",\"value\":\"\([^\"]*\)\".*/\1/p"; }

# Anything but 0 of holdfast is a failure here; what it says goes to standard error as it is.
run() { # DONE FAILED COMMAND...
    local done=$1 failed=$2 code=0
    shift 2
    "$@" || code=$?
    case $code in
        0)  log info "$done" ;;
        3)  log warn "$done, but the backup before it is not whole: see holdfast status"
            return 1 ;;
        *)  log error "$failed"
            return 1 ;;
    esac
}

backup() {
    log info "Creating database backup..."
    local report
    if ! report=$(holdfast backup --kind automatic --json 2> >(grep -v '^{"progress"' >&2)); then
        sed -n 's/.*"error":"\([^"][^"]*\)".*/\1/p' <<<"$report" >&2
        log error "Backup failed, or is not whole: see holdfast status"
        return 1
    fi
    local copy
    copy=$(sed -n 's/.*"plain_copies":\[{"database":"[^"]*","path":"\([^"]*\)".*/\1/p' <<<"$report")
    if grep -q '"confirmed_only":true' <<<"$report"; then
        log info "Nothing has changed since: ${copy#"$PWD/"}"
    else
        log info "Backup created: ${copy#"$PWD/"}"
        log info "Rotating old backups (keeping $(setting source.devteam.plain_copies.keep_last))..."
    fi
    log info "Backup complete"
}

check() {
    local code=0
    holdfast maintain check || code=$?
    case $code in
        0)  log info "Database integrity check passed"
            log info "Foreign key check passed" ;;
        3)  log info "Database integrity check passed"
            log warn "Foreign key check found violations" ;;
        4)  log error "Database integrity check failed"
            return 1 ;;
        *)  log error "Database could not be checked"
            return 1 ;;
    esac
}

all() {
    log info "Creating database backup..."
    local code=0
    holdfast maintain all || code=$?
    case $code in
        0)  log info "Backup complete"
            log info "Database integrity check passed"
            log info "Foreign key check passed" ;;
        *)  log error "Maintenance failed"
            return 1 ;;
    esac
}

command=${1:-help}
case $command in
    vacuum | analyze | cleanup | backup | check | stats | all) ;;
    help | -h | --help) usage; exit 0 ;;
    *)  log error "Unknown command: $command"
        usage >&2
        exit 1 ;;
esac
if [ ! -f "$DB_FILE" ]; then
    log error "Database not found. Run db-init.sh first."
    exit 1
fi
case $command in
    backup) backup ;;
    check) check ;;
    all) all ;;
    vacuum) run "Vacuum complete" "Vacuum failed" holdfast maintain vacuum ;;
    analyze) run "Analyze complete" "Analyze failed" holdfast maintain analyze ;;
    cleanup) run "Cleanup complete" "Cleanup failed" holdfast maintain cleanup ;;
    stats) holdfast maintain stats || exit 1 ;;
esac
