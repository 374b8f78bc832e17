// Rollback journals (https://sqlite.org/fileformat2.html, section 3): reading a hot one without rolling it back.
#pragma once

#include <string>
#include <unordered_map>

#include "holdfast/sqlite/image.h"
#include "holdfast/sqlite/raw_file.h"

namespace holdfast::sqlite {

// Where the original content of each journalled page lies, as SQLite's rollback would play it back: segment after
// segment, a later record of a page over an earlier one, to the end of the file or the first thing that is wrong.
struct JournalMap {
    PageSize page_size;
    PageNumber original_pages;                                        // size of the database before the transaction
    std::unordered_map<std::uint32_t, std::uint64_t> offset_of_page;  // page number -> offset of its bytes
    std::string super_journal;                                        // its path; empty when there is none
};
// nullopt: nothing would be played back, because the header is empty, zeroed (PERSIST, TRUNCATE after a commit) or was
// never synced. `fallback_page_size` stands in where the header has none (before SQLite 3.5.8). Assumes the journal is
// hot: whether it is, live decides. One that names a super-journal which does not exist is not.
Result<std::optional<JournalMap>> scan_journal(const RawFile& journal, PageSize fallback_page_size);

// The database as it was before the interrupted transaction. Keeps references to both files. `corrupt` when the journal
// claims a size that neither file can account for.
Result<std::unique_ptr<Image>> journal_image(const RawFile& database, const RawFile& journal, JournalMap map);

}  // namespace holdfast::sqlite
