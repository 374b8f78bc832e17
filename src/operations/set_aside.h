// SetAside: the files of databases moved out of the way of something that makes new ones, and back when that fails.
#pragma once

#include <string>
#include <vector>

#include "holdfast/operations/context.h"

namespace holdfast::operations {

// Files are renamed, never copied and never removed. What is where stands in a record beside the first database
// ("app.db.set-aside"), written durably before the first rename and removed after the last: whatever happens in between, the
// next look finds the record, and says which file lies where.
class SetAside {
public:
    // `exists`: an earlier one was interrupted; the message names the files and the advice the commands that put them back.
    static Result<void> expect_none_unfinished(Context& context, const std::vector<std::string>& databases);

    SetAside(Context& context, std::vector<std::string> databases) : context_(context), databases_(std::move(databases)) {}
    Result<void> plan();         // which files there are, and the names that they get
    Result<void> move_away();    // a failure puts back what was moved
    // What has come in their place goes to names of its own (told in `left`), and the files go back. An error says what
    // lies where; the record stays then.
    Result<void> put_back(std::vector<std::string>& left);
    Result<void> keep();         // they stay aside for good
    std::vector<std::string> names_of(const std::string& database) const;  // aside

private:
    struct File {
        std::string database, from, to;
        bool is_moved = false;
    };
    std::string record_path() const { return databases_.front() + ".set-aside"; }
    Result<void> write_record() const;
    Result<void> remove_record() const;
    Result<void> clear_place(const std::string& database, std::vector<std::string>& left);

    Context& context_;
    const std::vector<std::string> databases_;
    std::vector<File> files_;  // in the order in which they are moved: sidecars before their database
};

}  // namespace holdfast::operations
