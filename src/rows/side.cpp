#include "holdfast/rows/side.h"

#include "holdfast/base/text.h"

namespace holdfast::rows {

Result<std::unique_ptr<Side>> open_side(const sqlite::Image& image) {
    auto side = std::make_unique<Side>();
    side->image = &image;
    side->served = TRY(sqlite::serve_image(image));
    side->connection = TRY(side->served->connect());
    TRY(side->connection->execute("PRAGMA temp_store = MEMORY"));  // nothing of what it holds is written anywhere
    if (image.last_page().value > 0) side->trees = TRY(sqlite::TreeReader::over(image));
    auto schema = read_schema(*side->connection);
    if (!schema) {
        const std::string why = side->served->last_failure();
        return why.empty() ? std::move(schema).error() : fail(ErrorCode::corrupt, "read the schema: {}", why);
    }
    side->schema = std::move(*schema);
    return side;
}

}  // namespace holdfast::rows
