// What holdfast.toml says, as plain values: paths absolute, durations in seconds, sizes in bytes. The structs hold the
// defaults; describe() is the one place where keys are named (settings_description.h).
#pragma once

#include "holdfast/operations/settings_description.h"

namespace holdfast::operations {

struct RepositorySettings {
    std::string path, key_file, password_file, password_command;
    std::uint64_t space_warn = 5ull << 30, min_free = 1ull << 30;

    template <class Visitor>
    void describe(Visitor& visit) {
        visit(path, {.key = "path", .sentence = "The folder that keeps the backups.", .example = "\".holdfast\"", .form = Form::path, .otherwise = ".holdfast beside the database or nearest above it"});
        visit(key_file, {.key = "key_file", .sentence = "A sealed repository is unlocked with the key in this file. At most one of key_file, password_file and password_command.", .example = "\"~/.config/holdfast/key\"", .form = Form::path});
        visit(password_file, {.key = "password_file", .sentence = "It is unlocked with the password in this file.", .example = "\"~/.config/holdfast/password\"", .form = Form::path});
        visit(password_command, {.key = "password_command", .sentence = "It is unlocked with the password that this command prints.", .example = "\"pass show holdfast\"", .form = Form::secret_command});
        visit(space_warn, {.key = "space_warn", .sentence = "Below so much free space, status and doctor warn. Without a settings file: the size of the largest database, and 64 MiB.", .example = "\"5GiB\"", .form = Form::size});
        visit(min_free, {.key = "min_free", .sentence = "Below so much free space, they fail. Without a settings file: 8 MiB.", .example = "\"1GiB\"", .form = Form::size});
    }
};

struct TargetSettings {
    std::int64_t rpo = 3600, rpo_critical = 15 * 60, rto_corruption = 15 * 60, rto_deletion = 10 * 60, rto_server = 30 * 60;
    std::int64_t proof = 8 * 86'400;  // a weekly drill, and a day to spare

    template <class Visitor>
    void describe(Visitor& visit) {
        visit(rpo, {.key = "rpo", .sentence = "So much may be lost: the newest backup that is whole and not known to be damaged may be so old, counted from when its source was last known to be as it holds it.", .example = "\"1h\"", .form = Form::duration});
        visit(rpo_critical, {.key = "rpo_critical", .sentence = "That of a critical source.", .example = "\"15m\"", .form = Form::duration});
        visit(rto_corruption, {.key = "rto_corruption", .sentence = "A restore after a database was corrupted may take so long.", .example = "\"15m\"", .form = Form::duration});
        visit(rto_deletion, {.key = "rto_deletion", .sentence = "A restore after something was deleted.", .example = "\"10m\"", .form = Form::duration});
        visit(rto_server, {.key = "rto_server", .sentence = "A restore after the whole machine was lost.", .example = "\"30m\"", .form = Form::duration});
        visit(proof, {.key = "proof", .sentence = "The newest backup that passed a drill, or was verified, may be so old.", .example = "\"8d\"", .form = Form::duration});
    }
};

// One rule of retention: a backup that any line keeps is kept.
struct KeepSettings {
    static constexpr bool is_given_as_a_whole = true;
    std::uint64_t keep_last = 0, keep_hourly = 0, keep_daily = 0, keep_weekly = 0, keep_monthly = 0, keep_yearly = 0;
    std::string keep_within;  // a span of the calendar
    bool keep_all = false;
    bool is_empty() const { return *this == KeepSettings{}; }
    bool operator==(const KeepSettings&) const = default;

