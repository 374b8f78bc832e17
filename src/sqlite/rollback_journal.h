// Rollback journals (https://sqlite.org/fileformat2.html, section 3): reading a hot one without rolling it back.
#pragma once

#include <string>
#include <unordered_map>

#include "holdfast/sqlite/image.h"
#include "holdfast/sqlite/raw_file.h"

namespace holdfast::sqlite {

// Where the original content of each journalled page lies, as SQLite's rollback would play it back: first record of
// a page wins, records with a wrong checksum end their segment.
struct JournalMap {
    PageSize page_size;
    PageNumber original_pages;                                 // size of the database before the transaction
    std::unordered_map<std::uint32_t, std::uint64_t> offset_of_page;  // page number -> offset of its bytes
    std::string super_journal;                                 // name of a super-journal; empty when there is none
};
// nullopt: the header is empty or zeroed (PERSIST, TRUNCATE after commit): not hot. `fallback_page_size` is used
// where the header's field is out of range, as SQLite does. Assumes the journal is hot: whether it is, live decides.
Result<std::optional<JournalMap>> scan_journal(const RawFile& journal, PageSize fallback_page_size);

// The database as it was before the interrupted transaction. Keeps references to both files.
std::unique_ptr<Image> journal_image(const RawFile& database, const RawFile& journal, JournalMap map);

}  // namespace holdfast::sqlite
