// SQLite's own judgement of an image, and the cheap facts that only SQLite can read out of one.
#pragma once

#include <string>
#include <vector>

#include "holdfast/operations/context.h"
#include "holdfast/repository/repository.h"
#include "holdfast/sqlite/connection.h"
#include "holdfast/sqlite/image.h"

namespace holdfast::operations {

// Served to SQLite, and checked there, page by page. An image without pages is in order. An Error means that the image
// itself could not be read (`corrupt`: its bytes are not proven), so that nothing was judged.
Result<sqlite::CheckOutcome> check_image(const sqlite::Image& image, const Watch& watch);
// The same of one that lies in a repository: unpacked first where that is worth it.
Result<sqlite::CheckOutcome> check_kept_image(Context& context, const repository::Repository& repository, const sqlite::Image& image);

// What a look at the first pages tells; costs nothing that grows with the database.
struct SchemaFacts {
    std::string schema_hash;            // empty: it could not be read
    std::vector<std::string> findings;  // why not, and what the header says wrongly
    bool is_damaged = false;            // the findings mean damage, and not only something this SQLite does not know
};
Result<SchemaFacts> read_schema(const sqlite::Image& image);

std::string_view name_of(sqlite::CheckOutcome::Verdict verdict);  // "ok", "damaged", "could not"

}  // namespace holdfast::operations
