// list, show: what a repository holds.
#pragma once

#include "holdfast/operations/context.h"
#include "holdfast/operations/narrow.h"

namespace holdfast::operations {

struct ListRequest {
    RepositoryRequest repository;
    std::string source;
    NarrowRequest narrow;
    std::string since, until;
    bool forgotten = false, held = false;
    std::uint64_t last = 0;

    static OperationText operation() {
        return {.name = "list",
                .sentence = "List the backups, newest first.",
                .examples = {{"holdfast list", "in .holdfast here or above"}, {"holdfast list --kind automatic --since '2 days ago'", "what was made before operations lately"},
                             {"holdfast list -r /backups/app --last 10 --json", "the newest ten, for a program"}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        repository.describe(visit);
        visit(source, {.name = "source", .sentence = "Only this source (name, id or a database's path).", .value = "NAME"});
        narrow.describe(visit);
        visit(since, {.name = "since", .sentence = "Only backups not older than this time.", .value = "TIME"});
        visit(until, {.name = "until", .sentence = "Only backups not newer than this time.", .value = "TIME"});
        visit(held, {.name = "held", .sentence = "Only backups that are held."});
        visit(forgotten, {.name = "forgotten", .sentence = "Also backups that were forgotten and can still be recalled."});
        visit(last, {.name = "last", .sentence = "At most so many; 0: all.", .value = "N", .letter = 'n'});
    }
};
struct ListedBackup {
    std::uint64_t number = 0, logical_bytes = 0, bytes_stored = 0;
    std::string id, kind, operation, comment, source, state, held, skew, schema_version, schema_hash;
    double skew_ms = 0;
    bool schema_changed = false;
    Timestamp time;
    std::vector<std::string> paths, companions, skewed, unmet, tags;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("number", number, "Number.");
        visit("id", id, "Id.");
        visit("time", time, "The moment it holds.");
        visit("kind", kind, "manual; automatic: made before an operation or by a schedule; safety: made before a restore.");
        visit("operation", operation, "The operation it was made before, or by.");
        visit("state", state, "ok, partial, not of one moment (or both: \"partial, not of one moment\"), damaged (the source was), verification found damage, not as expected, forgotten, or unreadable.");
        visit("held", held, "Why it is held and nobody can forget it; empty: it is not held.");
        visit("skew", skew, "Why it is not of one moment; empty: it is.");
        visit("skew_ms", skew_ms, "Time between the first and the last freeze of its databases, when they are not of one moment.");
        visit("skewed", skewed, "The databases, files and folders that may be of another moment than the others.");
        visit("unmet", unmet, "What does not hold in it, of what the settings expect, or does not agree, and was not accepted.");
        visit("comment", comment, "Comment.");
        visit("source", source, "Source.");
        visit("schema_version", schema_version, "What the source's schema_version query answered, else PRAGMA user_version where it is used.");
        visit("schema_hash", schema_hash, "Changes when the schema of any of its databases does.");
        visit("schema_changed", schema_changed, "Its schema, or what tells its version, differs from that of the source's backup before it in this list.");
        visit("paths", paths, "The databases.");
        visit("companions", companions, "Files and folders that belong with them.");
        visit("tags", tags, "Tags.");
        visit("logical_bytes", logical_bytes, "Size of the databases and companions.");
        visit("bytes_stored", bytes_stored, "Bytes it added when it was made.");
    }
};
struct ListReport {
    std::string repository;
    std::vector<ListedBackup> backups;
    std::vector<std::string> damage;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("repository", repository, "Path.");
        visit("backups", backups, "Newest first.");
        visit("damage", damage, "Backups and notes that cannot be read; holdfast verify --all says more.");
    }
};
Result<ListReport> list(Context& context, const ListRequest& request);

struct ShowRequest {
    RepositoryRequest repository;
    std::string snapshot = "latest";
    std::string source;
    std::string at;
    NarrowRequest narrow;

