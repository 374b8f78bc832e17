#include "holdfast/rows/rows_file.h"

#include "holdfast/base/text.h"

namespace holdfast::rows {

Result<Brought> write_rows_file(const ChosenRows& chosen, const std::string& path, const BringOrder& order, const Watch& watch) {
    auto& backup = chosen.connection();
    auto file = TRY(sqlite::Connection::open(path, {.mode = sqlite::OpenMode::create, .trust_schema = true}));
    for (const char* name : {"page_size", "application_id", "user_version"}) {
        TRY(file.execute(format("PRAGMA {} = {}", name, TRY(backup.integer(format("PRAGMA main.{}", name))))));
    }
    TRY(file.execute(format("PRAGMA encoding = '{}'", TRY(backup.text("PRAGMA main.encoding")))));
    TRY(file.execute("PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF; BEGIN IMMEDIATE"));
    BringState state;
    auto of_file = order;
    of_file.into = Into::new_file;
    auto brought = TRY(bring_rows(chosen, file, of_file, state, watch));
    TRY(file.execute("COMMIT"));
    return brought;
}

}  // namespace holdfast::rows
