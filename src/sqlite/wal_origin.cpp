// Whether the file of a database can be the one on which a WAL beside it was written.
#include <algorithm>
#include <array>
#include <ranges>
#include <vector>

#include "holdfast/base/wire.h"
#include "holdfast/sqlite/database_header.h"
#include "holdfast/sqlite/wal.h"

namespace holdfast::sqlite {
namespace {

constexpr std::uint64_t change_counter_at = 24;

Result<std::uint32_t> counter_at(const RawFile& file, std::uint64_t page_at) {
    std::array<std::byte, sizeof(BigEndian<std::uint32_t>)> bytes{};
    TRY(file.read(page_at + change_counter_at, bytes));
    return std::uint32_t{load<BigEndian<std::uint32_t>>(bytes)};
}

std::uint64_t page_of(FrameNumber frame, PageSize size) { return offset_of(frame, size) + wal_frame_header_size; }

}  // namespace

Result<std::optional<std::uint32_t>> foreign_change_counter(const RawFile& database, const RawFile& wal, const WalMap& map) {
    const bool is_told = map.first_of_page_one.value != 0 && TRY(database.size()) >= database_header_size;
    if (!is_told) return std::optional<std::uint32_t>();
    const std::uint32_t in_file = TRY(counter_at(database, 0));
    const std::uint32_t first = TRY(counter_at(wal, page_of(map.first_of_page_one, map.header.page_size)));
    const std::uint32_t newest = TRY(counter_at(wal, page_of(map.frame_of.at(1), map.header.page_size)));
    if (newest < first) return std::optional<std::uint32_t>();  // it began again at 0
    return in_file + 1 >= first && in_file <= newest ? std::nullopt : std::optional(in_file);
}

Result<bool> holds_pages_of(const RawFile& database, const RawFile& wal, const WalMap& map) {
    const std::uint64_t size = map.header.page_size.bytes(), file_size = TRY(database.size());
    std::vector<std::uint32_t> pages;
    for (const auto page : map.frame_of | std::views::keys) pages.push_back(page);
    std::ranges::sort(pages);  // as a checkpoint writes them
    Buffer in_file(size), in_wal(size);
    for (const auto page : pages) {
        const std::uint64_t at = (std::uint64_t{page} - 1) * size;
        if (at + size > file_size) break;
        TRY(database.read(at, in_file.span()));
        TRY(wal.read(page_of(map.frame_of.at(page), map.header.page_size), in_wal.span()));
        if (std::ranges::equal(in_file.view(), in_wal.view())) return true;
    }
    return false;
}

}  // namespace holdfast::sqlite
