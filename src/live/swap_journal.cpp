#include "holdfast/live/swap_journal.h"

#include "holdfast/base/hash.h"
#include "holdfast/base/limits.h"
#include "holdfast/base/record.h"
#include "holdfast/base/text.h"

namespace holdfast::live {
namespace {

constexpr std::uint64_t version = 1;
constexpr std::uint64_t checksum_seed = 0x686f6c6466617374;  // "holdfast"

namespace tag {
constexpr std::uint32_t format = 1, note = 2, stage = 4, step = 3, folder = 5, replaced = 2;
}
namespace step_tag {
constexpr std::uint32_t what = 1, path = 3, stage = 5, before = 7, staged = 9, inode = 11, size = 13, modified = 15;
}
namespace folder_tag {
constexpr std::uint32_t path = 1, mode = 3, modified = 5, before = 7, owner = 8, group = 10;
}
namespace seen_tag {
constexpr std::uint32_t kind = 1, size = 3, mode = 5, modified = 7, link_target = 9, owner = 10, group = 12;
}

Bytes with_checksum(RecordWriter record) {
    Bytes bytes = std::move(record).take();
    ByteWriter sum;
    sum.u64(short_fingerprint(bytes, checksum_seed));
    bytes.insert(bytes.end(), sum.view().begin(), sum.view().end());
    return bytes;
}
Result<ByteView> without_checksum(ByteView bytes) {
    constexpr std::size_t sum_size = sizeof(std::uint64_t);
    const auto damaged = [] { return fail(ErrorCode::corrupt, "read the journal of an unfinished restore: it is damaged"); };
    if (bytes.size() < sum_size) return damaged();
    const ByteView record = bytes.first(bytes.size() - sum_size);
    ByteReader sum(bytes.last(sum_size), "checksum");
    if (TRY(sum.u64()) != short_fingerprint(record, checksum_seed)) return damaged();
    return record;
}
Result<RecordReader> open_record(ByteView bytes) {
    auto record = TRY(RecordReader::parse(TRY(without_checksum(bytes)), "journal of an unfinished restore"));
    if (TRY(record.number(tag::format)) == version) return record;
    return fail(ErrorCode::too_new, "read the journal of an unfinished restore: another version of holdfast wrote it").with_advice("run that version again");
}

std::uint64_t number_of(Timestamp time) { return static_cast<std::uint64_t>(time.nanoseconds); }
Timestamp time_of(std::uint64_t number) { return Timestamp{static_cast<std::int64_t>(number)}; }

// Not critical: who does not know them leaves owners as they are.
struct OwnerTags {
    std::uint32_t owner, group;
};
constexpr OwnerTags owner_of_seen{.owner = seen_tag::owner, .group = seen_tag::group}, owner_of_folder{.owner = folder_tag::owner, .group = folder_tag::group};
void add_owner(RecordWriter& record, const std::optional<ThingOwner>& owner, const OwnerTags& tags) {
    if (!owner) return;
    record.number(tags.owner, owner->owner);
    record.number(tags.group, owner->group);
}
Result<std::optional<ThingOwner>> read_owner(RecordReader& record, const OwnerTags& tags) {
    if (!record.bytes_if(tags.owner)) return std::optional<ThingOwner>();
    return std::optional(ThingOwner{.owner = static_cast<std::uint32_t>(TRY(record.number(tags.owner))), .group = static_cast<std::uint32_t>(TRY(record.number(tags.group)))});
}

RecordWriter seen_record(const SeenThing& seen) {
    RecordWriter record;
    record.number(seen_tag::kind, static_cast<std::uint64_t>(seen.kind));
    record.number(seen_tag::size, seen.size);
    record.number(seen_tag::mode, seen.mode);
    record.number(seen_tag::modified, number_of(seen.modified));
    record.text(seen_tag::link_target, seen.link_target);
    add_owner(record, seen.owner, owner_of_seen);
    return record;
}
Result<SeenThing> read_seen(ByteView bytes) {
    auto record = TRY(RecordReader::parse(bytes, "thing of an unfinished restore"));
    SeenThing seen;
    const auto kind = TRY(record.number(seen_tag::kind));
    if (kind > static_cast<std::uint64_t>(host::FileKind::other)) return fail(ErrorCode::corrupt, "read the journal of an unfinished restore: a kind of file is not known");
    seen.kind = static_cast<host::FileKind>(kind);
    seen.size = TRY(record.number(seen_tag::size));
    seen.mode = static_cast<std::uint32_t>(TRY(record.number(seen_tag::mode)));
    seen.modified = time_of(TRY(record.number(seen_tag::modified)));
    seen.link_target = TRY(record.text(seen_tag::link_target));
    seen.owner = TRY(read_owner(record, owner_of_seen));
    TRY(record.finish());
    return seen;
}

RecordWriter step_record(const SwapStep& step) {
    RecordWriter record;
    record.number(step_tag::what, static_cast<std::uint64_t>(step.what));
    record.text(step_tag::path, step.path);
    record.text(step_tag::stage, step.stage);
    if (step.before) record.record(step_tag::before, seen_record(*step.before));
    record.text(step_tag::staged, step.staged);
    record.number(step_tag::inode, step.placed_inode);
    record.number(step_tag::size, step.placed_size);
    record.number(step_tag::modified, number_of(step.placed_modified));
    return record;
}
Result<SwapStep> read_step(ByteView bytes) {
    auto record = TRY(RecordReader::parse(bytes, "step of an unfinished restore"));
    SwapStep step;
    const auto what = TRY(record.number(step_tag::what));
    if (what < 1 || what > static_cast<std::uint64_t>(SwapStep::What::remove_folder)) return fail(ErrorCode::corrupt, "read the journal of an unfinished restore: a step is not known");
    step.what = static_cast<SwapStep::What>(what);
    step.path = TRY(record.text(step_tag::path));
    step.stage = TRY(record.text(step_tag::stage));
    if (const auto before = record.bytes_if(step_tag::before)) step.before = TRY(read_seen(*before));
    step.staged = TRY(record.text(step_tag::staged));
    step.placed_inode = TRY(record.number(step_tag::inode));
    step.placed_size = TRY(record.number(step_tag::size));
    step.placed_modified = time_of(TRY(record.number(step_tag::modified)));
    TRY(record.finish());
    return step;
}

RecordWriter folder_record(const FolderDress& folder) {
    RecordWriter record;
    record.text(folder_tag::path, folder.path);
    record.number(folder_tag::mode, folder.mode);
    record.number(folder_tag::modified, number_of(folder.modified));
    if (folder.before) record.record(folder_tag::before, seen_record(*folder.before));
    add_owner(record, folder.owner, owner_of_folder);
    return record;
}
Result<FolderDress> read_folder(ByteView bytes) {
    auto record = TRY(RecordReader::parse(bytes, "folder of an unfinished restore"));
    FolderDress folder;
    folder.path = TRY(record.text(folder_tag::path));
    folder.mode = static_cast<std::uint32_t>(TRY(record.number(folder_tag::mode)));
    folder.modified = time_of(TRY(record.number(folder_tag::modified)));
    if (const auto before = record.bytes_if(folder_tag::before)) folder.before = TRY(read_seen(*before));
    folder.owner = TRY(read_owner(record, owner_of_folder));
    TRY(record.finish());
    return folder;
}

}  // namespace

SeenThing seen_thing(const host::FileStatus& status, std::string link_target) {
    return {.kind = status.kind, .size = status.kind == host::FileKind::regular ? status.size : 0, .mode = status.mode, .modified = status.modified, .link_target = std::move(link_target), .owner = ThingOwner{.owner = status.owner, .group = status.group}};
}

bool is_untouched(const SeenThing& before, const SeenThing& now) {
    if (before.kind != now.kind) return false;
    switch (before.kind) {
        case host::FileKind::regular: return before.size == now.size && before.modified == now.modified;
        case host::FileKind::link: return before.link_target == now.link_target;
        case host::FileKind::folder: return true;
        case host::FileKind::other: break;
    }
    return false;
}

Bytes encode_stages(const SwapStages& stages) {
    RecordWriter record;
    record.number(tag::format, version);
    record.bytes(tag::note, stages.note);
    for (const auto& folder : stages.folders) record.text(tag::stage, folder);
    return with_checksum(std::move(record));
}

Result<SwapStages> decode_stages(ByteView bytes) {
    auto record = TRY(open_record(bytes));
    SwapStages stages;
    const ByteView note = TRY(record.bytes(tag::note));
    stages.note.assign(note.begin(), note.end());
    for (const ByteView folder : record.all(tag::stage)) stages.folders.emplace_back(text_of(folder));
    TRY(record.finish());
    return stages;
}

Result<Bytes> encode_plan(const SwapPlan& plan) {
    if (plan.steps.size() + plan.folders.size() >= limits::record_fields_max) {
        return fail(ErrorCode::invalid, "restore in place: {} files and folders would change at once", plan.steps.size() + plan.folders.size()).with_advice("--to FOLDER");
    }
    RecordWriter record;
    record.number(tag::format, version);
    for (const auto& step : plan.steps) record.record(tag::step, step_record(step));
    for (const auto& folder : plan.folders) record.record(tag::folder, folder_record(folder));
    return with_checksum(std::move(record));
}

Result<SwapPlan> decode_plan(ByteView bytes) {
    auto record = TRY(open_record(bytes));
    SwapPlan plan;
    for (const ByteView step : record.all(tag::step)) plan.steps.push_back(TRY(read_step(step)));
    for (const ByteView folder : record.all(tag::folder)) plan.folders.push_back(TRY(read_folder(folder)));
    TRY(record.finish());
    return plan;
}

Bytes encode_replaced(const std::vector<std::string>& databases) {
    RecordWriter record;
    record.number(tag::format, version);
    for (const auto& database : databases) record.text(tag::replaced, database);
    return with_checksum(std::move(record));
}

Result<std::vector<std::string>> decode_replaced(ByteView bytes) {
    auto record = TRY(open_record(bytes));
    std::vector<std::string> databases;
    for (const ByteView database : record.all(tag::replaced)) databases.emplace_back(text_of(database));
    TRY(record.finish());
    return databases;
}

}  // namespace holdfast::live
