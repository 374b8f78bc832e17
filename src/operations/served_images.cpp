#include "holdfast/operations/served_images.h"

#include "holdfast/base/text.h"
#include "holdfast/sqlite/read_ahead_image.h"

namespace holdfast::operations {

namespace {

constexpr std::size_t attached_max = 10;                    // SQLITE_MAX_ATTACHED
constexpr std::size_t cache_bytes_max = 24 * 1024 * 1024;  // of all databases together

}  // namespace

Result<ServedImages> ServedImages::serve(const NamedImages& images, Options options) {
    const auto& databases = images.databases();
    if (databases.size() > attached_max) {
        return fail(ErrorCode::invalid, "open {}: it has {} databases, and SQLite takes {} at once", images.in_words(), databases.size(), attached_max)
            .with_advice("--only DATABASE, repeated for those that are needed");
    }
    ServedImages all;
    for (const auto& database : databases) {
        const sqlite::Image* image = database.image;
        if (database.kept != nullptr) {
            all.ahead_.push_back(sqlite::read_ahead_image(*image, {.bytes_max = cache_bytes_max / databases.size(), .pool = options.pool}));
            image = all.ahead_.back().get();
        }
        all.served_.push_back(TRY(sqlite::serve_image(*image)));
    }
    auto connection = all.served_.front()->connect();
    if (!connection) return all.explained(std::move(connection).error());
    all.connection_ = std::make_unique<sqlite::Connection>(*std::move(connection));
    if (options.keeps_off_disk) TRY(all.connection_->execute("PRAGMA temp_store = MEMORY"));
    for (std::size_t i = 0; i < databases.size() && databases.size() > 1; ++i) {
        auto attached = all.served_[i]->attach_to(*all.connection_, databases[i].name);
        if (!attached) return all.explained(std::move(attached).error()).while_doing(format("open {}", printable(databases[i].path)));
    }
    return all;
}

Error ServedImages::explained(Error error) const {
    if (error.code() != ErrorCode::corrupt && error.code() != ErrorCode::unavailable) return error;
    for (const auto& served : served_) {
        const auto reason = served->last_failure();
        if (reason.empty()) continue;
        const ErrorCode code = error.code();
        return fail(code, "{}: {}", error.message(), reason);
    }
    return error;
}

}  // namespace holdfast::operations
