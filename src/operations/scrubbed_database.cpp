#include "holdfast/operations/scrubbed_database.h"

#include "holdfast/base/text.h"
#include "holdfast/live/replace.h"
#include "holdfast/operations/stream_file.h"

namespace holdfast::operations {

Result<ScrubbedDatabase> scrubbed_database(Context& context, OpenRepository& opened, const sqlite::Image& image, const ScrubOrder& order) {
    const std::uint64_t name = host::random_u64(context.host.random);
    const sqlite::ScrubFiles files{.from = host::join_path(order.folder, format("{:016x}.before", name)), .to = host::join_path(order.folder, format("{:016x}.after", name))};
    TRY(live::write_new_file(context.host, opened.pool(), image, {.path = files.from}, context.watch));
    const auto& id = opened.get().config().id;
    ScrubbedDatabase scrubbed;
    scrubbed.report = TRY(sqlite::scrub(files, order.rules, derive_key(id.bytes, {}, "holdfast scrub").view()));
    TRY(context.host.files.remove(files.from));
    scrubbed.path = files.to;
    scrubbed.size = TRY(context.host.files.status(files.to)).size;
    scrubbed.sha256 = TRY(hash_of_file(context, files.to));
    return scrubbed;
}

}  // namespace holdfast::operations
