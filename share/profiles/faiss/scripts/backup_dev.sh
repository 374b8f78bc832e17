#!/usr/bin/env bash
# Backs up data/app.db and data/faiss as one set, by holdfast; with the copies that people know: backups/app_STAMP.db, and
# backups/faiss/ as it is in the newest set.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Without a progress report; what else is told goes to standard error.
report=$(holdfast backup --kind automatic --json 2> >(grep -v '^{"progress"' >&2)) || {
    code=$?
    sed -n 's/.*"error":"\([^"][^"]*\)".*/\1/p' <<<"$report" >&2
    # 3: it was made, but something in it is not as it has to be.
    [ "$code" != 3 ] || holdfast status >&2 || true
    echo "Backup failed, or is not whole (exit code $code)" >&2
    exit 1
}
number=$(sed -n 's/.*"backup":{"number":\([0-9]*\).*/\1/p' <<<"$report")
copy=$(sed -n 's/.*"plain_copies":\[{"database":"[^"]*","path":"\([^"]*\)".*/\1/p' <<<"$report")

# A folder of a set: of the same moment as the database beside it. Files of other names stay, as they did with rsync.
mkdir -p backups/faiss
if [ -d data/faiss ]; then
    look=$(mktemp -d backups/.faiss.XXXXXX)
    trap 'rm -rf "$look"' EXIT
    holdfast restore "$number" --path data/faiss --to "$look/" --quiet
    cp -R "$look/faiss/." backups/faiss/
fi
echo "Backup completed: SQLite -> ${copy#"$PWD/"}; FAISS -> backups/faiss/"
