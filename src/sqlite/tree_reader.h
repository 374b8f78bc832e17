// TreeReader: the b-trees of an image, read strictly: what is damaged is an error, as nothing may be left out of a comparison.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "holdfast/sqlite/btree_page.h"
#include "holdfast/sqlite/database_header.h"
#include "holdfast/sqlite/image.h"
#include "holdfast/sqlite/page_set.h"
#include "holdfast/sqlite/stored_record.h"

namespace holdfast::sqlite {

// A page of a b-tree with the bytes that it views, kept alive together.
struct TreePage {
    std::shared_ptr<const Bytes> bytes;
    BtreePage page;
};

// Where entries of a b-tree lie: all of a leaf, or one cell of an inner page of an index tree.
struct TreeSpot {
    PageNumber page;
    std::int32_t cell = -1;  // -1: all of them
    bool operator==(const TreeSpot&) const = default;
};

// One thread at a time. The image must outlive it. Keeps pages read lately, at most 4 MiB. Errors: `corrupt`, naming the
// page; those of the image.
class TreeReader {
public:
    static Result<TreeReader> over(const Image& image);
    const Image& image() const { return *image_; }
    const DatabaseHeader& header() const { return header_; }
    std::uint32_t usable_size() const { return image_->page_size().bytes() - header_.reserved_bytes; }
    TextEncoding encoding() const;

    // Pages that do not differ are read out of another image, where that costs less. It must outlive this.
    void lean_on(const Image& other, const PageSet& differing);

    Result<std::shared_ptr<const Bytes>> page(PageNumber number) const;
    Result<TreePage> tree_page(PageNumber number) const;
    // Every place that holds entries below this root, in the order of their keys; leaves are not read.
    Result<std::vector<TreeSpot>> spots(PageNumber root) const;
    // The leaf cell of a table with that rowid, and the page that it views; nullopt: there is none.
    struct FoundCell {
        TreePage page;
        BtreeCell cell;
    };
    Result<std::optional<FoundCell>> find_row(PageNumber root, std::int64_t row_id) const;
    // The pages of the list of free pages: trunks and leaves.
    Result<PageSet> free_pages() const;

private:
    TreeReader(const Image& image, DatabaseHeader header);
    Result<std::uint32_t> depth_of(PageNumber root) const;

    struct Kept {
        PageNumber number;
        std::shared_ptr<const Bytes> bytes;
    };
    const Image* image_;
    const Image* other_ = nullptr;
    const PageSet* differing_ = nullptr;
    DatabaseHeader header_;
    mutable std::vector<Kept> kept_;
};

// The bytes of one entry: what lies on its page, and its overflow pages as they are asked for. The reader must outlive it.
class StoredPayload {
public:
    // `page` keeps the cell's bytes alive.
    StoredPayload(const TreeReader& reader, std::shared_ptr<const Bytes> page, const BtreeCell& cell) : reader_(&reader), page_(std::move(page)), cell_(cell) {}
    std::uint64_t size() const { return cell_.payload_size; }
    bool is_local() const { return cell_.overflow.value == 0; }
    ByteView local() const { return cell_.local; }
    // `corrupt`: it ends before, or goes in a circle; or past its end.
    Result<void> read(std::uint64_t offset, MutableByteView into) const;
    // Its columns; `corrupt`: it is no record.
    Result<std::vector<StoredColumn>> columns() const;
    // The overflow pages, to the end.
    Result<std::vector<PageNumber>> chain() const;

private:
    Result<void> reach(std::size_t index) const;

    const TreeReader* reader_;
    std::shared_ptr<const Bytes> page_;
    BtreeCell cell_;
    mutable std::vector<PageNumber> chain_;
};

}  // namespace holdfast::sqlite
