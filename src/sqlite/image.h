// Image: a database frozen at one moment, readable by page. Everything that reads databases reads images.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "holdfast/base/hash.h"
#include "holdfast/sqlite/page.h"

namespace holdfast::sqlite {

// A hash of a range known without reading it; comparable only when made under the same key.
struct RangeHash {
    Hash hash;
    Hash key_domain;
    bool operator==(const RangeHash&) const = default;
};

// Safe to read from several threads at once. The lock page reads as zeros.
class Image {
public:
    virtual ~Image() = default;
    virtual PageSize page_size() const = 0;
    virtual PageNumber last_page() const = 0;  // also the number of pages; 0 for a database of 0 bytes
    // `into` is count * page_size bytes. Fails `corrupt` (with the extent) where the bytes cannot be proven,
    // `invalid` past the last page.
    virtual Result<void> read(PageRange range, std::span<std::byte> into) const = 0;
    virtual std::optional<RangeHash> known_hash(PageRange) const { return std::nullopt; }

    std::uint64_t size() const { return std::uint64_t{last_page().value} * page_size().bytes(); }
};

// For those who make images. `invalid` when the range is empty or leaves the image; `into` must fit the range.
Result<void> expect_readable(const Image& image, PageRange range, std::span<const std::byte> into);
// Zeros over the lock page, if the range that was read into `pages` holds it.
void blank_lock_page(PageSize size, PageRange range, std::span<std::byte> pages);

// An image in memory. `bytes` is a whole number of pages; the page size is taken as given (for a 0-byte database any).
std::unique_ptr<Image> memory_image(PageSize page_size, std::vector<std::byte> bytes);

// SHA-256 of the image as a plain file would have it (`sha256sum`).
Result<Hash> plain_sha256(const Image& image);

}  // namespace holdfast::sqlite
