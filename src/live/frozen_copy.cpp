#include "holdfast/live/frozen_copy.h"

#include "holdfast/base/text.h"
#include "holdfast/host/environment.h"
#include "holdfast/host/process_identity.h"
#include "holdfast/host/random.h"
#include "holdfast/sqlite/copy_pages.h"
#include "holdfast/sqlite/file_image.h"

namespace holdfast::live {
namespace {

// A folder of its own below the cache folder, named for the process that uses it.
class CopyFolder {
public:
    explicit CopyFolder(host::Host host) : host_(host) {}
    CopyFolder(const CopyFolder&) = delete;
    CopyFolder& operator=(const CopyFolder&) = delete;
    ~CopyFolder() {
        if (!path_.empty()) static_cast<void>(host::remove_tree(host_.files, path_));
    }
    Result<void> make() {
        constexpr std::uint32_t only_mine = 0700;
        const std::string all = host::join_path(host::cache_folder(), "frozen");
        TRY(host::make_folders_durably(host_.files, all, only_mine));
        remove_leftovers(all);
        const auto path = host::join_path(
            all, format("{}-{:016x}", host::this_process().text(), host::random_u64(host_.random)));
        TRY(host_.files.make_folder(path, only_mine));
        path_ = path;
        return {};
    }
    std::string file() const { return host::join_path(path_, "copy.db"); }

private:
    void remove_leftovers(const std::string& all) {
        const auto names = host_.files.list(all);
        if (!names) return;
        for (const auto& name : *names) {
            const auto owner = host::ProcessIdentity::parse(name.substr(0, name.rfind('-')));
            if (!owner || host::is_alive(*owner) != host::Alive::no) continue;
            static_cast<void>(host::remove_tree(host_.files, host::join_path(all, name)));
        }
    }

    host::Host host_;
    std::string path_;
};

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
