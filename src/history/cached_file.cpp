#include "holdfast/history/cached_file.h"

#include "holdfast/base/text.h"

namespace holdfast::history {

namespace {

std::string folder_of(const repository::Repository& repository, const CachedFile& which) {
    return host::join_path(repository.options().cache_folder, which.kind);
}

std::string path_of(const repository::Repository& repository, const CachedFile& which) {
    return host::join_path(folder_of(repository, which), sha256(bytes_of(which.key)).hex().substr(0, 40));
}

// Says to those who back up home folders that nothing here is worth keeping (https://bford.info/cachedir).
Result<void> make_cache_folder(host::FileSystem& files, const std::string& cache_folder, const std::string& folder) {
    if (TRY(host::exists(files, folder))) return {};
    TRY(host::make_folders_durably(files, folder, 0700));
    const std::string tag = host::join_path(cache_folder, "CACHEDIR.TAG");
    if (TRY(host::exists(files, tag))) return {};
    return host::replace_atomically(files, tag, bytes_of("Signature: 8a477f597d28d172789f06886806bc55\n"), 0600);
}

Result<void> write(const repository::Repository& repository, const CachedFile& which, ByteView record) {
    host::FileSystem& files = repository.host().files;
    TRY(make_cache_folder(files, repository.options().cache_folder, folder_of(repository, which)));
    const std::string path = path_of(repository, which);
    const std::string aside = format("{}.{:016x}", path, host::random_u64(repository.host().random));
    const Hash hash = sha256(record);
    auto done = [&]() -> Result<void> {
        const auto file = TRY(files.create(aside, 0600));
        TRY(file->write_at(0, hash.view()));
        return file->write_at(hash.view().size(), record);
    }();
    if (done) done = files.rename(aside, path);
    if (!done) static_cast<void>(files.remove(aside).ok());
    return done;
}

}  // namespace

std::optional<Bytes> read_cached(const repository::Repository& repository, const CachedFile& which) {
    if (repository.options().cache_folder.empty()) return std::nullopt;
    auto file = host::read_file(repository.host().files, path_of(repository, which), which.size_max);
    constexpr std::size_t hash_size = sizeof(Hash::bytes);
    if (!file || file->size() < hash_size) return std::nullopt;
    const auto hash = Hash::from_bytes(ByteView(*file).first(hash_size));
    Bytes record = copy_of(ByteView(*file).subspan(hash_size));
    if (!hash || *hash != sha256(record)) return std::nullopt;
    return record;
}

void write_cached(const repository::Repository& repository, const CachedFile& which, ByteView record) noexcept {
    if (repository.options().cache_folder.empty() || record.size() + sizeof(Hash::bytes) > which.size_max) return;
    static_cast<void>(write(repository, which, record).ok());
}

}  // namespace holdfast::history
