#include "holdfast/operations/stream_file.h"

#include "holdfast/operations/stream_image.h"

namespace holdfast::operations {

Result<Hash> stream_file(Context& context, const std::string& path, bundle::ByteSink& sink) {
    const auto file = TRY(context.host.files.open_to_read(path));
    Sha256 hash;
    Buffer buffer(256 * 1024);
    for (std::uint64_t at = 0;;) {
        const std::size_t got = TRY(file->read_at(at, buffer.span()));
        if (got == 0) return hash.finish();
        hash.update(buffer.view().first(got));
        TRY(sink.write(buffer.view().first(got)));
        TRY(context.watch.go_on());
        at += got;
    }
}

Result<Hash> hash_of_file(Context& context, const std::string& path) {
    NoSink nowhere;
    return stream_file(context, path, nowhere);
}

}  // namespace holdfast::operations
