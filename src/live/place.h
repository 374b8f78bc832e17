// A place where a database is to be put: what is there now, and room for what is to come.
#pragma once

#include <optional>
#include <string>

#include "holdfast/live/replace.h"
#include "holdfast/sqlite/database_header.h"

namespace holdfast::live {

// What is at a path now, by looking only.
struct Present {
    bool is_there = false;                         // a file, of 0 bytes perhaps
    std::uint64_t file_size = 0;
    bool is_usable = false;                        // SQLite would open it
    std::string why_unusable;
    bool is_wal = false;
    std::optional<sqlite::DatabaseHeader> header;  // none for 0 bytes or when it is unusable
};
// busy (locked for longer than place.wait_ms), denied, invalid (a folder or the like).
Result<Present> look_at_place(host::Host host, const std::string& target, const PlaceOptions& place);

// Why SQLite cannot write the image into that database; empty when it can.
Result<std::string> why_not_by_transaction(const Present& present, const sqlite::Image& image);

// `corrupt`: SQLite cannot so much as open the image, so no transaction can bring it anywhere. What cannot be read of it for
// other reasons is for whoever proves it.
Result<void> expect_openable(const sqlite::Image& image);

// `busy`, naming who has the database open, or saying that not everybody could be seen (unless place.offline).
Result<void> expect_nobody_has_it(host::Host host, const std::string& target, const PlaceOptions& place);

// `denied` when a transaction on the database there could not be written, by this process: its file, and the folder where
// SQLite makes its journal or its WAL, if those of an application are not there already. By looking only.
Result<void> expect_may_write(host::Host host, const std::string& path);

// On the file system of the deepest folder of the path that exists.
Result<std::uint64_t> free_bytes_at(host::FileSystem& files, const std::string& target);

}  // namespace holdfast::live
