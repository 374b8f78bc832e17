// CopyName: the names of plain copies, made from a template such as "{database}_{date}_{time}.db".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/base/time.h"

namespace holdfast::bundle {

// What one copy's name is made of.
struct CopyNameFacts {
    std::string database;        // the name of what is copied: "app.db", "faiss"
    Timestamp time;              // of the backup
    std::int32_t utc_offset_s = 0;
    std::uint64_t number = 0;    // of the backup
    bool is_automatic = false;
};

// {database} is the database's name without .db (.sqlite, .sqlite3, .db3), {name} what is copied as it is called, {date} and {time} are YYYYMMDD and HHMMSS by the
// local clock, {stamp} is YYYY-MM-DDTHH-MM-SS in UTC, {number} the backup's, {kind} manual or automatic, {auto} "_auto" or
// nothing: read_backup_name() understands what comes out.
class CopyTemplate {
public:
    // Of one copy. `invalid`: it is no name of a file in a folder (nor of holdfast's own beside the copies), a word in
    // braces is none of those above, or all copies, or all of one day, would have one name.
    static Result<CopyTemplate> parse(std::string_view text);
    // Of the newest copy: {database} and {name} are the only words that it may have.
    static Result<CopyTemplate> parse_fixed(std::string_view text);

    bool has(std::string_view word) const;
    const std::string& text() const { return text_; }
    // `invalid`: the name would be too long, or cannot be shown in one line (the database has such a name).
    Result<std::string> fill(const CopyNameFacts& facts) const;

private:
    struct Part {
        std::string text;
        bool is_word = false;
    };
    static Result<CopyTemplate> parse_parts(std::string_view text);
    std::string text_;
    std::vector<Part> parts_;
};

// A name of a file in a folder, and none that holdfast uses beside copies. `invalid` says what is wrong.
Result<void> expect_copy_file_name(std::string_view name);

// Another name of the same meaning, where `name` is taken: "app_20260102_030405.db" is "app_20260102_030405_2.db".
std::string numbered_name(const std::string& name, std::uint64_t n);

}  // namespace holdfast::bundle
