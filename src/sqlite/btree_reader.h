// BtreeReader: walks the b-trees of an image that may be damaged anywhere, without SQLite.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/sqlite/btree_page.h"
#include "holdfast/sqlite/database_header.h"
#include "holdfast/sqlite/image.h"

namespace holdfast::sqlite {

// A table or index of the schema with its b-tree.
struct SchemaRoot {
    bool is_index = false;
    std::string name;  // UTF-8
    PageNumber root;
};

// Pages that the image calls `corrupt`, or that lie outside it, are passed over; its other failures are failures.
class BtreeReader {
public:
    // Without a readable header (the first page is gone) there is nothing to walk: nullopt.
    static Result<std::optional<BtreeReader>> over(const Image& image);

    const Image& image() const { return *image_; }
    const DatabaseHeader& header() const { return header_; }
    std::uint32_t usable_size() const { return image_->page_size().bytes() - header_.reserved_bytes; }
    PageNumber first_free_trunk() const { return first_free_trunk_; }

    Result<std::optional<Bytes>> page(PageNumber number) const;
    // The pages of a cell's overflow chain, in order, as far as it goes. `enter` is asked before each page is read.
    struct OverflowVisit {
        std::function<bool(PageNumber)> enter;
        std::function<void(ByteView)> content = [](ByteView) {};
    };
    Result<void> follow_overflow(const BtreeCell& cell, const OverflowVisit& visit) const;
    // sqlite_schema's tree comes first.
    Result<std::vector<SchemaRoot>> schema_roots() const;

private:
    BtreeReader(const Image& image, DatabaseHeader header, PageNumber first_free_trunk)
        : image_(&image), header_(header), first_free_trunk_(first_free_trunk) {}
    struct SchemaWalk;
    Result<Bytes> schema_row(const BtreeCell& cell, SchemaWalk& walk) const;
    Result<void> add_roots_of_leaf(const BtreePage& leaf, SchemaWalk& walk) const;

    const Image* image_;
    DatabaseHeader header_;
    PageNumber first_free_trunk_;
};

}  // namespace holdfast::sqlite
