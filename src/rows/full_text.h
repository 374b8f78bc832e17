// What is known of SQLite's own modules: where a full-text table has its content, and which virtual tables take rows.
#pragma once

#include <optional>
#include <string>

#include "holdfast/rows/schema.h"

namespace holdfast::rows {

bool is_full_text(const Table& table);  // fts3, fts4, fts5
bool is_r_tree(const Table& table);     // rtree, rtree_i32

// The value of an option (content='docs') among a virtual table's arguments, without its quotes.
std::optional<std::string> module_option(const Table& table, std::string_view name);

// The content= of a full-text table: nullopt: it has its own content; "": none at all.
std::optional<std::string> content_of(const Table& table);

// That rows can be read of it and written through it. Errors say what to restore instead, if anything can be.
Result<void> expect_writable_module(const Table& table);

}  // namespace holdfast::rows
