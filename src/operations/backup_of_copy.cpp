#include "holdfast/operations/backup_of_copy.h"

#include <algorithm>

#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/operations/copy_folder.h"

namespace holdfast::operations {

Result<std::string> backup_of_copy(Context& context, const repository::Repository& repository, const std::string& file) {
    const auto path = TRY(context.host.files.canonical(file));
    const auto folder = TRY(CopyFolder::look(context, host::folder_of(path)));
    const auto& records = folder.catalogue.records;
    const auto record = std::ranges::find(records, host::file_name_of(path), &bundle::CopyRecord::file);
    if (record == records.end() || record->repository != repository.config().id.hex()) {
        return fail(ErrorCode::not_found, "which backup is {}: it is no plain copy of one in this repository", printable(file))
            .with_advice(format("holdfast restore --from {} --for DATABASE takes the database in any file", shell_word(file)));
    }
    if (TRY(folder.state_of(*record)) == CopyState::ours) return record->backup_id;
    return fail(ErrorCode::corrupt, "which backup is {}: somebody has changed it since it was written from backup #{}", printable(file), record->number)
        .with_advice(format("holdfast restore {} takes the backup; holdfast restore --from {} --for DATABASE what is in the file now", record->number, shell_word(file)));
}

}  // namespace holdfast::operations
