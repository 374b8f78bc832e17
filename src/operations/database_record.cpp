#include "holdfast/operations/database_record.h"

#include <algorithm>

#include "holdfast/base/text.h"

namespace holdfast::operations {

void judge_header(FrozenDatabase& frozen) {
    if (!frozen.facts.header) return;
    const auto& header = *frozen.facts.header;
    const bool counts = header.change_counter == header.version_valid_for;
    if (!counts || header.page_count <= frozen.page_count) return;
    auto& findings = frozen.schema.findings;
    findings.push_back(format("the header says {} pages, and there are {}: the file was cut", header.page_count, frozen.page_count));
    std::rotate(findings.begin(), findings.end() - 1, findings.end());  // it explains the others
    frozen.schema.is_damaged = true;
}

repository::DirectoryEntry entry_of(const std::string& path, const FrozenDatabase& frozen) {
    const auto& facts = frozen.facts;
    repository::DirectoryEntry entry;
    entry.name = path;
    entry.type = repository::EntryType::database;
    entry.mode = facts.file.mode;
    entry.owner = facts.file.owner;
    entry.group = facts.file.group;
    entry.modified = facts.file.modified;

    repository::DatabaseRecord record;
    record.page_count = frozen.page_count;
    record.device = facts.file.device;
    record.inode = facts.file.inode;
    record.frozen = facts.frozen;
    record.read_as = live::name_of(facts.way);
    record.schema_hash = frozen.schema.schema_hash;
    record.findings = frozen.schema.findings;
    record.schema_version = frozen.schema_version;
    record.journal_mode = 1;
    if (facts.header) {
        record.page_size = facts.header->page_size.bytes();
        record.encoding = facts.header->encoding;
        record.user_version = facts.header->user_version;
        record.application_id = facts.header->application_id;
        record.journal_mode = facts.header->is_wal() ? 2 : 1;
    }
    if (facts.wal) {
        record.wal_salts = facts.wal->salts;
        record.wal_sequence = facts.wal->checkpoint_sequence;
        record.wal_frame = facts.wal_frame.value;
        record.wal_checksum_0 = facts.wal_checksum.s0;
        record.wal_checksum_1 = facts.wal_checksum.s1;
    }
    entry.database = std::move(record);
    return entry;
}

}  // namespace holdfast::operations