    static OperationText operation() {
        return {.name = "show",
                .sentence = "Show everything known about one backup.",
                .details = "SNAPSHOT is a number (43), latest, latest~2, last-good, or the beginning of an id.",
                .examples = {{"holdfast show 43", ""}, {"holdfast show --at '2 hours ago'", "the newest one not after that time"}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(snapshot, {.name = "snapshot", .sentence = "Which backup.", .value = "SNAPSHOT", .positional = true});
        visit(at, {.name = "at", .sentence = "The newest backup not after this time (RFC 3339, local time, '2 hours ago').", .value = "TIME"});
        visit(source, {.name = "source", .sentence = "Of this source.", .value = "NAME"});
        narrow.describe(visit);
        repository.describe(visit);
    }
};
struct ShownMember {
    std::string path, sha256, journal_mode, encoding, read_as, schema_hash, schema_version, kind;
    std::uint64_t size = 0, page_size = 0, pages = 0, user_version = 0, application_id = 0, mode = 0;
    std::vector<std::string> findings, notes;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("path", path, "Where it came from.");
        visit("kind", kind, "database, or raw: bytes of a damaged original.");
        visit("size", size, "Bytes.");
        visit("page_size", page_size, "Bytes in a page.");
        visit("pages", pages, "Pages.");
        visit("encoding", encoding, "Text encoding.");
        visit("journal_mode", journal_mode, "wal or rollback.");
        visit("read_as", read_as, "How it was read.");
        visit("user_version", user_version, "PRAGMA user_version.");
        visit("application_id", application_id, "PRAGMA application_id.");
        visit("schema_hash", schema_hash, "Changes when the schema does.");
        visit("schema_version", schema_version, "What the source's schema_version query answered.");
        visit("sha256", sha256, "SHA-256 of the image: what sha256sum prints of a file restored with --to (in place SQLite keeps header fields of its own).");
        visit("mode", mode, "Permission bits of the file.");
        visit("findings", findings, "What SQLite said of the source when it was backed up.");
        visit("notes", notes, "What cannot be told, and why.");
    }
};
struct ShownCompanion {
    std::string path, kind, link_target;
    std::uint64_t files = 0, folders = 0, links = 0, bytes = 0;
    bool redacted = false;
    std::vector<std::string> removed, notes;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("path", path, "Where it came from.");
        visit("kind", kind, "file, folder or link.");
        visit("link_target", link_target, "What a link says.");
        visit("files", files, "Files in it, or itself.");
        visit("folders", folders, "Folders in it, itself included.");
        visit("links", links, "Links in it, or itself.");
        visit("bytes", bytes, "Bytes of the files.");
        visit("redacted", redacted, "It was kept without the secrets in its files.");
        visit("removed", removed, "Those: by file and key, never a value.");
        visit("notes", notes, "What cannot be told, and why.");
    }
};
struct ShowReport {
    ListedBackup backup;
    Timestamp began;
    std::string machine, program, verified;
    std::optional<Timestamp> verified_at, last_confirmed;
    std::uint64_t bytes_read = 0, pages_changed = 0;
    double writers_blocked_ms = 0;
    std::vector<ShownMember> members;
    std::vector<ShownCompanion> companions;
    std::vector<std::string> rebuilt, missing, failed;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("backup", backup, "The backup, as list shows it.");
        visit("began", began, "When the command began.");
        visit("machine", machine, "The machine's hashed id.");
        visit("program", program, "Version that made it.");
        visit("verified", verified, "The last verification: level, and good or damage found.");
        visit("verified_at", verified_at, "When that was.");
        visit("last_confirmed", last_confirmed, "When the source was last seen unchanged since.");
        visit("bytes_read", bytes_read, "Bytes read.");
        visit("pages_changed", pages_changed, "Pages that had changed.");
        visit("writers_blocked_ms", writers_blocked_ms, "How long writers had to wait.");
        visit("members", members, "The databases.");
        visit("companions", companions, "Files and folders that belong with them; holdfast files lists what lies in them.");
        visit("rebuilt", rebuilt, "Files and folders that are not in it, as they are built again after a restore.");
        visit("missing", missing, "Files and folders that belong with them and were not there.");
        visit("failed", failed, "Databases and files that could not be backed up.");
    }
};
Result<ShowReport> show(Context& context, const ShowRequest& request);

}  // namespace holdfast::operations
