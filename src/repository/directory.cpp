#include "holdfast/repository/directory.h"

#include <algorithm>

#include "holdfast/base/limits.h"
#include "holdfast/base/record.h"
#include "holdfast/base/text.h"

namespace holdfast::repository {

namespace {

namespace tag {
constexpr std::uint32_t entry = 1;
}

namespace entry_tag {
constexpr std::uint32_t name = 1, mode = 2, kind = 3, owner = 4, content = 5, group = 6, database = 7, modified = 8,
                        link_target = 10, dictionary = 12, rules = 14, removed = 16;
}

namespace rules_tag {
constexpr std::uint32_t include = 2, exclude = 4, within = 6, redaction = 8, named = 10;
}

namespace database_tag {
constexpr std::uint32_t page_size = 1, encoding = 2, page_count = 3, device = 4, inode = 6, journal_mode = 8, wal_salts = 10,
                        wal_sequence = 12, wal_frame = 14, wal_checksum = 16, frozen = 18, user_version = 20,
                        application_id = 22, schema_hash = 24, plain_sha256 = 26, finding = 28, read_as = 30,
                        schema_version = 32;
}

constexpr std::size_t findings_max = 1000;
constexpr std::size_t removed_max = 10'000;
constexpr std::size_t wal_salts_size = 8;

// Absent fields read as zero or empty, so what is zero or empty is left out.
void number_unless_zero(RecordWriter& record, std::uint32_t which, std::uint64_t value) {
    if (value != 0) record.number(which, value);
}
void text_unless_empty(RecordWriter& record, std::uint32_t which, std::string_view value) {
    if (!value.empty()) record.text(which, value);
}

Error bad_entry(std::string_view why) { return fail(ErrorCode::corrupt, "read directory: {}", why); }

Result<std::uint32_t> small_number(RecordReader& record, std::uint32_t which) {
    const std::uint64_t value = TRY(record.number_or(which, 0));
    if (value > UINT32_MAX) return bad_entry("a number in it is too large");
    return static_cast<std::uint32_t>(value);
}

RecordWriter database_record(const DatabaseRecord& database) {
    RecordWriter record;
    record.number(database_tag::page_size, database.page_size);
    number_unless_zero(record, database_tag::encoding, database.encoding);
    record.number(database_tag::page_count, database.page_count);
    number_unless_zero(record, database_tag::device, database.device);
    number_unless_zero(record, database_tag::inode, database.inode);
    number_unless_zero(record, database_tag::journal_mode, database.journal_mode);
    if (!is_all_zero(database.wal_salts)) record.bytes(database_tag::wal_salts, database.wal_salts);
    number_unless_zero(record, database_tag::wal_sequence, database.wal_sequence);
    number_unless_zero(record, database_tag::wal_frame, database.wal_frame);
    number_unless_zero(record, database_tag::wal_checksum,
                       std::uint64_t{database.wal_checksum_1} << 32 | database.wal_checksum_0);
    number_unless_zero(record, database_tag::frozen, static_cast<std::uint64_t>(database.frozen.nanoseconds));
    number_unless_zero(record, database_tag::user_version, database.user_version);
    number_unless_zero(record, database_tag::application_id, database.application_id);
    text_unless_empty(record, database_tag::schema_hash, database.schema_hash);
    if (database.plain_sha256) record.bytes(database_tag::plain_sha256, database.plain_sha256->view());
    for (const auto& finding : database.findings) record.text(database_tag::finding, finding);
    text_unless_empty(record, database_tag::read_as, database.read_as);
    text_unless_empty(record, database_tag::schema_version, database.schema_version);
    return record;
}

Result<DatabaseRecord> read_database(ByteView bytes) {
    auto record = TRY(RecordReader::parse(bytes, "database record"));
    DatabaseRecord database;
    TRY(record.number(database_tag::page_size));
    TRY(record.number(database_tag::page_count));
    database.page_size = TRY(small_number(record, database_tag::page_size));
    database.page_count = TRY(small_number(record, database_tag::page_count));
    database.encoding = TRY(small_number(record, database_tag::encoding));
    database.device = TRY(record.number_or(database_tag::device, 0));
    database.inode = TRY(record.number_or(database_tag::inode, 0));
    database.journal_mode = TRY(small_number(record, database_tag::journal_mode));
    if (const auto salts = record.bytes_if(database_tag::wal_salts)) {
        if (salts->size() != wal_salts_size) return bad_entry("salts of a WAL of another size");
        std::ranges::copy(*salts, database.wal_salts.begin());
    }
    database.wal_sequence = TRY(small_number(record, database_tag::wal_sequence));
    database.wal_frame = TRY(small_number(record, database_tag::wal_frame));
    const std::uint64_t checksum = TRY(record.number_or(database_tag::wal_checksum, 0));
    database.wal_checksum_0 = static_cast<std::uint32_t>(checksum);
    database.wal_checksum_1 = static_cast<std::uint32_t>(checksum >> 32);
    database.frozen.nanoseconds = static_cast<std::int64_t>(TRY(record.number_or(database_tag::frozen, 0)));
    database.user_version = TRY(small_number(record, database_tag::user_version));
    database.application_id = TRY(small_number(record, database_tag::application_id));
    database.schema_hash = TRY(record.text_or_empty(database_tag::schema_hash));
    if (const auto hash = record.bytes_if(database_tag::plain_sha256)) database.plain_sha256 = TRY(Hash::from_bytes(*hash));
    for (const ByteView finding : record.all(database_tag::finding)) database.findings.emplace_back(text_of(finding));
    database.read_as = TRY(record.text_or_empty(database_tag::read_as));
    database.schema_version = TRY(record.text_or_empty(database_tag::schema_version));
    TRY(record.finish());
    if (database.findings.size() > findings_max) return bad_entry("too many findings");
    return database;
}

RecordWriter rules_record(const CompanionRules& rules) {
    RecordWriter record;
    for (const auto& pattern : rules.include) record.text(rules_tag::include, pattern);
    for (const auto& pattern : rules.exclude) record.text(rules_tag::exclude, pattern);
    text_unless_empty(record, rules_tag::within, rules.within);
    number_unless_zero(record, rules_tag::redaction, rules.redaction);
    text_unless_empty(record, rules_tag::named, rules.named);
    return record;
}

RecordWriter entry_record(const DirectoryEntry& entry) {
    RecordWriter record;
    record.text(entry_tag::name, entry.name);
    record.number(entry_tag::mode, entry.mode);
    record.number(entry_tag::kind, static_cast<std::uint64_t>(entry.type));
    number_unless_zero(record, entry_tag::owner, entry.owner);
    record.bytes(entry_tag::content, encode_content(entry.content));
    number_unless_zero(record, entry_tag::group, entry.group);
    if (entry.database) record.record(entry_tag::database, database_record(*entry.database));
    number_unless_zero(record, entry_tag::modified, static_cast<std::uint64_t>(entry.modified.nanoseconds));
    text_unless_empty(record, entry_tag::link_target, entry.link_target);
    if (entry.dictionary) record.bytes(entry_tag::dictionary, entry.dictionary->hash.view());
    if (entry.rules != CompanionRules{}) record.record(entry_tag::rules, rules_record(entry.rules));
    for (const auto& line : entry.removed) record.text(entry_tag::removed, line);
    return record;
}

Result<DirectoryEntry> read_entry(ByteView bytes) {
    auto record = TRY(RecordReader::parse(bytes, "directory entry"));
    DirectoryEntry entry;
    entry.name = TRY(record.text(entry_tag::name));
    entry.mode = TRY(small_number(record, entry_tag::mode));
    const std::uint64_t kind = TRY(record.number(entry_tag::kind));
    entry.owner = TRY(small_number(record, entry_tag::owner));
    entry.content = TRY(decode_content(TRY(record.bytes(entry_tag::content))));
    entry.group = TRY(small_number(record, entry_tag::group));
    if (const auto database = record.bytes_if(entry_tag::database)) entry.database = TRY(read_database(*database));
    entry.modified.nanoseconds = static_cast<std::int64_t>(TRY(record.number_or(entry_tag::modified, 0)));
    entry.link_target = TRY(record.text_or_empty(entry_tag::link_target));
    if (const auto id = record.bytes_if(entry_tag::dictionary)) entry.dictionary = ChunkId{TRY(Hash::from_bytes(*id))};
    if (const auto rules = record.bytes_if(entry_tag::rules)) entry.rules = TRY(decode_rules(*rules));
    for (const ByteView line : record.all(entry_tag::removed)) entry.removed.emplace_back(text_of(line));
    TRY(record.finish());
    if (kind < 1 || kind > static_cast<std::uint64_t>(EntryType::link)) {
        return fail(ErrorCode::too_new, "read directory: entries of kind {} are not known here", kind);
    }
    entry.type = static_cast<EntryType>(kind);
    if (entry.name.empty() || entry.name.size() > limits::name_size_max || entry.link_target.size() > limits::name_size_max) {
        return bad_entry("a name in it is empty or too long");
    }
    if (entry.removed.size() > removed_max) return bad_entry("it tells of too much that was removed");
    return entry;
}

}  // namespace

bool is_same(const DirectoryEntry& one, const DirectoryEntry& other) {
    return one.name == other.name && one.type == other.type && one.content == other.content && one.mode == other.mode && one.owner == other.owner &&
           one.group == other.group && one.modified == other.modified && one.link_target == other.link_target && one.rules == other.rules;
}

Result<Bytes> encode_directory(const std::vector<DirectoryEntry>& entries) {
    if (entries.size() > limits::folder_entries_max) return fail(ErrorCode::invalid, "write directory: {} entries", entries.size());
    std::vector<const DirectoryEntry*> ordered;
    for (const auto& entry : entries) ordered.push_back(&entry);
    std::ranges::sort(ordered, {}, [](const DirectoryEntry* entry) -> const std::string& { return entry->name; });
    RecordWriter record;
    const DirectoryEntry* before = nullptr;
    for (const DirectoryEntry* entry : ordered) {
        const bool fits = !entry->name.empty() && entry->name.size() <= limits::name_size_max &&
                          entry->link_target.size() <= limits::name_size_max &&
                          (!entry->database || entry->database->findings.size() <= findings_max) && entry->removed.size() <= removed_max;
        if (!fits) return fail(ErrorCode::invalid, "write directory: an entry's name or findings are too long, or it has none");
        if (before != nullptr && before->name == entry->name) {
            return fail(ErrorCode::invalid, "write directory: there are two of {}", printable(entry->name));
        }
        record.record(tag::entry, entry_record(*entry));
        before = entry;
    }
    return std::move(record).take();
}

Result<std::vector<DirectoryEntry>> decode_directory(ByteView bytes) {
    auto record = TRY(RecordReader::parse(bytes, "directory"));
    std::vector<DirectoryEntry> entries;
    const auto records = record.all(tag::entry);
    if (records.size() > limits::folder_entries_max) return bad_entry("too many entries");
    for (const ByteView one : records) {
        entries.push_back(TRY(read_entry(one)));
        if (entries.size() > 1 && entries[entries.size() - 2].name >= entries.back().name) {
            return bad_entry("its entries are not in order");
        }
    }
    TRY(record.finish());
    return entries;
}

Bytes encode_rules(const CompanionRules& rules) { return std::move(rules_record(rules)).take(); }

Result<CompanionRules> decode_rules(ByteView bytes) {
    auto record = TRY(RecordReader::parse(bytes, "rules of a companion"));
    CompanionRules rules;
    for (const ByteView pattern : record.all(rules_tag::include)) rules.include.emplace_back(text_of(pattern));
    for (const ByteView pattern : record.all(rules_tag::exclude)) rules.exclude.emplace_back(text_of(pattern));
    rules.within = TRY(record.text_or_empty(rules_tag::within));
    rules.redaction = TRY(record.number_or(rules_tag::redaction, 0));
    rules.named = TRY(record.text_or_empty(rules_tag::named));
    TRY(record.finish());
    return rules;
}

}  // namespace holdfast::repository
