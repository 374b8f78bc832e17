#!/usr/bin/env bash
# Restores data/app.db and data/faiss, by holdfast. A copy that holdfast has written stands for the whole set it belongs to; of any
# other file the database is restored, the indexes come from backups/faiss, and those before are kept beside. The database before is
# backed up first, or the whole set: holdfast undo.
set -euo pipefail

if [ $# -lt 1 ]; then
  echo "Usage: $0 <sqlite_backup_file>"
  echo "Example: $0 ./backups/app_20250101_120000.db"
  exit 1
fi
SQLITE_SRC=$1
if [ ! -f "$SQLITE_SRC" ]; then
  echo "Backup file not found: $SQLITE_SRC" >&2
  exit 1
fi
file=$(cd "$(dirname "$SQLITE_SRC")" && pwd)/$(basename "$SQLITE_SRC")
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# 5: no backup of this repository. Everything else that is not 0 is a failure, and nothing was changed or it is told.
code=0
holdfast show "$file" --quiet >/dev/null 2>&1 || code=$?
if [ "$code" = 5 ]; then
  holdfast restore --from "$file" --for data/app.db --yes >&2 || exit 1
  if [ -d backups/faiss ]; then
    aside=data/faiss.before-restore.$(date +%Y%m%d_%H%M%S)
    [ ! -e data/faiss ] || { mv data/faiss "$aside" && echo "The indexes before are in $aside" >&2; }
    mkdir -p data/faiss
    cp -R backups/faiss/. data/faiss/
  fi
  holdfast agreement >&2 || { echo "The indexes of backups/faiss are not those of this database: see above" >&2; exit 1; }
else
  holdfast restore "$file" --yes >&2 || exit 1
fi
echo "Restore completed: SQLite <- $SQLITE_SRC; FAISS <- backups/faiss/"
