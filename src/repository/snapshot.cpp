#include "holdfast/repository/snapshot.h"

#include <algorithm>

#include "holdfast/base/limits.h"
#include "holdfast/base/record.h"
#include "holdfast/base/text.h"
#include "holdfast/repository/directory.h"

namespace holdfast::repository {

namespace {

namespace tag {
constexpr std::uint32_t number = 1, previous_number = 2, time = 3, previous_id = 4, kind = 5, source = 6, directory = 7,
                        comment = 8, companions = 9, snapshot_tag = 10, flags = 11, began = 12, program = 14, utc_offset = 16, failed = 18,
                        root_node = 20, statistics = 22, unfinished = 26, operation = 28, audit_head = 30, skew = 32, rebuilt = 34, missing = 36;
}
namespace source_tag {
constexpr std::uint32_t id = 1, name = 2, machine = 4, path = 6;
}
namespace failed_tag {
constexpr std::uint32_t path = 1, error = 2;
}
namespace missing_tag {
constexpr std::uint32_t path = 1, rules = 2;
}
namespace statistics_tag {
constexpr std::uint32_t logical_bytes = 2, bytes_read = 4, pages_changed = 6, bytes_stored = 8, writers_blocked_us = 10;
}

constexpr std::uint64_t partial_flag = 1, damaged_flag = 2;
constexpr std::size_t error_size_max = 64 * 1024;
constexpr std::size_t node_size_max = 4 + (32 + 8) * limits::node_children_max;

Error bad_snapshot(std::string_view why) { return fail(ErrorCode::corrupt, "read snapshot: {}", why); }
Error not_to_be_written(std::string_view why) { return fail(ErrorCode::invalid, "write snapshot: {}", why); }

std::uint64_t zigzag(std::int32_t value) {
    return static_cast<std::uint32_t>(value) << 1 ^ static_cast<std::uint32_t>(value >> 31);
}
std::int32_t unzigzag(std::uint32_t value) {
    return static_cast<std::int32_t>(value >> 1 ^ (~(value & 1) + 1));
}

// --- writing ---

RecordWriter source_record(const SourceRecord& source) {
    RecordWriter record;
    record.bytes(source_tag::id, source.id);
    record.text(source_tag::name, source.name);
    record.text(source_tag::machine, source.machine);
    for (const auto& path : source.paths) record.text(source_tag::path, path);
    return record;
}

RecordWriter failed_record(const FailedMember& failed) {
    RecordWriter record;
    record.text(failed_tag::path, failed.path);
    record.text(failed_tag::error, std::string_view(failed.error).substr(0, error_size_max));
    return record;
}

RecordWriter statistics_record(const SnapshotStatistics& statistics) {
    RecordWriter record;
    record.number(statistics_tag::logical_bytes, statistics.logical_bytes);
    record.number(statistics_tag::bytes_read, statistics.bytes_read);
    record.number(statistics_tag::pages_changed, statistics.pages_changed);
    record.number(statistics_tag::bytes_stored, statistics.bytes_stored);
    record.number(statistics_tag::writers_blocked_us, statistics.writers_blocked_us);
    return record;
}

bool is_tag_possible(const std::pair<std::string, std::string>& one) {
    return !one.first.empty() && one.first.find('=') == std::string::npos &&
           one.first.size() + one.second.size() <= limits::name_size_max;
}

Result<void> check_limits(const Snapshot& snapshot) {
    if (snapshot.number.value == 0) return not_to_be_written("it has no number");
    if (snapshot.comment.size() > limits::comment_size_max) return not_to_be_written("the comment is too long");
    if (snapshot.operation.size() > limits::operation_size_max || snapshot.audit_head.size() > limits::operation_size_max) {
        return not_to_be_written("the operation's name or the audit log's head is too long");
    }
    if (snapshot.tags.size() > limits::tags_max || !std::ranges::all_of(snapshot.tags, is_tag_possible)) {
        return not_to_be_written("a tag is not of the form key=value, too long, or there are too many");
    }
    if (snapshot.source.paths.size() > limits::members_max) return not_to_be_written("the source has too many paths");
    if (snapshot.missing.size() > limits::members_max) return not_to_be_written("too many companions are missing");
    for (const auto* entries : {&snapshot.members, &snapshot.companions}) {
        if (entries->size() > limits::members_max) return not_to_be_written("it has too many members");
        for (const auto& entry : *entries) {
            if ((entry.content.levels > 0) == entry.root_node.has_value()) continue;
            return not_to_be_written("the root node of " + printable(entry.name) + " is missing, or there is one too many");
        }
    }
    return {};
}

// Root nodes in the order in which the directory will tell of their entries.
void write_root_nodes(RecordWriter& record, const std::vector<DirectoryEntry>& entries) {
    std::vector<const DirectoryEntry*> with_nodes;
    for (const auto& entry : entries) {
        if (entry.root_node) with_nodes.push_back(&entry);
    }
    std::ranges::sort(with_nodes, {}, [](const DirectoryEntry* entry) -> const std::string& { return entry->name; });
    for (const auto* entry : with_nodes) record.bytes(tag::root_node, *entry->root_node);
}

// --- reading ---

Result<SourceRecord> read_source(ByteView bytes) {
    auto record = TRY(RecordReader::parse(bytes, "source record"));
    SourceRecord source;
    const ByteView id = TRY(record.bytes(source_tag::id));
    if (id.size() != source.id.size()) return bad_snapshot("the id of its source is malformed");
    std::ranges::copy(id, source.id.begin());
    source.name = TRY(record.text_or_empty(source_tag::name));
    source.machine = TRY(record.text_or_empty(source_tag::machine));
    for (const ByteView path : record.all(source_tag::path)) source.paths.emplace_back(text_of(path));
    TRY(record.finish());
    return source;
}

Result<FailedMember> read_failed(ByteView bytes) {
    auto record = TRY(RecordReader::parse(bytes, "failed member"));
    FailedMember failed;
    failed.path = TRY(record.text(failed_tag::path));
    failed.error = TRY(record.text_or_empty(failed_tag::error));
    TRY(record.finish());
    return failed;
}

Result<SnapshotStatistics> read_statistics(ByteView bytes) {
    auto record = TRY(RecordReader::parse(bytes, "statistics"));
    SnapshotStatistics read;
    read.logical_bytes = TRY(record.number_or(statistics_tag::logical_bytes, 0));
    read.bytes_read = TRY(record.number_or(statistics_tag::bytes_read, 0));
    read.pages_changed = TRY(record.number_or(statistics_tag::pages_changed, 0));
    read.bytes_stored = TRY(record.number_or(statistics_tag::bytes_stored, 0));
    read.writers_blocked_us = TRY(record.number_or(statistics_tag::writers_blocked_us, 0));
    TRY(record.finish());
    return read;
}

Result<void> read_previous(RecordReader& record, Snapshot& snapshot) {
    const auto id = record.bytes_if(tag::previous_id);
    const std::uint64_t number = TRY(record.number_or(tag::previous_number, 0));
    if ((number != 0) != id.has_value() || number >= snapshot.number.value) {
        return bad_snapshot("what it says of the snapshot before it is malformed");
    }
    if (id) snapshot.previous = {SnapshotNumber{number}, SnapshotId{TRY(Hash::from_bytes(*id))}};
    return {};
}

Result<void> read_tags(RecordReader& record, Snapshot& snapshot) {
    for (const ByteView bytes : record.all(tag::snapshot_tag)) {
        const std::string_view text = text_of(bytes);
        const std::size_t equals = text.find('=');
        if (equals == 0 || equals == std::string_view::npos) return bad_snapshot("a tag has no key");
        snapshot.tags.emplace_back(text.substr(0, equals), text.substr(equals + 1));
    }
    return {};
}

Result<void> read_members(RecordReader& record, Snapshot& snapshot) {
    snapshot.members = TRY(decode_directory(TRY(record.bytes(tag::directory))));
    if (const auto companions = record.bytes_if(tag::companions)) snapshot.companions = TRY(decode_directory(*companions));
    const auto nodes = record.all(tag::root_node);
    std::size_t next = 0;
    for (auto* entries : {&snapshot.members, &snapshot.companions}) {
        if (entries->size() > limits::members_max) return bad_snapshot("it has too many members");
        for (auto& entry : *entries) {
            if (entry.content.levels == 0) continue;
            if (next == nodes.size() || nodes[next].size() > node_size_max) return bad_snapshot("a root node is missing or too large");
            entry.root_node = copy_of(nodes[next++]);
        }
    }
    if (next != nodes.size()) return bad_snapshot("it has more root nodes than members with one");
    for (const ByteView failed : record.all(tag::failed)) snapshot.failed.push_back(TRY(read_failed(failed)));
    return {};
}

Result<void> read_flags(RecordReader& record, Snapshot& snapshot) {
    const std::uint64_t flags = TRY(record.number(tag::flags));
    if ((flags & ~(partial_flag | damaged_flag)) != 0) return fail(ErrorCode::too_new, "read snapshot: flags {:#x}", flags);
    snapshot.partial = (flags & partial_flag) != 0;
    snapshot.damaged = (flags & damaged_flag) != 0;
    return {};
}

Result<Skew> read_skew(ByteView bytes) {
    auto record = TRY(RecordReader::parse(bytes, "skew"));
    Skew skew;
    skew.span_ns = static_cast<std::int64_t>(TRY(record.number_or(2, 0)));
    skew.why = TRY(record.text_or_empty(4));
    for (const ByteView path : record.all(6)) skew.paths.emplace_back(text_of(path));
    TRY(record.finish());
    return skew;
}

RecordWriter skew_record(const Skew& skew) {
    RecordWriter record;
    record.number(2, static_cast<std::uint64_t>(skew.span_ns));
    record.text(4, skew.why);
    for (const auto& path : skew.paths) record.text(6, path);
    return record;
}

RecordWriter missing_record(const MissingCompanion& missing) {
    RecordWriter record;
    record.text(missing_tag::path, missing.path);
    if (missing.rules != CompanionRules{}) record.bytes(missing_tag::rules, encode_rules(missing.rules));
    return record;
}

Result<MissingCompanion> read_missing(ByteView bytes) {
    auto record = TRY(RecordReader::parse(bytes, "missing companion"));
    MissingCompanion missing;
    missing.path = TRY(record.text(missing_tag::path));
    if (const auto rules = record.bytes_if(missing_tag::rules)) missing.rules = TRY(decode_rules(*rules));
    TRY(record.finish());
    return missing;
}

Result<void> read_all_missing(RecordReader& record, Snapshot& snapshot) {
    for (const ByteView bytes : record.all(tag::missing)) {
        if (snapshot.missing.size() == limits::members_max) return bad_snapshot("too many companions are missing");
        snapshot.missing.push_back(TRY(read_missing(bytes)));
    }
    return {};
}

Result<void> read_unfinished(RecordReader& record, Snapshot& snapshot) {
    for (const ByteView bytes : record.all(tag::unfinished)) {
        ByteReader reader(bytes, "snapshot");
        const std::uint64_t number = TRY(reader.varint());
        TRY(reader.expect_end());
        if (number == 0 || number >= snapshot.number.value) return bad_snapshot("an unfinished number that is not below its own");
        snapshot.unfinished.push_back({number});
    }
    return {};
}

// Everything but number, time and kind, which a void snapshot has as well.
Result<void> read_rest(RecordReader& record, Snapshot& snapshot) {
    TRY(read_flags(record, snapshot));
    TRY(read_previous(record, snapshot));
    snapshot.source = TRY(read_source(TRY(record.bytes(tag::source))));
    snapshot.comment = TRY(record.text_or_empty(tag::comment));
    TRY(read_tags(record, snapshot));
    TRY(read_members(record, snapshot));
    snapshot.began.nanoseconds = static_cast<std::int64_t>(TRY(record.number_or(tag::began, 0)));
    snapshot.program = TRY(record.text_or_empty(tag::program));
    snapshot.operation = TRY(record.text_or_empty(tag::operation));
    snapshot.audit_head = TRY(record.text_or_empty(tag::audit_head));
    const std::uint64_t offset = TRY(record.number_or(tag::utc_offset, 0));
    if (offset > UINT32_MAX) return bad_snapshot("its zone is malformed");
    snapshot.utc_offset_s = unzigzag(static_cast<std::uint32_t>(offset));
    if (const auto bytes = record.bytes_if(tag::statistics)) snapshot.statistics = TRY(read_statistics(*bytes));
    if (const auto bytes = record.bytes_if(tag::skew)) snapshot.skew = TRY(read_skew(*bytes));
    for (const ByteView path : record.all(tag::rebuilt)) snapshot.rebuilt.emplace_back(text_of(path));
    TRY(read_all_missing(record, snapshot));
    return read_unfinished(record, snapshot);
}

}  // namespace

Result<Bytes> encode_snapshot(const Snapshot& snapshot) {
    TRY(check_limits(snapshot));
    const bool is_void = snapshot.kind == SnapshotKind::voided;
    RecordWriter record;
    record.number(tag::number, snapshot.number.value);
    if (snapshot.previous && !is_void) record.number(tag::previous_number, snapshot.previous->first.value);
    record.number(tag::time, static_cast<std::uint64_t>(snapshot.time.nanoseconds));
    if (snapshot.previous && !is_void) record.bytes(tag::previous_id, snapshot.previous->second.hash.view());
    record.number(tag::kind, static_cast<std::uint64_t>(snapshot.kind));
    if (is_void) return std::move(record).take();
    record.record(tag::source, source_record(snapshot.source));
    record.bytes(tag::directory, TRY(encode_directory(snapshot.members)));
    if (!snapshot.comment.empty()) record.text(tag::comment, snapshot.comment);
    if (!snapshot.companions.empty()) record.bytes(tag::companions, TRY(encode_directory(snapshot.companions)));
    for (const auto& [key, value] : snapshot.tags) record.text(tag::snapshot_tag, key + "=" + value);
    record.number(tag::flags, (snapshot.partial ? partial_flag : 0) | (snapshot.damaged ? damaged_flag : 0));
    record.number(tag::began, static_cast<std::uint64_t>(snapshot.began.nanoseconds));
    if (!snapshot.program.empty()) record.text(tag::program, snapshot.program);
    record.number(tag::utc_offset, zigzag(snapshot.utc_offset_s));
    for (const auto& failed : snapshot.failed) record.record(tag::failed, failed_record(failed));
    write_root_nodes(record, snapshot.members);
    write_root_nodes(record, snapshot.companions);
    record.record(tag::statistics, statistics_record(snapshot.statistics));
    for (const auto lower : snapshot.unfinished) {
        ByteWriter number;
        number.varint(lower.value);
        record.bytes(tag::unfinished, number.view());
    }
    if (!snapshot.operation.empty()) record.text(tag::operation, snapshot.operation);
    if (!snapshot.audit_head.empty()) record.text(tag::audit_head, snapshot.audit_head);
    if (snapshot.skew) record.record(tag::skew, skew_record(*snapshot.skew));
    for (const auto& path : snapshot.rebuilt) record.text(tag::rebuilt, path);
    for (const auto& missing : snapshot.missing) record.record(tag::missing, missing_record(missing));
    return std::move(record).take();
}

Result<Snapshot> decode_snapshot(ByteView bytes, const Keys& keys) {
    auto record = TRY(RecordReader::parse(bytes, "snapshot"));
    Snapshot snapshot;
    snapshot.id = SnapshotId{keys.name_of(ChunkType::snapshot, bytes).hash};
    snapshot.number.value = TRY(record.number(tag::number));
    snapshot.time.nanoseconds = static_cast<std::int64_t>(TRY(record.number(tag::time)));
    const std::uint64_t kind = TRY(record.number(tag::kind));
    if (snapshot.number.value == 0) return bad_snapshot("it has no number");
    if (kind > static_cast<std::uint64_t>(SnapshotKind::automatic)) {
        return fail(ErrorCode::too_new, "read snapshot: snapshots of kind {} are not known here", kind);
    }
    snapshot.kind = static_cast<SnapshotKind>(kind);
    if (snapshot.kind != SnapshotKind::voided) TRY(read_rest(record, snapshot));
    TRY(record.finish());
    return snapshot;
}

store::ObjectName snapshot_name(SnapshotNumber number) {
    return store::ObjectName(format("snapshots/{}", number.value).c_str());
}

}  // namespace holdfast::repository