    template <class Visitor>
    void describe(Visitor& visit) {
        visit(keep_last, {.key = "keep_last", .sentence = "The newest so many.", .example = "10"});
        visit(keep_hourly, {.key = "keep_hourly", .sentence = "The newest of each of the last so many hours that have one.", .example = "24"});
        visit(keep_daily, {.key = "keep_daily", .sentence = "The newest of each of so many days.", .example = "7"});
        visit(keep_weekly, {.key = "keep_weekly", .sentence = "The newest of each of so many weeks (from Monday).", .example = "4"});
        visit(keep_monthly, {.key = "keep_monthly", .sentence = "The newest of each of so many months.", .example = "12"});
        visit(keep_yearly, {.key = "keep_yearly", .sentence = "The newest of each of so many years.", .example = "10"});
        visit(keep_within, {.key = "keep_within", .sentence = "All that are at most so old.", .example = "\"2d\"", .form = Form::span});
        visit(keep_all, {.key = "keep_all", .sentence = "All, for ever.", .example = "true"});
    }
};

struct RetentionSettings {
    std::string time_zone = "local";
    std::uint64_t minimum_keep = 1;
    std::string undo_within = "30d";
    KeepSettings automatic{.keep_last = 10, .keep_daily = 7, .keep_weekly = 4, .keep_monthly = 12};
    KeepSettings manual{.keep_all = true};
    std::map<std::string, KeepSettings> tag;

    template <class Visitor>
    void describe(Visitor& visit) {
        visit(time_zone, {.key = "time_zone", .sentence = "Where days begin: local, UTC, or a name such as Europe/Berlin.", .example = "\"local\""});
        visit(minimum_keep, {.key = "minimum_keep", .sentence = "Whole backups of a source never become fewer.", .example = "1"});
        visit(undo_within, {.key = "undo_within", .sentence = "Safety backups stay so long, and the newest of a source always.", .example = "\"30d\"", .form = Form::span});
        visit(automatic, {.key = "automatic", .sentence = "The rule for automatic backups. Given, it replaces the default rule as a whole."});
        visit(manual, {.key = "manual", .sentence = "The rule for manual backups; by default all are kept."});
        visit(tag, {.key = "tag", .sentence = "The rule for backups with a tag: NAME, or NAME=anything.", .example = "archive"});
    }
};

// What a source says otherwise than [retention].
struct SourceRetentionSettings {
    std::optional<KeepSettings> automatic, manual;
    std::map<std::string, KeepSettings> tag;

    template <class Visitor>
    void describe(Visitor& visit) {
        visit(automatic, {.key = "automatic", .sentence = "This source's rule for automatic backups, instead of [retention.automatic]."});
        visit(manual, {.key = "manual", .sentence = "Its rule for manual backups."});
        visit(tag, {.key = "tag", .sentence = "Its rule for backups with a tag.", .example = "archive"});
    }
};

struct HookSettings {
    std::string command, post, body, on_failure = "stop";
    std::int64_t time_limit = 60;

    template <class Visitor>
    void describe(Visitor& visit) {
        visit(command, {.key = "command", .sentence = "The command to run, in the settings' folder. Either this or post.", .example = "\"systemctl --user stop app\"", .form = Form::command});
        visit(post, {.key = "post", .sentence = "An address to which an HTTP POST is sent instead.", .example = "\"http://127.0.0.1:8080/rebuild\""});
        visit(body, {.key = "body", .sentence = "What is posted.", .example = "\"{}\""});
        visit(time_limit, {.key = "time_limit", .sentence = "It has failed when it takes longer.", .example = "\"60s\"", .form = Form::duration});
        visit(on_failure, {.key = "on_failure", .sentence = "When it fails: stop what was being done, or go on and warn.", .example = "\"stop\"", .choices = {"stop", "warn"}});
    }
};

struct HooksSettings {
    std::vector<HookSettings> before_backup, after_backup, before_restore, after_restore, on_failure;

    template <class Visitor>
    void describe(Visitor& visit) {
        visit(before_backup, {.key = "before_backup", .sentence = "Before a backup."});
        visit(after_backup, {.key = "after_backup", .sentence = "After a backup that was made."});
        visit(before_restore, {.key = "before_restore", .sentence = "Before a restore in place, for example to stop the application."});
        visit(after_restore, {.key = "after_restore", .sentence = "After it, for example to start the application or rebuild an index."});
        visit(on_failure, {.key = "on_failure", .sentence = "After a backup or restore that failed."});
    }
};

struct ExpectationSettings {
    std::string sql, table;
    std::optional<double> loss_percent_max;
    std::int64_t time_limit = 5;

