#include <optional>

#include "holdfast/base/record.h"
#include "holdfast/base/text.h"
#include "holdfast/history/cached_file.h"
#include "holdfast/history/recorder.h"

namespace holdfast::history {

namespace {

enum Tag : std::uint32_t { appearance = 1, frozen = 3, content = 5, key = 7 };

// One file for each member of each source of each repository.
CachedFile file_for(const repository::Repository& repository, const MemberKey& member) {
    return {.kind = "appearance", .key = repository.config().id.hex() + "/" + to_hex(member.source) + "/" + member.member, .size_max = 64 * 1024};
}

Result<Remembered> decode(ByteView bytes, const std::string& key_of_member) {
    auto record = TRY(RecordReader::parse(bytes, "appearance"));
    Remembered what;
    what.appearance = TRY(record.text(Tag::appearance));
    what.frozen.nanoseconds = static_cast<std::int64_t>(TRY(record.number(Tag::frozen)));
    what.content = TRY(repository::decode_content(TRY(record.bytes(Tag::content))));
    if (TRY(record.text(Tag::key)) != key_of_member) return fail(ErrorCode::corrupt, "read an appearance: of another");
    TRY(record.finish());
    return what;
}

}  // namespace

std::optional<Remembered> recall_appearance(const repository::Repository& repository, const MemberKey& key) {
    const auto file = file_for(repository, key);
    const auto bytes = read_cached(repository, file);
    if (!bytes) return std::nullopt;
    auto what = decode(*bytes, file.key);
    if (!what) return std::nullopt;
    return std::move(what).value();
}

void remember_appearance(const repository::Repository& repository, const MemberKey& key, const Remembered& what) noexcept {
    const auto file = file_for(repository, key);
    RecordWriter record;
    record.text(Tag::appearance, what.appearance);
    record.number(Tag::frozen, static_cast<std::uint64_t>(what.frozen.nanoseconds));
    record.bytes(Tag::content, repository::encode_content(what.content));
    record.text(Tag::key, file.key);
    write_cached(repository, file, record.view());
}

}  // namespace holdfast::history
