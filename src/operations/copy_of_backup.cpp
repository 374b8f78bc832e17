#include "holdfast/operations/copy_of_backup.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/operations/copy_rotation.h"

namespace holdfast::operations {

using bundle::CopyRecord;
using repository::Snapshot;

namespace {

// A copy of this very backup: an unchanged database answers with the backup that there is, and with its copy.
const CopyRecord* copy_there(const CopyFolder& folder, const CopyRecord& wanted) {
    const auto is_it = [&](const CopyRecord& record) {
        return !record.is_latest && record.backup_id == wanted.backup_id && record.compress == wanted.compress && is_of_same_database(record, wanted);
    };
    const auto& records = folder.catalogue.records;
    const auto at = std::ranges::find_if(records, is_it);
    return at == records.end() ? nullptr : &*at;
}

}  // namespace

Result<CopyRecord> record_of(const Snapshot& snapshot, const CopySubject& subject, const PlainCopyOrder& order) {
    CopyRecord record;
    record.what = subject.what;
    record.database = printable(subject.name);
    record.machine = snapshot.source.machine;
    record.source = printable(snapshot.source.name);
    record.backup_id = snapshot.id.hex();
    record.number = snapshot.number.value;
    record.time = snapshot.time;
    record.utc_offset_s = host::local_offset_s(snapshot.time);
    record.is_automatic = snapshot.kind == repository::SnapshotKind::automatic;
    record.operation = printable(snapshot.operation);
    record.comment = snapshot.comment;
    record.compress = order.compress;
    record.file = TRY(order.name.fill({.database = subject.file_name, .time = record.time, .utc_offset_s = record.utc_offset_s,
                                       .number = record.number, .is_automatic = record.is_automatic}));
    record.file = with_ending(std::move(record.file), order.compress);
    return record;
}

Result<bool> is_told_as_there(const CopyFolder& folder, const CopyRecord& wanted, PlainCopy& told) {
    const auto* there = copy_there(folder, wanted);
    if (there == nullptr || TRY(folder.state_of(*there)) != CopyState::ours) return false;
    told.path = folder.path_of(there->file);
    told.bytes = there->size;
    told.sha256 = there->sha256.hex();
    return true;
}

Result<void> rehearse_rotation(Context& context, CopyFolder& folder, const CopyRecord& record, const PlainCopyOrder& order, PlainCopiesReport& report) {
    auto& records = folder.catalogue.records;
    records.push_back(record);
    const auto places = TRY(rotated_out(context, records, record, order));
    for (const auto at : places) {
        if (TRY(folder.state_of(records[at])) == CopyState::ours) report.removed.push_back(folder.path_of(records[at].file));
    }
    return {};
}

}  // namespace holdfast::operations
