// CopyFolder: a folder of plain copies with its catalogue, which alone says what in it may be touched.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/bundle/copy_records.h"
#include "holdfast/operations/context.h"

namespace holdfast::operations {

// What has become of a file of the catalogue.
enum class CopyState {
    ours,     // the bytes are those that were written
    gone,     // somebody has removed it
    changed,  // somebody has changed or replaced it, or writes into it: it is theirs now
};

// One process at a time holds a folder locked; the others wait. The catalogue is written before what it speaks of, so that
// a crash leaves entries without files, which are dropped, and never files without entries.
class CopyFolder {
public:
    // Waits for its turn as long as databases are waited for, then `busy`. Mended: entries of files that have gone are
    // dropped, with their checksum files; checksum files that are missing are made. `corrupt`, `too_new`: the catalogue.
    static Result<CopyFolder> lock(Context& context, const std::string& folder);
    // The same without a trace, for a look: nothing is locked, made or mended but in memory. A missing folder is empty.
    static Result<CopyFolder> look(Context& context, const std::string& folder);

    bundle::CopyRecords catalogue;
    const std::string& path() const { return folder_; }
    std::string path_of(const std::string& file) const { return host::join_path(folder_, file); }

    // Durable when it returns.
    Result<void> save() const;
    // Reads the file only where its identity is not that of the record.
    Result<CopyState> state_of(const bundle::CopyRecord& record) const;
    // A name near this one that nothing in the folder has, nor would have beside a database of that name.
    Result<std::string> free_name(const std::string& name) const;

    Result<void> write_checksum(const bundle::CopyRecord& record) const;
    // The checksum file, if it says nothing else than that record does (or its beginning).
    Result<void> remove_checksum(const bundle::CopyRecord& record) const;
    // What a crash left of writing a file of that name with replace_atomically().
    Result<void> remove_unfinished(std::string_view of) const;
    // File and checksum file. Only for what is ours.
    Result<void> remove(const bundle::CopyRecord& record) const;

private:
    CopyFolder(Context& context, std::string folder) : context_(&context), folder_(std::move(folder)) {}
    Result<void> load();
    Result<void> mend();

    Context* context_;
    std::string folder_;
    std::unique_ptr<host::FileLock> lock_;
};

}  // namespace holdfast::operations