    template <class Visitor>
    void describe(Visitor& visit) {
        visit(sql, {.key = "sql", .sentence = "A query whose first value must be true (not 0, not NULL). Either this or table.", .example = "\"SELECT count(*) > 0 FROM sessions\"", .form = Form::query});
        visit(table, {.key = "table", .sentence = "A table that may not lose too many rows from one backup to the next.", .example = "\"events\""});
        visit(loss_percent_max, {.key = "loss_percent_max", .sentence = "It may lose so many percent of its rows. Compared is the newest earlier backup that met this, until holdfast annotate --accept-loss accepts the loss.", .example = "20"});
        visit(time_limit, {.key = "time_limit", .sentence = "What is not answered in this time does not hold; a backup is made all the same.", .example = "\"5s\"", .form = Form::duration});
    }
};

struct CleanupSettings {
    std::string table, column, where;
    std::int64_t older_than = 0;

    template <class Visitor>
    void describe(Visitor& visit) {
        visit(table, {.key = "table", .sentence = "The table whose old rows are deleted.", .example = "\"sessions\""});
        visit(column, {.key = "column", .sentence = "The column that tells their age.", .example = "\"ended_at\""});
        visit(older_than, {.key = "older_than", .sentence = "Rows older than this go.", .example = "\"30d\"", .form = Form::duration});
        visit(where, {.key = "where", .sentence = "Only those for which this holds too.", .example = "\"status <> 'running'\"", .form = Form::condition});
    }
};

struct PlainCopySettings {
    std::string folder, name = "{database}_{date}_{time}.db", compress = "none", latest, metadata;
    bool keep_manual = false;
    KeepSettings keep;  // empty: the newest 10 of automatic backups, and all of manual ones

    template <class Visitor>
    void describe(Visitor& visit) {
        visit(folder, {.key = "folder", .sentence = "The folder of the copies.", .example = "\"backups\"", .form = Form::path});
        visit(name, {.key = "name", .sentence = "Their names, made from {database} {date} {time} {stamp} {number} {kind} {auto}. Something in it tells copies apart: date and time, stamp, or number.", .example = "\"app_{date}_{time}.db\""});
        visit(compress, {.key = "compress", .sentence = "How they are compressed.", .example = "\"gzip\"", .choices = {"none", "gzip", "zstd"}});
        visit(latest, {.key = "latest", .sentence = "A second file, of this name, that is always the newest copy.", .example = "\"app_latest.db\"", .otherwise = "none"});
        visit(metadata, {.key = "metadata", .sentence = "A JSON file in that folder that lists the copies, for applications that read one.", .example = "\"backup_metadata.json\"", .otherwise = "none"});
        visit(keep_manual, {.key = "keep_manual", .sentence = "Copies of manual backups all stay, and the lines below are for automatic ones. Without any of these lines the newest 10 copies of automatic backups stay, and all of manual ones.", .example = "true"});
        keep.describe(visit);
    }
};

struct SetCopySettings {
    std::string of, folder, name = "{name}_{date}_{time}.tar", compress = "gzip";
    bool keep_manual = false;
    KeepSettings keep;  // empty: as of plain copies

    template <class Visitor>
    void describe(Visitor& visit) {
        visit(of, {.key = "of", .sentence = "The companion that is copied.", .example = "\"data/faiss\"", .form = Form::path, .otherwise = "the whole set, databases and companions, as a bundle"});
        visit(folder, {.key = "folder", .sentence = "The folder of the archives; that of the plain copies will do.", .example = "\"backups\"", .form = Form::path});
        visit(name, {.key = "name", .sentence = "Their names, as those of plain copies; {name} is the companion's name, or the source's.", .example = "\"faiss_{date}_{time}.tar\""});
        visit(compress, {.key = "compress", .sentence = "How they are compressed.", .example = "\"gzip\"", .choices = {"none", "gzip", "zstd"}});
        visit(keep_manual, {.key = "keep_manual", .sentence = "Archives of manual backups all stay, and the lines below are for automatic ones. Without any of these lines the newest 10 of automatic backups stay, and all of manual ones.", .example = "true"});
        keep.describe(visit);
    }
};

struct RebuildSettings {
    std::string command, post, body;
    std::int64_t time_limit = 600;
    bool background = false;

