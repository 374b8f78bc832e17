#include "holdfast/sqlite/btree_reader.h"

#include <algorithm>
#include <unordered_set>

#include "holdfast/base/wire.h"
#include "holdfast/sqlite/stored_record.h"

namespace holdfast::sqlite {
namespace {

constexpr std::size_t first_free_trunk_offset = 32;
constexpr std::size_t overflow_pointer_size = 4;
constexpr std::uint64_t schema_row_max = 64 * 1024;  // type, name, table and root stand before the SQL
constexpr std::size_t column_type = 0, column_name = 1, column_root = 3;
constexpr std::string_view schema_table = "sqlite_schema";

PageNumber page_number_at(ByteView bytes) { return PageNumber{load<BigEndian<std::uint32_t>>(bytes)}; }

TextEncoding encoding_of(const DatabaseHeader& header) {
    return header.encoding == 2 || header.encoding == 3 ? static_cast<TextEncoding>(header.encoding) : TextEncoding::utf8;
}

}  // namespace

Result<std::optional<BtreeReader>> BtreeReader::over(const Image& image) {
    if (image.last_page().value == 0) return std::optional<BtreeReader>();
    Bytes first(image.page_size().bytes());
    if (auto read = image.read({PageNumber{1}, 1}, first); !read) {
        if (read.error().code() == ErrorCode::corrupt) return std::optional<BtreeReader>();
        return std::move(read).error();
    }
    const auto header = parse_database_header(first);
    if (!header || header->page_size != image.page_size()) return std::optional<BtreeReader>();
    return std::optional(BtreeReader(image, *header, page_number_at(ByteView(first).subspan(first_free_trunk_offset))));
}

Result<std::optional<Bytes>> BtreeReader::page(PageNumber number) const {
    if (number.value == 0 || number > image_->last_page()) return std::optional<Bytes>();
    Bytes bytes(image_->page_size().bytes());
    auto read = image_->read({number, 1}, bytes);
    if (read) return std::optional(std::move(bytes));
    if (read.error().code() == ErrorCode::corrupt) return std::optional<Bytes>();
    return std::move(read).error();
}

Result<void> BtreeReader::follow_overflow(const BtreeCell& cell, const OverflowVisit& visit) const {
    std::uint64_t left = cell.payload_size - cell.local.size();
    PageNumber next = cell.overflow;
    while (left > 0 && next.value != 0 && visit.enter(next)) {
        const auto bytes = TRY(page(next));
        if (!bytes) return {};
        const std::uint64_t here = std::min<std::uint64_t>(left, usable_size() - overflow_pointer_size);
        visit.content(ByteView(*bytes).subspan(overflow_pointer_size, here));
        next = page_number_at(*bytes);
        left -= here;
    }
    return {};
}

// What keeps the walk within the size of the image, whatever its bytes say: cells of a page cannot overlap, and a page
// is in one overflow chain.
struct BtreeReader::SchemaWalk {
    std::vector<SchemaRoot> roots;
    std::uint64_t overflow_pages_left = 0;
};

Result<Bytes> BtreeReader::schema_row(const BtreeCell& cell, SchemaWalk& walk) const {
    Bytes row = copy_of(cell.local);
    const auto enter = [&](PageNumber) {
        if (row.size() >= schema_row_max || walk.overflow_pages_left == 0) return false;
        --walk.overflow_pages_left;
        return true;
    };
    TRY(follow_overflow(cell, {.enter = enter, .content = [&](ByteView content) { append(row, content); }}));
    return row;
}

Result<void> BtreeReader::add_roots_of_leaf(const BtreePage& leaf, SchemaWalk& walk) const {
    const TextEncoding encoding = encoding_of(header_);
    std::uint64_t room = usable_size();
    for (std::size_t i = 0; i < leaf.cell_count(); ++i) {
        const auto cell = leaf.cell(i);
        if (!cell) continue;
        if (cell->local.size() > room) return {};
        room -= cell->local.size();
        const Bytes row = TRY(schema_row(*cell, walk));
        const auto record = StoredRecord::parse(row, column_root + 1);
        const auto type = record.text(column_type, encoding), name = record.text(column_name, encoding);
        const auto root = record.integer(column_root);
        const bool is_index = type == "index";
        if (!name || !root || (type != "table" && !is_index) || *root < 2 || *root > image_->last_page().value) continue;
        walk.roots.push_back({is_index, *name, PageNumber{static_cast<std::uint32_t>(*root)}});
    }
    return {};
}

Result<std::vector<SchemaRoot>> BtreeReader::schema_roots() const {
    SchemaWalk walk{.roots = {{false, std::string(schema_table), PageNumber{1}}},
                    .overflow_pages_left = image_->last_page().value};
    std::vector<PageNumber> to_visit{PageNumber{1}};
    std::unordered_set<std::uint32_t> queued{1};
    while (!to_visit.empty()) {
        const PageNumber number = to_visit.back();
        to_visit.pop_back();
        const auto bytes = TRY(page(number));
        const auto parsed = bytes ? BtreePage::parse(*bytes, number, usable_size()) : std::nullopt;
        if (!parsed || !parsed->is_table()) continue;
        if (parsed->is_leaf()) TRY(add_roots_of_leaf(*parsed, walk));
        for (const PageNumber child : parsed->children()) {
            if (child <= image_->last_page() && queued.insert(child.value).second) to_visit.push_back(child);
        }
    }
    return std::move(walk.roots);
}

}  // namespace holdfast::sqlite
