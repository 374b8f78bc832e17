#include "holdfast/operations/copy_on_its_way.h"

#include "holdfast/base/text.h"
#include "holdfast/bundle/compressed.h"
#include "holdfast/operations/stream_image.h"

namespace holdfast::operations {

namespace {

constexpr std::size_t piece = 256 * 1024;

// As SQLite's own backup writes a database: in WAL mode everybody who opens it, if only to read, needs files beside it.
class WithoutWal final : public sqlite::Image {
public:
    explicit WithoutWal(const sqlite::Image& image) : image_(image) {}
    sqlite::PageSize page_size() const override { return image_.page_size(); }
    sqlite::PageNumber last_page() const override { return image_.last_page(); }
    Result<void> read(sqlite::PageRange range, std::span<std::byte> into) const override {
        constexpr std::size_t write_version = 18, read_version = 19;
        constexpr std::byte rollback{1}, wal{2};
        TRY(image_.read(range, into));
        if (range.first.value != 1) return {};
        for (const std::size_t at : {write_version, read_version}) {
            if (into[at] == wal) into[at] = rollback;
        }
        return {};
    }

private:
    const sqlite::Image& image_;
};

class HashedFile final : public bundle::ByteSink {
public:
    explicit HashedFile(host::File& file) : file_(file) {}
    Result<void> write(ByteView bytes) override {
        TRY(file_.write_at(size, bytes));
        file_.begin_writing_out(size, bytes.size());
        hash.update(bytes);
        size += bytes.size();
        return {};
    }
    Result<void> finish() override { return file_.sync(); }
    Sha256 hash;
    std::uint64_t size = 0;

private:
    host::File& file_;
};

class HashedSink final : public bundle::ByteSink {
public:
    explicit HashedSink(bundle::ByteSink& below) : below_(below) {}
    Result<void> write(ByteView bytes) override {
        hash.update(bytes);
        return below_.write(bytes);
    }
    Result<void> finish() override { return {}; }
    Sha256 hash;

private:
    bundle::ByteSink& below_;
};

class HashedStream final : public bundle::ByteStream {
public:
    HashedStream(const host::File& file, Sha256& hash) : stream_(file), hash_(hash) {}
    Result<std::size_t> read(MutableByteView into) override {
        const std::size_t got = TRY(stream_.read(into));
        hash_.update(into.first(got));
        return got;
    }

private:
    bundle::FileStream stream_;
    Sha256& hash_;
};

Result<live::UnnamedFile> create_in(Context& context, const CopyPlace& place) {
    return live::create_unnamed(context.host, host::join_path(place.folder, copy_on_its_way_name));
}

}  // namespace

CopyOnItsWay::CopyOnItsWay(CopyOnItsWay&& other) noexcept
    : size(other.size),
      sha256(other.sha256),
      database_sha256(other.database_sha256),
      host_(other.host_),
      place_(std::move(other.place_)),
      file_(std::move(other.file_)) {
    other.file_.path.clear();
}

CopyOnItsWay::~CopyOnItsWay() {
    if (!file_.path.empty()) static_cast<void>(host_.files.remove(file_.path).ok());
}

Result<CopyOnItsWay> CopyOnItsWay::write(Context& context, host::WorkerPool& pool, const sqlite::Image& image, const CopyPlace& place) {
    CopyOnItsWay copy(context.host, place, TRY(create_in(context, place)));
    HashedFile sink(*copy.file_.file);
    const auto packed = place.compress ? bundle::compressing(sink, *place.compress) : nullptr;
    bundle::ByteSink& top = packed ? *packed : static_cast<bundle::ByteSink&>(sink);
    copy.database_sha256 = TRY(stream_image(context, pool, WithoutWal(image), top));
    TRY(top.finish());
    copy.size = sink.size;
    copy.sha256 = sink.hash.finish();
    TRY(copy.prove(context));
    return copy;
}

Result<CopyOnItsWay> CopyOnItsWay::write_stream(Context& context, const CopyPlace& place, const std::function<Result<void>(bundle::ByteSink&)>& into) {
    CopyOnItsWay copy(context.host, place, TRY(create_in(context, place)));
    HashedFile sink(*copy.file_.file);
    const auto packed = place.compress ? bundle::compressing(sink, *place.compress) : nullptr;
    bundle::ByteSink& top = packed ? *packed : static_cast<bundle::ByteSink&>(sink);
    HashedSink whole(top);
    TRY(into(whole));
    TRY(top.finish());
    copy.database_sha256 = whole.hash.finish();
    copy.size = sink.size;
    copy.sha256 = sink.hash.finish();
    TRY(copy.prove(context));
    return copy;
}

Result<CopyOnItsWay> CopyOnItsWay::twin(Context& context) const {
    CopyOnItsWay copy(context.host, place_, TRY(create_in(context, place_)));
    HashedFile sink(*copy.file_.file);
    bundle::FileStream from(*file_.file);
    Buffer buffer(piece);
    while (const std::size_t got = TRY(from.read(buffer.span()))) {
        TRY(sink.write(buffer.view().first(got)));
        TRY(context.watch.go_on());
    }
    TRY(sink.finish());
    copy.size = sink.size;
    copy.sha256 = sha256;
    copy.database_sha256 = database_sha256;
    TRY(copy.prove(context));
    return copy;
}

// What lies there now, through another program's eyes.
Result<void> CopyOnItsWay::prove(Context& context) const {
    Sha256 of_file, of_database;
    std::unique_ptr<bundle::ByteStream> stream = std::make_unique<HashedStream>(*file_.file, of_file);
    if (place_.compress) stream = bundle::decompressed(std::move(stream), *place_.compress);
    Buffer buffer(piece);
    while (const std::size_t got = TRY(stream->read(buffer.span()))) {
        of_database.update(buffer.view().first(got));
        TRY(context.watch.go_on());
    }
    if (of_database.finish() == database_sha256 && of_file.finish() == sha256 && TRY(file_.file->size()) == size) return {};
    return fail(ErrorCode::corrupt, "what was written in {} reads back differently", printable(place_.folder)).with_advice("check the disk and the memory of this machine");
}

// The bytes that are there already, once more: that sets the time, and nothing else changes.
Result<host::FileStatus> CopyOnItsWay::make_youngest() {
    Bytes first(16);
    first.resize(TRY(file_.file->read_at(0, first)));
    TRY(file_.file->write_at(0, first));
    TRY(file_.file->sync());
    return host_.files.status_of_link(file_.path);
}

// A file system that cannot say "only if there is none": two names for a moment, or else a look before.
Result<void> CopyOnItsWay::take_name_by_other_means(const std::string& path) {
    auto named = host_.files.link(file_.path, path);
    if (named) return host_.files.remove(file_.path);
    if (named.error().code() != ErrorCode::unavailable) return named;
    if (TRY(host::exists(host_.files, path))) return fail(ErrorCode::exists, "rename to {}: it is there already", printable(path));
    return host_.files.rename(file_.path, path);
}

// No descriptor of the file is open when it gets its name: closing one later would drop the locks that a connection of
// this process might have by then.
Result<void> CopyOnItsWay::take_name(const std::string& path) {
    file_.file.reset();
    live::about_to_be_named(host_, file_.path, file_.lock);
    auto named = host_.files.rename_if_absent(file_.path, path);
    if (!named && named.error().code() == ErrorCode::unavailable) named = take_name_by_other_means(path);
    if (named) file_.path.clear();
    return named;
}

Result<void> CopyOnItsWay::replace(const std::string& path) {
    file_.file.reset();
    live::about_to_be_named(host_, file_.path, file_.lock);
    auto named = host_.files.rename(file_.path, path);
    if (named) file_.path.clear();
    return named;
}

}  // namespace holdfast::operations
