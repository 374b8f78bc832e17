#include "holdfast/repository/hash_cache.h"

#include "holdfast/base/limits.h"
#include "holdfast/base/text.h"
#include "holdfast/base/wire.h"

namespace holdfast::repository {

namespace {

constexpr std::string_view magic = "HFHASHES";
constexpr std::uint32_t format_number = 2;
constexpr std::size_t check_size = 16;
constexpr std::uint64_t file_size_max = 1ull << 32;

struct Start {
    std::array<char, 8> magic;
    LittleEndian<std::uint32_t> format;
    LittleEndian<std::uint32_t> unit;
    LittleEndian<std::uint64_t> seed;
    LittleEndian<std::uint64_t> size;
    std::uint8_t has_root;
    std::array<std::byte, 32> root;
    LittleEndian<std::uint64_t> extents;
    LittleEndian<std::uint64_t> units;
};
struct FingerprintAsStored {
    LittleEndian<std::uint64_t> low;
    LittleEndian<std::uint64_t> high;
};
using UnitAsStored = LittleEndian<std::uint32_t>;

Start start_of(const HashCache& cache, const Content& content) {
    Start start{};
    magic.copy(start.magic.data(), magic.size());
    start.format = format_number;
    start.unit = cache.unit;
    start.seed = cache.seed;
    start.size = content.size;
    start.has_root = content.root ? 1 : 0;
    if (content.root) start.root = content.root->hash.bytes;
    start.extents = cache.extents.size();
    start.units = cache.units.size();
    return start;
}

bool is_for(const Start& start, const Content& content) {
    return std::string_view(start.magic.data(), start.magic.size()) == magic && start.format == format_number &&
           start.size == content.size && (start.has_root != 0) == content.root.has_value() &&
           (!content.root || start.root == content.root->hash.bytes);
}

FingerprintAsStored check_of(ByteView bytes) {
    const Fingerprint check = fingerprint(bytes, format_number);
    return {check.low, check.high};
}

template <typename Stored>
Stored take(ByteView& bytes) {
    const auto value = load<Stored>(bytes);
    bytes = bytes.subspan(sizeof(Stored));
    return value;
}

std::optional<HashCache> decode(ByteView file, const Content& content) {
    if (file.size() < sizeof(Start) + check_size) return std::nullopt;
    const ByteView proven = file.first(file.size() - check_size);
    const auto check = check_of(proven), stored = load<FingerprintAsStored>(file.last(check_size));
    if (check.low != stored.low || check.high != stored.high) return std::nullopt;

    ByteView rest = proven;
    const auto start = take<Start>(rest);
    if (!is_for(start, content)) return std::nullopt;
    const std::uint64_t extents = start.extents, units = start.units;
    const bool is_fixed = content.scheme == Scheme::fixed;
    if ((is_fixed && extents != extents_of(content.size)) || extents > rest.size() / sizeof(FingerprintAsStored)) return std::nullopt;
    if (units > rest.size() / sizeof(UnitAsStored) || rest.size() - extents * sizeof(FingerprintAsStored) != 2 * units * sizeof(UnitAsStored)) return std::nullopt;
    if (is_fixed ? start.unit == 0 || limits::extent_size % start.unit != 0 : start.unit != 0) return std::nullopt;

    HashCache cache;
    cache.unit = start.unit;
    cache.seed = start.seed;
    if (units != (is_fixed ? extents * cache.units_per_extent() : 0)) return std::nullopt;
    cache.extents.reserve(extents);
    for (std::uint64_t i = 0; i < extents; ++i) {
        const auto one = take<FingerprintAsStored>(rest);
        cache.extents.push_back({one.low, one.high});
    }
    for (auto* prints : {&cache.units, &cache.tails}) {
        prints->reserve(units);
        for (std::uint64_t i = 0; i < units; ++i) prints->push_back(take<UnitAsStored>(rest));
    }
    return cache;
}

Bytes encode(const HashCache& cache, const Content& content) {
    HOLDFAST_ASSERT(cache.tails.size() == cache.units.size());
    const std::size_t size = sizeof(Start) + cache.extents.size() * sizeof(FingerprintAsStored) +
                             2 * cache.units.size() * sizeof(UnitAsStored) + check_size;
    Bytes file(size);
    MutableByteView rest = file;
    const auto put = [&rest](const auto& value) {
        save(value, rest);
        rest = rest.subspan(sizeof(value));
    };
    put(start_of(cache, content));
    for (const auto& one : cache.extents) put(FingerprintAsStored{one.low, one.high});
    for (const auto* prints : {&cache.units, &cache.tails}) {
        for (const auto one : *prints) put(UnitAsStored(one));
    }
    put(check_of(ByteView(file).first(size - check_size)));
    return file;
}

// https://bford.info/cachedir/: tells other programs not to back these files up.
void tag_folder(host::FileSystem& files, const std::string& folder) {
    constexpr std::string_view tag =
        "Signature: 8a477f597d28d172789f06886806bc55\n"
        "# Caches of holdfast: they may be deleted at any time, and come back with the next backup.\n";
    auto file = files.create(host::join_path(folder, "CACHEDIR.TAG"), 0644);
    if (file) static_cast<void>((*file)->write_at(0, bytes_of(tag)));
}

}  // namespace

std::uint32_t HashCache::units_per_extent() const { return static_cast<std::uint32_t>(limits::extent_size / unit); }

std::string HashCachePlace::path() const {
    const std::string name = sha256(bytes_of(like)).hex().substr(0, 32) + ".cache";
    return host::join_path(host::join_path(folder, repository), name);
}

std::optional<HashCache> read_hash_cache(host::FileSystem& files, const HashCachePlace& place, const Content& content) {
    if (place.folder.empty()) return std::nullopt;
    const auto file = host::read_file(files, place.path(), file_size_max);
    if (!file) return std::nullopt;
    return decode(*file, content);
}

Result<void> write_hash_cache(host::Host host, const HashCachePlace& place, const HashCache& cache, const Content& content) {
    if (place.folder.empty()) return {};
    auto& files = host.files;
    const std::string path = place.path(), folder = host::folder_of(path);
    if (!TRY(host::exists(files, folder))) {
        TRY(host::make_folders_durably(files, folder, 0700));
        tag_folder(files, place.folder);
    }
    const std::string aside = format("{}.{:016x}.new", path, host::random_u64(host.random));
    const Bytes bytes = encode(cache, content);
    const auto write = [&]() -> Result<void> {
        const auto file = TRY(files.create(aside, 0600));
        return file->write_at(0, bytes);
    };
    auto written = write();
    if (written) written = files.rename(aside, path);
    if (!written) static_cast<void>(files.remove(aside));
    return written;
}

void drop_hash_cache(host::FileSystem& files, const HashCachePlace& place) {
    if (!place.folder.empty()) static_cast<void>(files.remove(place.path()));
}

}  // namespace holdfast::repository
