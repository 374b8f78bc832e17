// What an FTS5 index was told about itself, as its rank: INSERT INTO f(f, rank) VALUES('rank', …). It is no row, and goes with the index.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "holdfast/rows/schema.h"

namespace holdfast::rows {

// Names, with values as SQL has them ('bm25(10.0)'); those that are as SQLite has them by itself are left out.
using IndexSettings = std::map<std::string, std::string>;
// Of any table of main; none: it is no FTS5 index. Errors: those of reading them.
Result<IndexSettings> settings_of(sqlite::Connection& connection, const Table& index);

struct IndexSettingChange {
    std::string name;           // rank, automerge, …
    std::string before, after;  // as SQL
};
std::vector<IndexSettingChange> compare_settings(const IndexSettings& before, const IndexSettings& after);

// The statement that sets it.
std::string setting_sql(const std::string& index, const std::string& name, const std::string& value);

}  // namespace holdfast::rows
