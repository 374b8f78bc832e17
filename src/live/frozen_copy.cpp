#include "holdfast/live/frozen_copy.h"

#include "holdfast/live/copy_folder.h"
#include "holdfast/base/text.h"
#include "holdfast/sqlite/copy_pages.h"
#include "holdfast/sqlite/file_image.h"

namespace holdfast::live {
namespace {

class FrozenCopy final : public Frozen {
public:
    explicit FrozenCopy(DatabaseFiles files) : files_(std::move(files)), folder_(files_.host) {}
    const sqlite::Image& image() const override { return *image_; }
    const FreezeFacts& facts() const override { return facts_; }
    Result<FreezeReport> finish() override {
        image_.reset();
        copy_.reset();
        return FreezeReport{};
    }
    Result<void> take(sqlite::Connection reader);

private:
    DatabaseFiles files_;
    CopyFolder folder_;
    std::optional<sqlite::RawFile> copy_;
    std::unique_ptr<sqlite::Image> image_;
    FreezeFacts facts_;
};

Result<void> FrozenCopy::take(sqlite::Connection reader) {
    facts_.way = ReadAs::backup_api;
    facts_.frozen = files_.host.clock.now();
    facts_.file = TRY(files_.host.files.status(files_.path));
    TRY(folder_.make());
    {
        auto destination = TRY(sqlite::Connection::open(folder_.file(), {.mode = sqlite::OpenMode::create, .vfs = files_.options.vfs}));
        TRY(destination.execute("PRAGMA synchronous=OFF; PRAGMA journal_mode=OFF"));
        auto pages = TRY(sqlite::PageCopy::begin(reader, destination));
        TRY(pages.commit([](std::uint64_t, std::uint64_t) { return Result<void>(); }));
    }
    files_.main.unlock();
    copy_ = TRY(sqlite::RawFile::open(folder_.file(), {.vfs = files_.options.vfs}));
    const auto header = TRY(sqlite::parse_database_header(TRY(first_bytes(*copy_, sqlite::database_header_size))));
    image_ = sqlite::file_image(*copy_, header.page_size, TRY(pages_of_file(TRY(copy_->size()), header)));
    facts_.header = header;
    return expect_same_file(files_);
}

}  // namespace

Result<std::unique_ptr<Frozen>> freeze_by_copy(DatabaseFiles files, sqlite::Connection reader) {
    auto frozen = std::make_unique<FrozenCopy>(std::move(files));
    TRY(frozen->take(std::move(reader)));
    return std::unique_ptr<Frozen>(std::move(frozen));
}

}  // namespace holdfast::live