    template <class Visitor>
    void describe(Visitor& visit) {
        visit(command, {.key = "command", .sentence = "The command that builds it, in the settings' folder; in its environment what hooks are told, and HOLDFAST_COMPANION: its path. Either this or post.", .example = "\"./scripts/build-index.py\"", .form = Form::command});
        visit(post, {.key = "post", .sentence = "An address to which an HTTP POST is sent instead.", .example = "\"http://127.0.0.1:8080/rebuild\""});
        visit(body, {.key = "body", .sentence = "What is posted.", .example = "\"{}\""});
        visit(time_limit, {.key = "time_limit", .sentence = "It has failed when it takes longer.", .example = "\"10m\"", .form = Form::duration});
        visit(background, {.key = "background", .sentence = "A restore does not wait for it: holdfast status tells how it goes.", .example = "true"});
    }
};

struct CompanionSettings {
    std::string path, keep = "as-is";
    std::vector<std::string> include, exclude;
    bool optional = false;
    std::optional<RebuildSettings> rebuild;

    template <class Visitor>
    void describe(Visitor& visit) {
        visit(path, {.key = "path", .sentence = "A file or folder that belongs with the databases. Links in it are kept as links, and not followed. With *, ? or [ in it, and nothing of just that name, it is a pattern: \"data/faiss/*.index\" is the folder data/faiss with include = [\"/*.index\"].", .example = "\"data/faiss\"", .form = Form::path});
        visit(include, {.key = "include", .sentence = "Only what matches one of these patterns, as in .gitignore, relative to the path.", .example = "[\"*.index\", \"*.meta.json\", \"*.npz\"]", .otherwise = "everything"});
        visit(exclude, {.key = "exclude", .sentence = "Not what matches one of these. SQLite databases in it are backed up as databases when the source names them; their -wal, -shm and -journal, .DS_Store, Thumbs.db, desktop.ini, __pycache__ and what lies beside a CACHEDIR.TAG never go in.", .example = "[\"*.tmp\", \"cache/\"]"});
        visit(optional, {.key = "optional", .sentence = "It may be missing or empty. Otherwise a backup is partial when it is missing, when it has lost all its files, or all their bytes, since an earlier backup, or when there is nothing that include matches.", .example = "true"});
        visit(keep, {.key = "keep", .sentence = "How it is kept: as it is; not at all, and built again after a restore (rebuild); or redacted: the secrets in its texts are removed before they are stored, so they are in no backup, and a file that has some is not replaced by a restore.", .example = "\"as-is\"", .choices = {"as-is", "rebuild", "redacted"}});
        visit(rebuild, {.key = "rebuild", .sentence = "How it is built again: after a restore in place when it is not kept, or when it disagrees with the database; by holdfast rebuild at any time."});
    }
};

struct SmokeTestSettings {
    std::string command, get, contains;
    std::uint64_t status = 200;
    std::int64_t time_limit = 30;

    template <class Visitor>
    void describe(Visitor& visit) {
        visit(command, {.key = "command", .sentence = "A command that ends with 0 when all is well, in the settings' folder; in its environment what hooks are told. Either this or get.", .example = "\"./scripts/sample-search.sh\"", .form = Form::command});
        visit(get, {.key = "get", .sentence = "An address that is asked by an HTTP GET instead.", .example = "\"http://127.0.0.1:8080/health\""});
        visit(status, {.key = "status", .sentence = "The HTTP status of a good answer.", .example = "200"});
        visit(contains, {.key = "contains", .sentence = "A text that a good answer holds in its first 64 KiB.", .example = "\"ok\"", .otherwise = "any answer will do"});
        visit(time_limit, {.key = "time_limit", .sentence = "It is tried again and again for so long: applications take time to start.", .example = "\"30s\"", .form = Form::duration});
    }
};

struct QuiesceSettings {
    HookSettings pause, resume;

