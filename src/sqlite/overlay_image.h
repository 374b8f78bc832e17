// OverlayImage: pages of one file laid over those of another; what WAL and journal images are made of.
#pragma once

#include <optional>

#include "holdfast/sqlite/image.h"
#include "holdfast/sqlite/raw_file.h"

namespace holdfast::sqlite {

// Pages that neither file has are zeros. Keeps references to both files.
class OverlayImage : public Image {
public:
    struct Files {
        const RawFile& below;  // the database
        const RawFile& above;
    };
    struct Shape {
        PageSize page_size;
        PageNumber last_page;
    };
    OverlayImage(Files files, Shape shape) : files_(files), shape_(shape) {}
    PageSize page_size() const final { return shape_.page_size; }
    PageNumber last_page() const final { return shape_.last_page; }
    Result<void> read(PageRange range, std::span<std::byte> into) const final;

private:
    // Where the page's bytes lie in the upper file; nullopt: the lower one has the page.
    virtual std::optional<std::uint64_t> offset_above(PageNumber page) const = 0;
    Result<void> read_below(PageRange range, std::span<std::byte> into) const;

    Files files_;
    Shape shape_;
};

}  // namespace holdfast::sqlite
