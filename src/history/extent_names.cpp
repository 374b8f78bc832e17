#include "holdfast/history/extent_names.h"

#include <vector>

#include "holdfast/base/limits.h"
#include "holdfast/repository/kept_prints.h"
#include "holdfast/sqlite/image_pieces.h"

namespace holdfast::history {

namespace {

class NamedImage final : public sqlite::Image {
public:
    NamedImage(const sqlite::Image& image, std::vector<Hash> names, Hash key_domain) : image_(image), names_(std::move(names)), key_domain_(key_domain) {}
    sqlite::PageSize page_size() const override { return image_.page_size(); }
    sqlite::PageNumber last_page() const override { return image_.last_page(); }
    Result<void> read(sqlite::PageRange range, std::span<std::byte> into) const override { return image_.read(range, into); }
    // Where the range is one extent, whole or the last.
    std::optional<sqlite::RangeHash> known_hash(sqlite::PageRange range) const override {
        if (range.first.value == 0 || range.count == 0) return std::nullopt;
        const std::uint64_t begin = sqlite::offset_of(range.first, page_size()), size = std::uint64_t{range.count} * page_size().bytes();
        if (begin % limits::extent_size != 0 || begin + size > image_.size()) return std::nullopt;
        const std::uint64_t extent = begin / limits::extent_size;
        if (size != repository::extent_bytes(image_.size(), extent)) return std::nullopt;
        return sqlite::RangeHash{.hash = names_[extent], .key_domain = key_domain_};
    }

private:
    const sqlite::Image& image_;
    std::vector<Hash> names_;
    Hash key_domain_;
};

// Names extents of bytes: by the cache and the tree of the last backup where they are as it has them, else by their hash.
class Naming {
public:
    static Result<Naming> of(const ExtentNaming& request) {
        Naming naming(request.repository);
        if (!request.last) return naming;
        const auto& [source, entry] = *request.last;
        naming.prints_ = repository::KeptPrints::of(request.repository, to_hex(source) + "/" + entry.name, entry.content);
        if (naming.prints_) naming.content_ = TRY(request.repository.open_content(entry));
        return naming;
    }
    // Thread-safe.
    Hash operator()(std::uint64_t extent, ByteView bytes) const {
        if (prints_ && prints_->is_as_kept(extent, bytes)) {
            if (const auto id = content_->extent_id(extent)) return id->hash;
        }
        return repository_->keys().name_of(repository::ChunkType::extent, bytes).hash;
    }

private:
    explicit Naming(const repository::Repository& repository) : repository_(&repository) {}
    const repository::Repository* repository_;
    std::optional<repository::KeptPrints> prints_;
    std::unique_ptr<repository::ContentReader> content_;
};

// Names of all extents as the last backup has them; none: they are not to be had.
Result<std::optional<std::vector<Hash>>> names_of_last(const sqlite::Image& image, const ExtentNaming& naming) {
    std::optional<std::vector<Hash>> none;
    if (naming.content != ExtentNaming::Content::as_last || !naming.last || naming.last->entry.content.size != image.size() || image.size() == 0) return none;
    const auto kept = TRY(naming.repository.open_content(naming.last->entry));
    std::vector<Hash> names;
    for (std::uint64_t extent = 0; extent < repository::extents_of(image.size()); ++extent) {
        const auto id = kept->extent_id(extent);
        if (!id) return none;
        names.push_back(id->hash);
    }
    Bytes first(repository::extent_bytes(image.size(), 0));
    TRY(image.read({sqlite::PageNumber{1}, static_cast<std::uint32_t>(first.size() / image.page_size().bytes())}, first));
    names.front() = naming.repository.keys().name_of(repository::ChunkType::extent, first).hash;
    return std::optional(std::move(names));
}

Result<std::vector<Hash>> names_of_content(const sqlite::Image& image, const ExtentNaming& naming, const Watch& watch) {
    const auto name = TRY(Naming::of(naming));
    std::vector<Hash> names(repository::extents_of(image.size()));
    const auto work = [&](sqlite::ImagePiece& piece) -> Result<void> {
        TRY(image.read(piece.pages, piece.content));
        const ByteView content = piece.content;
        for (std::uint64_t at = 0; at < content.size(); at += limits::extent_size) {
            const std::uint64_t extent = (piece.offset + at) / limits::extent_size;
            names[extent] = name(extent, content.subspan(at, repository::extent_bytes(image.size(), extent)));
        }
        return {};
    };
    const auto done = [&](const sqlite::ImagePiece& piece) -> Result<void> {
        watch.at({.phase = "reading", .done = piece.end(), .total = image.size()});
        return watch.go_on();
    };
    TRY(sqlite::for_each_piece(naming.pool, image, {.work = work, .done = done}));
    return names;
}

}  // namespace

Result<std::unique_ptr<sqlite::Image>> with_extent_names(const sqlite::Image& image, const ExtentNaming& naming, const Watch& watch) {
    static_assert(sqlite::image_piece_bytes % limits::extent_size == 0);
    auto known = TRY(names_of_last(image, naming));
    auto names = known ? *std::move(known) : TRY(names_of_content(image, naming, watch));
    return std::unique_ptr<sqlite::Image>(std::make_unique<NamedImage>(image, std::move(names), naming.repository.keys().domain()));
}

}  // namespace holdfast::history
