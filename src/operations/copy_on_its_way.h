// CopyOnItsWay: a plain copy written and proven beside its future place, without its name.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "holdfast/base/compress_stream.h"
#include "holdfast/base/hash.h"
#include "holdfast/bundle/byte_stream.h"
#include "holdfast/host/worker_pool.h"
#include "holdfast/live/unnamed_file.h"
#include "holdfast/operations/context.h"
#include "holdfast/sqlite/image.h"

namespace holdfast::operations {

// Where, and how it is compressed; none: not at all.
struct CopyPlace {
    std::string folder;  // exists
    std::optional<StreamFormat> compress;
};

// Names in the folder that such files have while they are written; what a killed writer left is removed by the next one.
constexpr std::string_view copy_on_its_way_name = "holdfast-copy";

// Gone when destroyed before it has a name.
class CopyOnItsWay {
public:
    // The image as an ordinary database file of mode 0600: its header says rollback journal, so that whoever opens it needs
    // to write nothing beside it. Synced, read back, decompressed and compared.
    static Result<CopyOnItsWay> write(Context& context, host::WorkerPool& pool, const sqlite::Image& image, const CopyPlace& place);
    // Whatever is written into the sink, likewise proven to be what was written. database_sha256 is that of it.
    static Result<CopyOnItsWay> write_stream(Context& context, const CopyPlace& place, const std::function<Result<void>(bundle::ByteSink& sink)>& into);
    // Another file with the same bytes, likewise proven.
    Result<CopyOnItsWay> twin(Context& context) const;

    CopyOnItsWay(CopyOnItsWay&& other) noexcept;
    CopyOnItsWay& operator=(CopyOnItsWay&&) = delete;
    ~CopyOnItsWay();

    // Now the youngest file there, so that it is what `ls -t | head -1` finds. Its status, that a name does not change.
    Result<host::FileStatus> make_youngest();
    // Not yet durable: sync_folder() is the caller's. take_name: `exists` when the name is taken.
    Result<void> take_name(const std::string& path);
    Result<void> replace(const std::string& path);

    std::uint64_t size = 0;
    Hash sha256{};           // of the file
    Hash database_sha256{};  // of the database in it

private:
    CopyOnItsWay(host::Host host, CopyPlace place, live::UnnamedFile file) : host_(host), place_(std::move(place)), file_(std::move(file)) {}
    Result<void> take_name_by_other_means(const std::string& path);
    Result<void> prove(Context& context) const;

    host::Host host_;
    CopyPlace place_;
    live::UnnamedFile file_;  // its path is empty once it has a name
};

}  // namespace holdfast::operations
