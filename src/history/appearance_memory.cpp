#include <optional>

#include "holdfast/base/record.h"
#include "holdfast/base/text.h"
#include "holdfast/history/recorder.h"

namespace holdfast::history {

// A file of the cache folder: SHA-256 of the record, then the record. Written without a sync: one that a power cut tore
// does not prove, and is as good as none.

namespace {

enum Tag : std::uint32_t { appearance = 1, frozen = 3, content = 5, key = 7 };
constexpr std::uint64_t file_size_max = 64 * 1024;

// One file for each member of each source of each repository. Keyed by the repository, so that a copy of its folder
// elsewhere shares nothing by accident of names.
std::string key_text(const repository::Repository& repository, const MemberKey& member) {
    return repository.config().id.hex() + "/" + to_hex(member.source) + "/" + member.member;
}

std::string folder_in(const repository::Repository& repository) {
    return host::join_path(repository.options().cache_folder, "appearance");
}

std::string file_for(const repository::Repository& repository, const std::string& key_of_member) {
    return host::join_path(folder_in(repository), sha256(bytes_of(key_of_member)).hex().substr(0, 40));
}

Bytes encode(const Remembered& what, const std::string& key_of_member) {
    RecordWriter record;
    record.text(Tag::appearance, what.appearance);
    record.number(Tag::frozen, static_cast<std::uint64_t>(what.frozen.nanoseconds));
    record.bytes(Tag::content, repository::encode_content(what.content));
    record.text(Tag::key, key_of_member);
    Bytes out = copy_of(sha256(record.view()).view());
    append(out, record.view());
    return out;
}

Result<Remembered> decode(ByteView file, const std::string& key_of_member) {
    const std::size_t hash_size = sizeof(Hash::bytes);
    if (file.size() < hash_size) return fail(ErrorCode::corrupt, "read an appearance: it is cut");
    const ByteView bytes = file.subspan(hash_size);
    if (TRY(Hash::from_bytes(file.first(hash_size))) != sha256(bytes)) {
        return fail(ErrorCode::corrupt, "read an appearance: its hash is wrong");
    }
    auto record = TRY(RecordReader::parse(bytes, "appearance"));
    Remembered what;
    what.appearance = TRY(record.text(Tag::appearance));
    what.frozen.nanoseconds = static_cast<std::int64_t>(TRY(record.number(Tag::frozen)));
    what.content = TRY(repository::decode_content(TRY(record.bytes(Tag::content))));
    if (TRY(record.text(Tag::key)) != key_of_member) return fail(ErrorCode::corrupt, "read an appearance: of another");
    TRY(record.finish());
    return what;
}

// Says to those who back up home folders that nothing here is worth keeping (https://bford.info/cachedir).
Result<void> make_cache_folder(host::FileSystem& files, const std::string& cache_folder, const std::string& folder) {
    if (TRY(host::exists(files, folder))) return {};
    TRY(host::make_folders_durably(files, folder, 0700));
    const std::string tag = host::join_path(cache_folder, "CACHEDIR.TAG");
    if (TRY(host::exists(files, tag))) return {};
    return host::replace_atomically(files, tag, bytes_of("Signature: 8a477f597d28d172789f06886806bc55\n"), 0600);
}

Result<void> write(const repository::Repository& repository, const std::string& key_of_member, const Remembered& what) {
    host::FileSystem& files = repository.host().files;
    TRY(make_cache_folder(files, repository.options().cache_folder, folder_in(repository)));
    const std::string path = file_for(repository, key_of_member);
    const std::string aside = format("{}.{:016x}", path, host::random_u64(repository.host().random));
    auto done = [&]() -> Result<void> {
        const auto file = TRY(files.create(aside, 0600));
        return file->write_at(0, encode(what, key_of_member));
    }();
    if (done) done = files.rename(aside, path);
    if (!done) static_cast<void>(files.remove(aside).ok());
    return done;
}

}  // namespace

std::optional<Remembered> recall_appearance(const repository::Repository& repository, const MemberKey& key) {
    if (repository.options().cache_folder.empty()) return std::nullopt;
    const std::string text = key_text(repository, key);
    const auto file = host::read_file(repository.host().files, file_for(repository, text), file_size_max);
    if (!file) return std::nullopt;
    auto what = decode(*file, text);
    if (!what) return std::nullopt;
    return std::move(what).value();
}

void remember_appearance(const repository::Repository& repository, const MemberKey& key, const Remembered& what) noexcept {
    if (repository.options().cache_folder.empty()) return;
    // A cache that cannot be written costs a full read the next time, and nothing else.
    static_cast<void>(write(repository, key_text(repository, key), what).ok());
}

}  // namespace holdfast::history