    template <class Visitor>
    void describe(Visitor& visit) {
        visit(pause, {.key = "pause", .sentence = "Has the application pause, and returns when it does. on_failure: whether a backup is then made all the same, with a warning."});
        visit(resume, {.key = "resume", .sentence = "Lets it go on. It is run in any case: also when pause has failed, and when the backup fails or is stopped."});
    }
};

// What has to agree with a database: one thing, or one for each name that the star in `files` is.
struct AgreementSettings {
    std::vector<std::string> files, needs;
    std::string kind, database, each, ids, count, dimension, model, meta, meta_dimension, meta_model, ids_in = "ids", vectors_in = "vectors", empty = "placeholder", command;
    bool optional = false;
    std::int64_t time_limit = 60;

    template <class Visitor>
    void describe(Visitor& visit) {
        visit(files, {.key = "files", .sentence = "The files that say the same as the database. A star in the last part of a path stands for a name: of each name, one of the files has to agree, and the others are those that its application does not use now.", .example = "[\"data/faiss/*.index\", \"data/faiss/*.npz\"]", .form = Form::path});
        visit(kind, {.key = "kind", .sentence = "What they are.", .example = "\"faiss\"", .choices = {"faiss", "npz", "npy", "json", "sqlite", "command"}, .otherwise = "by their names: .index and .faiss, .npz, .npy, .json and .jsonl, .db and .sqlite"});
        visit(each, {.key = "each", .sentence = "A query for the names of which there must be one, one a row. Otherwise only those that are there are looked at.", .example = "\"SELECT DISTINCT dataset_id FROM embeddings\"", .form = Form::query});
        visit(ids, {.key = "ids", .sentence = "A query for the ids that must be in it, no more and no fewer, one a row. :name stands for its name.", .example = "\"SELECT ticket_id FROM embeddings WHERE dataset_id = :name\"", .form = Form::query_of_name});
        visit(count, {.key = "count", .sentence = "A query for how many vectors must be in it.", .example = "\"SELECT count(*) FROM embeddings WHERE dataset_id = :name\"", .form = Form::query_of_name});
        visit(dimension, {.key = "dimension", .sentence = "A query for the dimension that its vectors must have.", .example = "\"SELECT length(vector) / 4 FROM embeddings WHERE dataset_id = :name LIMIT 1\"", .form = Form::query_of_name});
        visit(model, {.key = "model", .sentence = "A query for the model that meta_model must name.", .example = "\"SELECT model_name FROM embeddings WHERE dataset_id = :name LIMIT 1\"", .form = Form::query_of_name});
        visit(database, {.key = "database", .sentence = "Which database of the source is asked.", .example = "\"data/app.db\"", .form = Form::database, .otherwise = "the first"});
        visit(meta, {.key = "meta", .sentence = "A JSON file that belongs to it, and must be there.", .example = "\"data/faiss/*.meta.json\"", .form = Form::path});
        visit(meta_dimension, {.key = "meta_dimension", .sentence = "Where that file tells the dimension: a pointer of RFC 6901.", .example = "\"/dim\""});
        visit(meta_model, {.key = "meta_model", .sentence = "Where it tells the model.", .example = "\"/model_name\""});
        visit(needs, {.key = "needs", .sentence = "Other files that must be there, and not be empty. JSON among them is read whole.", .example = "[\"data/faiss/*.labels.json\"]", .form = Form::path});
        visit(ids_in, {.key = "ids_in", .sentence = "Where a file holds its ids: an array of an npz; in JSON a pointer to a list; of a SQLite database a query.", .example = "\"/ids\""});
        visit(vectors_in, {.key = "vectors_in", .sentence = "The array of an npz that holds its vectors.", .example = "\"vectors\""});
        visit(empty, {.key = "empty", .sentence = "What an index of 0 bytes is: a placeholder, which says nothing, unless something has to be in it or was in the backup before; or an error.", .example = "\"placeholder\"", .choices = {"placeholder", "error"}});
        visit(optional, {.key = "optional", .sentence = "There may be none of the files at all.", .example = "true"});
        visit(command, {.key = "command", .sentence = "Of the kind command: it agrees when it ends with 0. In its environment: HOLDFAST_FILE (for each file), HOLDFAST_NAME and HOLDFAST_DATABASE; those of a backup are copies.", .example = "\"./scripts/check-index.py\"", .form = Form::command});
        visit(time_limit, {.key = "time_limit", .sentence = "What takes longer could not be checked.", .example = "\"60s\"", .form = Form::duration});
    }
};

struct SourceSettings {
    std::vector<std::string> databases, tags;
    std::vector<CompanionSettings> companions;
    std::vector<AgreementSettings> agreement;
    std::optional<QuiesceSettings> quiesce;
    std::vector<SmokeTestSettings> smoke_tests;
    bool critical = false, strict = false;
    std::string schema_version, smoke, init;
    std::vector<ExpectationSettings> expect;
    std::vector<CleanupSettings> cleanup;
    SourceRetentionSettings retention;
    std::optional<PlainCopySettings> plain_copies;
    std::vector<SetCopySettings> set_copies;
    HooksSettings hooks;

