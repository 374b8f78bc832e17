#include "holdfast/sqlite/embedded_version.h"

#include <algorithm>
#include <charconv>
#include <memory>
#include <set>
#include <vector>

#include "holdfast/base/bytes.h"
#include "holdfast/base/text.h"

namespace holdfast::sqlite {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "2022-12-28 14:03:47 df5c253c0b…": a date, a time, and the beginning of a hash.
bool is_source_id(std::string_view text) {
    constexpr std::string_view pattern = "dddd-dd-dd dd:dd:dd xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
    if (text.size() < pattern.size()) return false;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const bool is_hex = is_digit(text[i]) || (text[i] >= 'a' && text[i] <= 'f');
        const bool fits = pattern[i] == 'd' ? is_digit(text[i]) : pattern[i] == 'x' ? is_hex : text[i] == pattern[i];
        if (!fits) return false;
    }
    return true;
}

struct Seen {
    bool has_source_id = false;
    std::set<Version> versions;
};

// Strings between NULs in bytes that overlap with the ones before by what a string may be long.
void look_at(std::string_view bytes, Seen& seen) {
    constexpr std::size_t longest_version = 10;  // "3.999.9999"
    for (auto at = bytes.find("3."); at != std::string_view::npos; at = bytes.find("3.", at + 1)) {
        if (at == 0 || bytes[at - 1] != '\0') continue;
        const auto end = bytes.substr(at, longest_version + 1).find('\0');
        if (end == std::string_view::npos) continue;
        if (const auto version = parse_version(bytes.substr(at, end))) seen.versions.insert(*version);
    }
    for (auto at = bytes.find("-"); !seen.has_source_id && at != std::string_view::npos; at = bytes.find("-", at + 1)) {
        seen.has_source_id = at >= 4 && is_source_id(bytes.substr(at - 4));
    }
}

}  // namespace

std::string Version::text() const { return format("{}.{}.{}", major, minor, patch); }

std::optional<Version> parse_version(std::string_view text) {
    const auto parts = split(text, '.');
    if (parts.size() != 3) return std::nullopt;
    std::uint32_t numbers[3] = {};
    for (std::size_t i = 0; i < 3; ++i) {
        const auto& part = parts[i];
        if (!is_all_digits(part) || part.size() > 4) return std::nullopt;
        std::from_chars(part.data(), part.data() + part.size(), numbers[i]);
    }
    return Version{numbers[0], numbers[1], numbers[2]};
}

Result<std::optional<Version>> embedded_version(host::FileSystem& files, const std::string& path) {
    constexpr std::uint64_t size_max = 512ull << 20;
    constexpr std::size_t piece = 1 << 20, overlap = 128;
    const std::unique_ptr<const host::File> file = TRY(files.open_to_read(path));
    const std::uint64_t end = std::min(TRY(file->size()), size_max);
    Bytes bytes(piece + overlap);
    Seen seen;
    for (std::uint64_t at = 0; at < end; at += piece) {
        const auto count = TRY(file->read_at(at, bytes));
        look_at(text_of(ByteView(bytes).first(count)), seen);
    }
    if (!seen.has_source_id || seen.versions.size() != 1) return std::optional<Version>();
    return std::optional(*seen.versions.begin());
}

bool has_wal_reset_bug(const Version& version) {
    constexpr Version first{3, 7, 0}, mended{3, 51, 3}, mended_344{3, 44, 6}, mended_350{3, 50, 7};
    if (version < first || version >= mended) return false;
    const auto is_on_branch_from = [&](const Version& start) { return version.major == start.major && version.minor == start.minor && version.patch >= start.patch; };
    return !is_on_branch_from(mended_344) && !is_on_branch_from(mended_350);
}

}  // namespace holdfast::sqlite
