#include "holdfast/sqlite/tree_reader.h"

#include <algorithm>
#include <cstring>

#include "holdfast/base/text.h"
#include "holdfast/base/wire.h"

namespace holdfast::sqlite {
namespace {

constexpr std::size_t kept_bytes = 4 * 1024 * 1024;
constexpr std::uint32_t depth_max = 64;  // SQLite itself goes no deeper than 20
constexpr std::size_t pointer_size = 4;

PageNumber page_number_at(ByteView bytes, std::size_t offset) { return PageNumber{load<BigEndian<std::uint32_t>>(bytes.subspan(offset))}; }
Error damaged(PageNumber page, std::string_view why) { return fail(ErrorCode::corrupt, "page {}: {}", page.value, why); }

// An inner page on the way down, and which of its children comes next.
struct Step {
    TreePage inner;
    PageNumber number;
    std::size_t next = 0;
};

}  // namespace

TreeReader::TreeReader(const Image& image, DatabaseHeader header)
    : image_(&image), header_(header), kept_(std::max<std::size_t>(kept_bytes / image.page_size().bytes(), 16)) {}

Result<TreeReader> TreeReader::over(const Image& image) {
    if (image.last_page().value == 0) return fail(ErrorCode::invalid, "read b-trees: the database has no pages");
    Bytes first(image.page_size().bytes());
    TRY(image.read({PageNumber{1}, 1}, first));
    const auto header = TRY(parse_database_header(first));
    if (header.page_size != image.page_size()) return damaged({1}, format("its header says pages of {} bytes", header.page_size.bytes()));
    return TreeReader(image, header);
}

TextEncoding TreeReader::encoding() const {
    return header_.encoding == 2 || header_.encoding == 3 ? static_cast<TextEncoding>(header_.encoding) : TextEncoding::utf8;
}

void TreeReader::lean_on(const Image& other, const PageSet& differing) {
    other_ = &other;
    differing_ = &differing;
}

Result<std::shared_ptr<const Bytes>> TreeReader::page(PageNumber number) const {
    if (number.value == 0 || number > image_->last_page()) return damaged(number, format("the database has {} pages", image_->last_page().value));
    Kept& kept = kept_[number.value % kept_.size()];
    if (kept.number == number) return kept.bytes;
    auto bytes = std::make_shared<Bytes>(image_->page_size().bytes());
    const bool is_elsewhere = other_ != nullptr && number <= other_->last_page() && !differing_->contains(number);
    TRY((is_elsewhere ? other_ : image_)->read({number, 1}, *bytes));
    kept = {number, std::move(bytes)};
    return kept.bytes;
}

Result<TreePage> TreeReader::tree_page(PageNumber number) const {
    auto bytes = TRY(page(number));
    const auto parsed = BtreePage::parse(*bytes, number, usable_size());
    if (!parsed) return damaged(number, "it is no page of a b-tree");
    return TreePage{std::move(bytes), *parsed};
}

// All leaves of a b-tree lie equally deep.
Result<std::uint32_t> TreeReader::depth_of(PageNumber root) const {
    PageNumber number = root;
    for (std::uint32_t depth = 0; depth < depth_max; ++depth) {
        const auto here = TRY(tree_page(number));
        if (here.page.is_leaf()) return depth;
        number = here.page.last_child();
    }
    return damaged(root, "its b-tree has no end");
}

Result<std::vector<TreeSpot>> TreeReader::spots(PageNumber root) const {
    const std::uint32_t depth = TRY(depth_of(root));
    std::vector<TreeSpot> spots;
    if (depth == 0) {
        spots.push_back({.page = root});
        return spots;
    }
    PageSet visited(image_->last_page());
    std::vector<Step> way;
    const auto enter = [&](PageNumber number) -> Result<void> {
        if (number.value == 0 || number > image_->last_page()) return damaged(number, "a b-tree leads to it, and it is not there");
        if (!visited.insert(number)) return damaged(number, "it is in a b-tree twice");
        if (way.size() == depth) {
            spots.push_back({.page = number});
            return {};
        }
        auto inner = TRY(tree_page(number));
        if (inner.page.is_leaf()) return damaged(number, "its b-tree is not equally deep everywhere");
        way.push_back({.inner = std::move(inner), .number = number});
        return {};
    };
    TRY(enter(root));
    while (!way.empty()) {
        Step& at = way.back();
        const BtreePage& page = at.inner.page;
        const std::size_t count = page.cell_count();
        if (at.next > 0 && at.next <= count && !page.is_table()) spots.push_back({.page = at.number, .cell = static_cast<std::int32_t>(at.next - 1)});
        if (at.next > count) {
            way.pop_back();
            continue;
        }
        const auto cell = at.next < count ? page.cell(at.next) : std::nullopt;
        if (at.next < count && !cell) return damaged(at.number, format("its cell {} is damaged", at.next));
        const PageNumber child = cell ? cell->left_child : page.last_child();
        ++at.next;  // before enter(), which may move what `at` refers to
        TRY(enter(child));
    }
    return spots;
}

Result<std::optional<TreeReader::FoundCell>> TreeReader::find_row(PageNumber root, std::int64_t row_id) const {
    PageNumber number = root;
    for (std::uint32_t depth = 0; depth < depth_max; ++depth) {
        auto here = TRY(tree_page(number));
        if (!here.page.is_table()) return damaged(number, "it is no page of a table");
        std::size_t low = 0, high = here.page.cell_count();
        while (low < high) {  // the first cell whose rowid is not less
            const std::size_t middle = (low + high) / 2;
            const auto cell = here.page.cell(middle);
            if (!cell) return damaged(number, format("its cell {} is damaged", middle));
            if (cell->row_id < row_id) low = middle + 1;
            else high = middle;
        }
        const auto cell = low < here.page.cell_count() ? here.page.cell(low) : std::nullopt;
        if (here.page.is_leaf()) {
            if (!cell || cell->row_id != row_id) return std::optional<FoundCell>();
            return std::optional(FoundCell{std::move(here), *cell});
        }
        number = cell ? cell->left_child : here.page.last_child();
    }
    return damaged(root, "its b-tree has no end");
}

Result<PageSet> TreeReader::free_pages() const {
    constexpr std::size_t first_trunk_offset = 32;
    PageSet free(image_->last_page());
    PageNumber trunk = page_number_at(*TRY(page({1})), first_trunk_offset);
    const auto add = [&](PageNumber number) -> Result<void> {
        if (number.value == 0 || number > image_->last_page() || !free.insert(number)) return damaged(number, "the list of free pages names it wrongly");
        return {};
    };
    while (trunk.value != 0) {
        TRY(add(trunk));
        const auto bytes = TRY(page(trunk));
        const std::uint32_t count = page_number_at(*bytes, pointer_size).value;
        if (count > usable_size() / pointer_size - 2) return damaged(trunk, "it is no trunk of the list of free pages");
        for (std::uint32_t i = 0; i < count; ++i) TRY(add(page_number_at(*bytes, (2 + i) * pointer_size)));
        trunk = page_number_at(*bytes, 0);
    }
    return free;
}

// chain_ goes as far as that overflow page.
Result<void> StoredPayload::reach(std::size_t index) const {
    const std::uint64_t pages_max = reader_->image().last_page().value;
    while (chain_.size() <= index) {
        const PageNumber next = chain_.empty() ? cell_.overflow : page_number_at(*TRY(reader_->page(chain_.back())), 0);
        if (next.value == 0 || chain_.size() >= pages_max) return damaged(chain_.empty() ? next : chain_.back(), "a row that goes on in overflow pages ends too early, or never");
        chain_.push_back(next);
    }
    return {};
}

Result<void> StoredPayload::read(std::uint64_t offset, MutableByteView into) const {
    if (offset > size() || into.size() > size() - offset) return fail(ErrorCode::corrupt, "a row of {} bytes: bytes {} to {} are asked for", size(), offset, offset + into.size());
    const std::size_t per_page = reader_->usable_size() - pointer_size;
    while (!into.empty()) {
        std::shared_ptr<const Bytes> overflow;
        ByteView here;
        if (offset < cell_.local.size()) {
            here = cell_.local.subspan(offset);
        } else {
            const std::uint64_t behind = offset - cell_.local.size();
            TRY(reach(behind / per_page));
            overflow = TRY(reader_->page(chain_[behind / per_page]));
            here = ByteView(*overflow).subspan(pointer_size + behind % per_page, per_page - behind % per_page);
        }
        const std::size_t count = std::min(here.size(), into.size());
        std::memcpy(into.data(), here.data(), count);
        into = into.subspan(count);
        offset += count;
    }
    return {};
}

Result<std::vector<StoredColumn>> StoredPayload::columns() const {
    constexpr std::uint64_t header_max = 9 + 9 * 32'767;  // columns that SQLite allows
    const auto header_size = read_stored_varint(cell_.local);
    if (!header_size || header_size->value > std::min(size(), header_max)) return fail(ErrorCode::corrupt, "a row's bytes are no record");
    Bytes assembled;
    ByteView header = cell_.local.first(std::min<std::size_t>(cell_.local.size(), header_size->value));
    if (header.size() < header_size->value) {
        assembled.resize(header_size->value);
        TRY(read(0, assembled));
        header = assembled;
    }
    auto columns = stored_columns(header, size());
    if (!columns) return fail(ErrorCode::corrupt, "a row's bytes are no record");
    return *std::move(columns);
}

Result<std::vector<PageNumber>> StoredPayload::chain() const {
    const std::size_t per_page = reader_->usable_size() - pointer_size;
    const std::uint64_t behind = size() - cell_.local.size();
    if (behind > 0) TRY(reach((behind + per_page - 1) / per_page - 1));
    return chain_;
}

}  // namespace holdfast::sqlite