    template <class Visitor>
    void describe(Visitor& visit) {
        visit(databases, {.key = "databases", .sentence = "The databases that make one backup together. file: URLs are understood; what follows their ? is dropped.", .example = "[\"data/app.db\"]", .form = Form::database});
        visit(critical, {.key = "critical", .sentence = "rpo_critical counts for it instead of rpo.", .example = "true"});
        visit(strict, {.key = "strict", .sentence = "A backup fails when its databases, files and folders cannot be had from one moment; otherwise it is made, and says so.", .example = "true"});
        visit(tags, {.key = "tags", .sentence = "Tags of each of its backups.", .example = "[\"team=blue\"]"});
        visit(schema_version, {.key = "schema_version", .sentence = "A query whose answer is recorded with each backup as the version of the schema. After 5 s it is stopped.", .example = "\"SELECT max(version) FROM schema_version\"", .form = Form::query});
        visit(smoke, {.key = "smoke", .sentence = "A command that tries a restored database, whose path is in $HOLDFAST_DATABASE; it ends with 0 when all is well.", .example = "\"./scripts/smoke.sh\"", .form = Form::command});
        visit(init, {.key = "init", .sentence = "A command that makes a fresh database.", .example = "\"./scripts/db-init.sh\"", .form = Form::command});
        visit(companions, {.key = "companions", .sentence = "Files and folders that belong with them: kept in the same backup, from the same moment."});
        visit(agreement, {.key = "agreement", .sentence = "Which files must say the same as a database; looked at in backups, verifications and drills, and by holdfast agreement."});
        visit(smoke_tests, {.key = "smoke_tests", .sentence = "What shows that the application works; tried after a restore in place, behind the after_restore hooks."});
        visit(expect, {.key = "expect", .sentence = "What must hold in its databases; looked at in backups, verifications and drills."});
        visit(cleanup, {.key = "cleanup", .sentence = "Which old rows holdfast maintain cleanup deletes."});
        visit(retention, {.key = "retention", .sentence = "How long its backups are kept, where that differs."});
        visit(plain_copies, {.key = "plain_copies", .sentence = "After each backup also an ordinary database file."});
        visit(set_copies, {.key = "set_copies", .sentence = "After each backup also an archive of a companion, or of the whole set, each with a count of its own."});
        visit(hooks, {.key = "hooks", .sentence = "Hooks of this source alone."});
        visit(quiesce, {.key = "quiesce", .sentence = "An application that can pause does so while a backup captures its moment, and no longer."});
    }
};

struct BundleSettings {
    std::vector<std::string> files, logs;
    std::string metrics;
    std::map<std::string, std::string> scrub;

