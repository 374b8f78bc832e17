#include "holdfast/operations/stream_entry.h"

#include <algorithm>

#include "holdfast/base/text.h"

namespace holdfast::operations {

Result<Hash> stream_entry(Context& context, const repository::Repository& repository, const repository::DirectoryEntry& entry, bundle::ByteSink& sink) {
    constexpr std::uint64_t step_max = 4 * 1024 * 1024;
    const auto content = TRY(repository.open_content(entry));
    const auto size = entry.content.size;
    Sha256 hash;
    Buffer buffer(std::min(size, step_max));
    for (std::uint64_t at = 0; at < size;) {
        TRY(context.watch.go_on());
        const auto bytes = buffer.span().first(std::min(step_max, size - at));
        TRY(content->read(at, bytes));
        hash.update(bytes);
        TRY(sink.write(bytes));
        at += bytes.size();
    }
    return hash.finish();
}

}  // namespace holdfast::operations
