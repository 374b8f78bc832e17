#include "holdfast/sqlite/btree_page.h"

#include <algorithm>

#include "holdfast/base/wire.h"

namespace holdfast::sqlite {
namespace {

constexpr std::size_t leaf_header_size = 8;
constexpr std::size_t inner_header_size = 12;
constexpr std::size_t largest_varint = 9;

std::uint16_t u16_at(ByteView bytes, std::size_t offset) { return load<BigEndian<std::uint16_t>>(bytes.subspan(offset)); }
std::uint32_t u32_at(ByteView bytes, std::size_t offset) { return load<BigEndian<std::uint32_t>>(bytes.subspan(offset)); }

// How much of a payload stays on its page (section 1.6 of the format, X, M and K).
std::uint64_t local_size(std::uint64_t payload, std::uint64_t usable, bool is_table_leaf) {
    const std::uint64_t smallest = (usable - 12) * 32 / 255 - 23;
    const std::uint64_t largest = is_table_leaf ? usable - 35 : (usable - 12) * 64 / 255 - 23;
    if (payload <= largest) return payload;
    const std::uint64_t fitted = smallest + (payload - smallest) % (usable - 4);
    return fitted <= largest ? fitted : smallest;
}

}  // namespace

std::optional<StoredVarint> read_stored_varint(ByteView bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < std::min(bytes.size(), largest_varint); ++i) {
        const auto byte = std::to_integer<std::uint64_t>(bytes[i]);
        if (i + 1 == largest_varint) return StoredVarint{(value << 8) | byte, largest_varint};
        value = (value << 7) | (byte & 0x7f);
        if (byte < 0x80) return StoredVarint{value, i + 1};
    }
    return std::nullopt;
}

bool begins_as_btree(ByteView page) {
    const auto kind = page.empty() ? 0u : std::to_integer<std::uint32_t>(page[0]);
    return kind == 2 || kind == 5 || kind == 10 || kind == 13;
}

std::optional<BtreePage> BtreePage::parse(ByteView page, PageNumber number, std::uint32_t usable_size) {
    BtreePage parsed;
    parsed.usable_ = page.first(std::min<std::size_t>(page.size(), usable_size));
    parsed.header_ = number == PageNumber{1} ? 100 : 0;
    if (parsed.usable_.size() < parsed.header_ + inner_header_size) return std::nullopt;
    parsed.kind_ = static_cast<Kind>(page[parsed.header_]);
    switch (parsed.kind_) {
        case index_inner:
        case table_inner:
        case index_leaf:
        case table_leaf: break;
        default: return std::nullopt;
    }
    const std::size_t header_size = parsed.is_leaf() ? leaf_header_size : inner_header_size;
    const std::size_t room = (parsed.usable_.size() - parsed.header_ - header_size) / 2;
    parsed.cell_count_ = std::min<std::size_t>(u16_at(page, parsed.header_ + 3), room);
    return parsed;
}

std::optional<std::size_t> BtreePage::cell_offset(std::size_t index) const {
    const std::size_t pointers = header_ + (is_leaf() ? leaf_header_size : inner_header_size);
    const std::size_t offset = u16_at(usable_, pointers + 2 * index);
    if (offset < pointers + 2 * cell_count_ || offset + 4 > usable_.size()) return std::nullopt;
    return offset;
}

std::optional<BtreeCell> BtreePage::cell(std::size_t index) const {
    HOLDFAST_ASSERT(index < cell_count_);
    const auto offset = cell_offset(index);
    if (!offset) return std::nullopt;
    BtreeCell cell;
    ByteView rest = usable_.subspan(*offset);
    if (!is_leaf()) {
        cell.left_child = PageNumber{u32_at(rest, 0)};
        rest = rest.subspan(4);
    }
    if (kind_ == table_inner) {
        const auto row_id = read_stored_varint(rest);
        if (!row_id) return std::nullopt;
        cell.row_id = static_cast<std::int64_t>(row_id->value);
        return cell;
    }
    const auto size = read_stored_varint(rest);
    if (!size) return std::nullopt;
    rest = rest.subspan(size->size);
    if (kind_ == table_leaf) {
        const auto row_id = read_stored_varint(rest);
        if (!row_id) return std::nullopt;
        rest = rest.subspan(row_id->size);
        cell.row_id = static_cast<std::int64_t>(row_id->value);
    }
    cell.payload_size = size->value;
    const std::uint64_t local = local_size(size->value, usable_.size(), kind_ == table_leaf);
    const std::uint64_t pointer = local < size->value ? 4 : 0;
    if (local + pointer > rest.size()) return std::nullopt;
    cell.local = rest.first(local);
    if (pointer > 0) cell.overflow = PageNumber{u32_at(rest, local)};
    return cell;
}

PageNumber BtreePage::last_child() const { return is_leaf() ? PageNumber{} : PageNumber{u32_at(usable_, header_ + 8)}; }

std::vector<PageNumber> BtreePage::children() const {
    std::vector<PageNumber> pages;
    if (is_leaf()) return pages;
    pages.reserve(cell_count_ + 1);
    for (std::size_t i = 0; i < cell_count_; ++i) {
        if (const auto offset = cell_offset(i)) pages.push_back(PageNumber{u32_at(usable_, *offset)});
    }
    pages.push_back(last_child());
    return pages;
}

}  // namespace holdfast::sqlite