    template <class Visitor>
    void describe(Visitor& visit) {
        visit(files, {.key = "files", .sentence = "Files that go into a bundle --with files, with secrets removed.", .example = "[\".env\", \"prisma/schema.prisma\"]", .form = Form::path});
        visit(logs, {.key = "logs", .sentence = "Logs of which a bundle --with logs holds what was written since the backup before, with secrets removed.", .example = "[\"logs/*.log\"]", .form = Form::path});
        visit(metrics, {.key = "metrics", .sentence = "A command that prints the application's metrics, for a bundle --with metrics.", .example = "\"curl -s http://127.0.0.1:9464/metrics\"", .form = Form::command});
        visit(scrub, {.key = "scrub", .sentence = "Columns whose values are changed in bundles, and in bundles only, with those that refer to them by foreign keys: \"table.column\" = \"mask\", \"null\" or \"hash\".", .example = "\"contacts.email\" = \"mask\"", .choices = {"mask", "null", "hash"}});
    }
};

struct ScheduleSettings {
    std::string backup = "hourly", verify = "daily", drill = "weekly", maintain = "weekly", prune = "daily";

    template <class Visitor>
    void describe(Visitor& visit) {
        visit(backup, {.key = "backup", .sentence = "When backups are made: hourly, daily, weekly, monthly, \"daily 02:30\", a cron line, or never.", .example = "\"hourly\""});
        visit(verify, {.key = "verify", .sentence = "When backups are verified.", .example = "\"daily\""});
        visit(drill, {.key = "drill", .sentence = "When a restore is rehearsed.", .example = "\"weekly\""});
        visit(maintain, {.key = "maintain", .sentence = "When databases are maintained.", .example = "\"weekly\""});
        visit(prune, {.key = "prune", .sentence = "When the space of forgotten backups is freed.", .example = "\"daily 02:30\""});
    }
};

struct LogSettings {
    std::string audit, recovery;
    bool names = false;

    template <class Visitor>
    void describe(Visitor& visit) {
        visit(audit, {.key = "audit", .sentence = "The audit log: a file of JSON lines.", .example = "\"holdfast-audit.jsonl\"", .form = Form::path, .otherwise = "in the state folder"});
        visit(names, {.key = "names", .sentence = "The audit log tells the user's and the machine's name.", .example = "true"});
        visit(recovery, {.key = "recovery", .sentence = "The log of recoveries, for people.", .example = "\"RECOVERY.md\"", .form = Form::path, .otherwise = "RECOVERY.md beside the settings"});
    }
};

struct Settings {
    RepositorySettings repository;
    TargetSettings targets;
    RetentionSettings retention;
    HooksSettings hooks;
    std::map<std::string, SourceSettings> source;
    BundleSettings bundle;
    ScheduleSettings schedule;
    LogSettings log;

    template <class Visitor>
    void describe(Visitor& visit) {
        visit(repository, {.key = "repository", .sentence = "Where backups are kept, and how that is unlocked."});
        visit(source, {.key = "source", .sentence = "What is protected: one table for each source, by its name. holdfast backup without an argument backs up every one.", .example = "app"});
        visit(retention, {.key = "retention", .sentence = "How long backups are kept."});
        visit(targets, {.key = "targets", .sentence = "How much may be lost (RPO), and how long a restore may take (RTO)."});
        visit(hooks, {.key = "hooks", .sentence = "What is done before and after, for every source."});
        visit(schedule, {.key = "schedule", .sentence = "What holdfast schedule install runs, and when."});
        visit(bundle, {.key = "bundle", .sentence = "What else goes into a bundle."});
        visit(log, {.key = "log", .sentence = "Where logs are written."});
    }
};

}  // namespace holdfast::operations
