// Adoption: backup files taken into the repository one after another, as the past of one source.
#pragma once

#include <set>

#include "holdfast/operations/adoptable_files.h"
#include "holdfast/operations/outside_backup.h"
#include "holdfast/operations/whose_past.h"

namespace holdfast::operations {

class Adoption {
public:
    Adoption(Context& context, OpenRepository& opened, const AdoptRequest& request, Past past)
        : context_(context), opened_(opened), request_(request), past_(std::move(past)) {}

    // Reads what the source has already, and what the database's own catalogue (a table backup_metadata) tells.
    Result<void> begin();
    // Refusals are told in the report; an Error ends the adoption (the repository is full, the user stopped it).
    Result<void> take(const AdoptableFile& file);
    AdoptReport take_report() && { return std::move(report_); }
    const std::optional<Error>& first_refusal() const { return first_refusal_; }

private:
    struct Member {
        OutsideDatabase* database;
        std::string name;  // in the snapshot
        Hash sha256{};     // of the image
        std::vector<std::string> findings = {};
        bool is_damaged = false;
    };
    using Group = std::vector<Member>;  // databases of one moment: one backup
    using There = std::map<std::string, std::uint64_t>;

    Result<void> take_opened(OutsideBackup& backup);
    Result<void> take_group(OutsideBackup& backup, Group group);
    Result<void> look_at(Member& member);
    Result<void> record(AdoptedBackup& told, Group& group);
    Result<std::optional<repository::Snapshot>> record_once(const AdoptedBackup& told, Group& group);
    There::const_iterator find_there(Timestamp time, const Member& member) const;
    AdoptedBackup describe(const OutsideBackup& backup, const Group& group) const;
    std::vector<Group> groups_of(OutsideBackup& backup) const;
    void learn_from(const sqlite::Image& image);
    void refuse(const std::string& file, Error why);
    static std::string key_of(Timestamp time, const std::string& name, const Hash& sha256);

    Context& context_;
    OpenRepository& opened_;
    const AdoptRequest& request_;
    Past past_;
    bundle::Catalogue catalogue_;
    There there_;  // what the source has: time, member and content, and ids, and in which backup
    AdoptReport report_;
    std::optional<Error> first_refusal_;
};

}  // namespace holdfast::operations
