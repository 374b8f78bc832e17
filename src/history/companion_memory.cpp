#include "holdfast/history/companion_memory.h"

#include "holdfast/base/record.h"
#include "holdfast/base/text.h"
#include "holdfast/base/wire.h"
#include "holdfast/history/cached_file.h"

namespace holdfast::history {

namespace {

constexpr std::uint64_t path_size_max = 1024 * 1024;

enum Tag : std::uint32_t { looked = 1, content = 3, key = 5, count = 7, things = 9 };

CachedFile file_for(const repository::Repository& repository, const MemberKey& companion) {
    return {.kind = "companions", .key = repository.config().id.hex() + "/" + to_hex(companion.source) + "/" + companion.member, .size_max = 256 * 1024 * 1024};
}

// thing = { size of path: varint, path, state: 16 bytes }
Bytes encode_things(const std::vector<RememberedThing>& all) {
    ByteWriter out;
    for (const auto& thing : all) {
        out.counted_text(thing.path);
        out.u64(thing.state.low);
        out.u64(thing.state.high);
    }
    return std::move(out).take();
}

Result<std::vector<RememberedThing>> decode_things(ByteView bytes, std::uint64_t count_told) {
    ByteReader in(bytes, "companion memory");
    std::vector<RememberedThing> all;
    while (in.remaining() > 0) {
        auto& thing = all.emplace_back();
        thing.path = TRY(in.counted_text(path_size_max));
        thing.state.low = TRY(in.u64());
        thing.state.high = TRY(in.u64());
    }
    if (all.size() != count_told) return fail(ErrorCode::corrupt, "read what a companion looked like: it tells of {} things, and {} are there", count_told, all.size());
    return all;
}

Result<RememberedCompanion> decode(ByteView bytes, const std::string& key_of_it) {
    auto record = TRY(RecordReader::parse(bytes, "companion memory"));
    RememberedCompanion what;
    what.looked.nanoseconds = static_cast<std::int64_t>(TRY(record.number(Tag::looked)));
    what.content = TRY(repository::decode_content(TRY(record.bytes(Tag::content))));
    if (TRY(record.text(Tag::key)) != key_of_it) return fail(ErrorCode::corrupt, "read what a companion looked like: of another");
    const auto count_told = TRY(record.number(Tag::count));
    what.things = TRY(decode_things(TRY(record.bytes(Tag::things)), count_told));
    TRY(record.finish());
    return what;
}

}  // namespace

std::optional<RememberedCompanion> recall_companion(const repository::Repository& repository, const MemberKey& key) {
    const auto file = file_for(repository, key);
    const auto bytes = read_cached(repository, file);
    if (!bytes) return std::nullopt;
    auto what = decode(*bytes, file.key);
    if (!what) return std::nullopt;
    return std::move(what).value();
}

void remember_companion(const repository::Repository& repository, const MemberKey& key, const RememberedCompanion& what) noexcept {
    const auto file = file_for(repository, key);
    RecordWriter record;
    record.number(Tag::looked, static_cast<std::uint64_t>(what.looked.nanoseconds));
    record.bytes(Tag::content, repository::encode_content(what.content));
    record.text(Tag::key, file.key);
    record.number(Tag::count, what.things.size());
    record.bytes(Tag::things, encode_things(what.things));
    write_cached(repository, file, record.view());
}

}  // namespace holdfast::history
