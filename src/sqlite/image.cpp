#include "holdfast/sqlite/image.h"

#include <algorithm>
#include <cstring>

#include "holdfast/base/text.h"

namespace holdfast::sqlite {
namespace {

constexpr std::uint64_t hash_step_bytes = 1024 * 1024;

class MemoryImage final : public Image {
public:
    MemoryImage(PageSize page_size, std::vector<std::byte> bytes) : page_size_(page_size), bytes_(std::move(bytes)) {}
    PageSize page_size() const override { return page_size_; }
    PageNumber last_page() const override {
        return PageNumber{static_cast<std::uint32_t>(bytes_.size() / page_size_.bytes())};
    }
    Result<void> read(PageRange range, std::span<std::byte> into) const override {
        TRY(expect_readable(*this, range, into));
        std::memcpy(into.data(), bytes_.data() + offset_of(range.first, page_size_), into.size());
        blank_lock_page(page_size_, range, into);
        return {};
    }

private:
    PageSize page_size_;
    std::vector<std::byte> bytes_;
};

}  // namespace

Result<void> expect_readable(const Image& image, PageRange range, std::span<const std::byte> into) {
    const std::uint64_t last = std::uint64_t{range.first.value} + range.count - 1;
    if (range.first.value == 0 || range.count == 0 || last > image.last_page().value) {
        return fail(ErrorCode::invalid, "read {} pages from page {}: the image has {} pages", range.count,
                    range.first.value, image.last_page().value);
    }
    HOLDFAST_ASSERT(into.size() == std::uint64_t{range.count} * image.page_size().bytes());
    return {};
}

void blank_lock_page(PageSize size, PageRange range, std::span<std::byte> pages) {
    const PageNumber lock = lock_page(size);
    if (lock < range.first || lock.value - range.first.value >= range.count) return;
    const auto page = pages.subspan(std::size_t{lock.value - range.first.value} * size.bytes(), size.bytes());
    std::ranges::fill(page, std::byte{0});
}

std::unique_ptr<Image> memory_image(PageSize page_size, std::vector<std::byte> bytes) {
    HOLDFAST_ASSERT(bytes.size() % page_size.bytes() == 0);
    return std::make_unique<MemoryImage>(page_size, std::move(bytes));
}

Result<Hash> plain_sha256(const Image& image) {
    const std::uint32_t pages = image.last_page().value;
    const auto step = static_cast<std::uint32_t>(hash_step_bytes / image.page_size().bytes());
    Buffer buffer(std::size_t{std::min(step, pages)} * image.page_size().bytes());
    Sha256 hash;
    for (std::uint64_t done = 0; done < pages; done += step) {
        const auto count = static_cast<std::uint32_t>(std::min<std::uint64_t>(step, pages - done));
        const auto into = buffer.span().first(std::size_t{count} * image.page_size().bytes());
        TRY(image.read({PageNumber{static_cast<std::uint32_t>(done + 1)}, count}, into));
        hash.update(into);
    }
    return hash.finish();
}

}  // namespace holdfast::sqlite
