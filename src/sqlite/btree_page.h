// BtreePage: one page of a b-tree (https://sqlite.org/fileformat2.html, section 1.6), read without trust in its bytes.
#pragma once

#include <optional>
#include <vector>

#include "holdfast/base/bytes.h"
#include "holdfast/sqlite/page.h"

namespace holdfast::sqlite {

// A cell, as far as its page tells.
struct BtreeCell {
    PageNumber left_child;           // none on leaves
    std::uint64_t payload_size = 0;  // 0 on the inner pages of tables, which carry no rows
    std::int64_t row_id = 0;         // on pages of tables; on an inner one the greatest below left_child
    ByteView local;                  // the start of the payload
    PageNumber overflow;             // where it goes on; none: it is all here
};

// Views the page's bytes, which must outlive it. Whatever they say, nothing outside them is touched.
class BtreePage {
public:
    // nullopt: these bytes are no page of a b-tree. `usable_size` is the page size without its reserved bytes.
    static std::optional<BtreePage> parse(ByteView page, PageNumber number, std::uint32_t usable_size);

    bool is_leaf() const { return kind_ == table_leaf || kind_ == index_leaf; }
    bool is_table() const { return kind_ == table_leaf || kind_ == table_inner; }
    std::size_t cell_count() const { return cell_count_; }
    std::optional<BtreeCell> cell(std::size_t index) const;  // nullopt: damaged
    PageNumber last_child() const;                            // of an inner page; none of a leaf
    std::vector<PageNumber> children() const;                // in key order; those of damaged cells are left out

private:
    enum Kind : std::uint8_t { index_inner = 2, table_inner = 5, index_leaf = 10, table_leaf = 13 };
    BtreePage() = default;
    std::optional<std::size_t> cell_offset(std::size_t index) const;

    ByteView usable_;
    Kind kind_ = table_leaf;
    std::size_t header_ = 0;  // offset: 100 on the first page
    std::size_t cell_count_ = 0;
};

// Whether the first byte is one of its kinds, of any page but the first of the database.
bool begins_as_btree(ByteView page);

// SQLite's variable-length integer, 1 to 9 bytes, big-endian. nullopt: it runs past the end.
struct StoredVarint {
    std::uint64_t value = 0;
    std::size_t size = 0;
};
std::optional<StoredVarint> read_stored_varint(ByteView bytes);

}  // namespace holdfast::sqlite
