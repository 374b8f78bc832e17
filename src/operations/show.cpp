#include "holdfast/base/text.h"
#include "holdfast/operations/list.h"
#include "holdfast/operations/listed_backup.h"
#include "holdfast/operations/open_repository.h"
#include "holdfast/operations/selection.h"
#include "holdfast/repository/entries.h"

namespace holdfast::operations {

namespace {

using repository::DirectoryEntry;
using repository::EntryType;
using repository::Repository;
using repository::Snapshot;

std::string encoding_name(std::uint32_t encoding) {
    switch (encoding) {
        case 1: return "UTF-8";
        case 2: return "UTF-16le";
        case 3: return "UTF-16be";
        default: return "";  // a database without a schema has none yet
    }
}

ShownMember shown(const DirectoryEntry& entry) {
    ShownMember member;
    member.path = entry.name;
    member.kind = entry.database ? "database" : "raw";
    member.size = entry.content.size;
    member.mode = entry.mode;
    if (!entry.database) return member;
    const auto& record = *entry.database;
    member.page_size = record.page_size;
    member.pages = record.page_count;
    member.encoding = encoding_name(record.encoding);
    member.journal_mode = record.journal_mode == 2 ? "wal" : "rollback";
    member.read_as = record.read_as;
    member.schema_hash = record.schema_hash;
    member.schema_version = record.schema_version;
    member.user_version = record.user_version;
    member.application_id = record.application_id;
    member.findings = record.findings;
    return member;
}

// The hash that a restored file has: recorded at the backup, noted since, or computed now.
Result<Hash> plain_hash(const Repository& repository, const DirectoryEntry& entry, const history::Moment& moment) {
    if (entry.database->plain_sha256) return *entry.database->plain_sha256;
    if (moment.snapshot.members.size() == 1 && moment.notes.plain_sha256) return *moment.notes.plain_sha256;
    const auto lease = TRY(repository.lease(moment.snapshot.number));
    const auto image = TRY(history::open_image(repository, entry));
    return sqlite::plain_sha256(*image);
}

// So that it need not be computed again. A repository that cannot be written costs only that.
void note_hash(Context& context, Repository& repository, const history::Moment& moment, const Hash& hash) {
    const auto& members = moment.snapshot.members;
    if (members.size() != 1 || members.front().database->plain_sha256 || moment.notes.plain_sha256) return;
    repository::Note note;
    note.type = repository::NoteType::plain_sha256;
    note.time = context.host.clock.now();
    note.hash = hash;
    static_cast<void>(repository.add_note(moment.snapshot.number, note).ok());
}

Result<std::vector<ShownMember>> show_members(Context& context, Repository& repository, const history::Moment& moment) {
    std::vector<ShownMember> members;
    for (const auto& entry : moment.snapshot.members) {
        members.push_back(shown(entry));
        if (!entry.database) continue;
        const auto hash = plain_hash(repository, entry, moment);
        if (hash) {
            members.back().sha256 = hash->hex();
            note_hash(context, repository, moment, *hash);
        } else if (hash.error().code() == ErrorCode::corrupt) {  // all else that is known can be shown
            members.back().notes.push_back("no SHA-256, because its bytes cannot be proven: " + hash.error().message());
        } else {
            return hash.error().copy();
        }
    }
    return members;
}

// By the listings of its folders; one that cannot be read is told of, and all else shown.
Result<ShownCompanion> shown_companion(const Repository& repository, const DirectoryEntry& companion) {
    ShownCompanion told{.path = companion.name, .kind = "file", .link_target = companion.link_target};
    if (companion.type == EntryType::directory) told.kind = "folder";
    told.redacted = companion.rules.is_redacted();
    told.removed = companion.removed;
    if (companion.type == EntryType::link) told.kind = "link";
    repository::EntryVisit visit;
    visit.entry = [&](const std::string&, const DirectoryEntry& entry) -> Result<void> {
        ++(entry.type == EntryType::directory ? told.folders : entry.type == EntryType::link ? told.links : told.files);
        if (entry.type == EntryType::file) told.bytes += entry.content.size;
        return {};
    };
    visit.damaged = [&](const std::string& path, const DirectoryEntry&, const Error& why) { told.notes.push_back(format("what lies in {} is not known: {}", path, why.message())); };
    TRY(repository::visit_entries(repository.chunks(), companion, visit));
    return told;
}

Result<std::vector<ShownCompanion>> show_companions(const Repository& repository, const Snapshot& snapshot) {
    std::vector<ShownCompanion> companions;
    if (snapshot.companions.empty()) return companions;
    const auto lease = TRY(repository.lease(snapshot.number));
    TRY(repository.open_index());
    for (const auto& companion : snapshot.companions) companions.push_back(TRY(shown_companion(repository, companion)));
    return companions;
}

}  // namespace

Result<ShowReport> show(Context& context, const ShowRequest& request) {
    OpenHow how;
    if (!request.source.empty()) how.databases.push_back(TRY(source_filter(context, request.source)).path);
    const auto opened = TRY(open_repository(context, request.repository, how));
    const auto selection =
        TRY(select(context, opened->get(), {.snapshot = request.snapshot, .at = request.at, .source = request.source, .narrow = request.narrow}));
    const Snapshot& snapshot = selection.moment.snapshot;

    ShowReport report;
    report.backup = listed(selection.moment);
    report.began = snapshot.began;
    report.machine = snapshot.source.machine;
    report.program = snapshot.program;
    report.verified = verification_of(selection.moment);
    if (const auto& note = selection.moment.notes.verified) report.verified_at = note->time;
    report.last_confirmed = selection.moment.notes.last_seen;
    report.bytes_read = snapshot.statistics.bytes_read;
    report.pages_changed = snapshot.statistics.pages_changed;
    report.writers_blocked_ms = static_cast<double>(snapshot.statistics.writers_blocked_us) / 1000;
    report.members = TRY(show_members(context, opened->get(), selection.moment));
    report.companions = TRY(show_companions(opened->get(), snapshot));
    report.rebuilt = snapshot.rebuilt;
    for (const auto& missing : snapshot.missing) report.missing.push_back(missing.path);
    for (const auto& failed : snapshot.failed) report.failed.push_back(failed.path + ": " + failed.error);
    return report;
}

}  // namespace holdfast::operations
