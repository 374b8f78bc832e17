// ImageSource: an image as the bytes that the repository keeps.
#pragma once

#include <atomic>

#include "holdfast/repository/content_writer.h"
#include "holdfast/sqlite/image.h"

namespace holdfast::history {

// Reference to the image. Thread-safe as the image is.
class ImageSource final : public repository::ByteSource {
public:
    explicit ImageSource(const sqlite::Image& image) : image_(image) {}
    std::uint64_t size() const override { return image_.size(); }
    Result<void> read(std::uint64_t offset, MutableByteView into) const override;
    bool has_failed() const { return has_failed_; }  // some read did: what went wrong is the image's fault

private:
    Result<void> read_pages(std::uint64_t offset, MutableByteView into) const;
    Result<void> read_within_pages(std::uint64_t offset, MutableByteView into) const;

    const sqlite::Image& image_;
    mutable std::atomic<bool> has_failed_ = false;
};

}  // namespace holdfast::history
