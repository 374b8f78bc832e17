// Side: one of two databases that are compared: its image, its schema, a connection to it, its b-trees. For this room only.
#pragma once

#include <memory>
#include <optional>

#include "holdfast/rows/schema.h"
#include "holdfast/sqlite/serve_image.h"
#include "holdfast/sqlite/tree_reader.h"

namespace holdfast::rows {

struct Side {
    const sqlite::Image* image = nullptr;
    std::unique_ptr<sqlite::ServedImage> served;
    std::optional<sqlite::Connection> connection;
    std::optional<sqlite::TreeReader> trees;  // none: the database is of 0 bytes
    Schema schema;
    sqlite::TextEncoding encoding() const { return trees ? trees->encoding() : sqlite::TextEncoding::utf8; }
};
// The image must outlive it. `corrupt`: header or schema cannot be read.
Result<std::unique_ptr<Side>> open_side(const sqlite::Image& image);

}  // namespace holdfast::rows
