// Adoption: backup files taken into the repository one after another, as the past of one source.
#pragma once

#include <set>

#include "holdfast/operations/old_companions.h"
#include "holdfast/operations/whose_past.h"

namespace holdfast::operations {

class Adoption {
public:
    struct Plan {
        Past past;
        OldCompanions companions = {};
        LoadedSettings settings = {};  // what they say must agree is looked at
    };
    Adoption(Context& context, OpenRepository& opened, const AdoptRequest& request, Plan plan)
        : context_(context), opened_(opened), request_(request), past_(std::move(plan.past)), old_(std::move(plan.companions)), settings_(std::move(plan.settings)) {}

    // Reads what the source has already, and what the database's own catalogue (a table backup_metadata) tells.
    Result<void> begin();
    // Refusals are told in the report; an Error ends the adoption (the repository is full, the user stopped it).
    Result<void> take(const AdoptableFile& file);
    // A bundle of ours as one backup, whatever has been adopted before: its number.
    Result<std::uint64_t> take_whole(OutsideBackup& bundle);
    AdoptReport take_report() &&;
    const std::optional<Error>& first_refusal() const { return first_refusal_; }

private:
    struct Member {
        OutsideDatabase* database;
        std::string name;  // in the snapshot
        Hash sha256{};     // of the image
        std::vector<std::string> findings = {};
        bool is_damaged = false;
    };
    // Databases, and what belongs with them, of one moment: one backup.
    struct Group {
        std::vector<Member> members;
        std::vector<const OutsideCompanion*> companions = {};
        std::vector<std::string> companion_names = {};  // in the snapshot
        std::vector<OpenedOldCompanion> opened = {};    // those that lay elsewhere
        std::vector<AdoptedCompanion> copies = {};
        std::optional<repository::Skew> skew = {};
        std::vector<repository::MissingCompanion> missing = {};
    };
    struct Known {
        repository::SnapshotNumber number;  // in a dry run 0 of what would be adopted
        bool is_forgotten = false;
        bool is_to_be_looked_at = false;  // nobody has looked whether its files agree
    };
    using There = std::map<std::string, Known>;

    Result<void> place_missing(const OutsideBackup& backup, const std::string& before, Group& group) const;
    Result<void> take_opened(OutsideBackup& backup);
    Result<void> take_group(OutsideBackup& backup, Group group);
    Result<void> look_at(Member& member);
    Result<void> join_companions(const OutsideBackup& backup, Group& group);
    void tell_left_out(const OldPart& part);
    void leave_out(const OldPart& part, std::string why);
    Result<void> look_at_agreement(AdoptedBackup& told);
    void tell_that_agreement_is_not_looked_at();
    Result<void> record(const OutsideBackup& backup, AdoptedBackup& told, Group& group);
    Result<std::optional<repository::Snapshot>> record_once(const OutsideBackup& backup, const AdoptedBackup& told, Group& group);
    Result<bool> keep_member(history::Recorder& recorder, Member& member, Timestamp time);
    Result<void> keep_companions(history::Recorder& recorder, const OutsideBackup& backup, const Group& group);
    Result<std::string> place_before(const OutsideBackup& backup) const;
    Result<void> place_companions(const OutsideBackup& backup, const std::string& before, Group& group) const;
    Result<Group> bundled_group(OutsideBackup& backup) const;
    There::iterator find_there(const OutsideBackup& backup, Timestamp time, const Group& group);
    void note_there(const history::Moment& moment);
    Result<void> tell_there(There::iterator known, AdoptedBackup& told);
    AdoptedBackup describe(const OutsideBackup& backup, const Group& group) const;
    Result<std::vector<Group>> groups_of(OutsideBackup& backup) const;
    void learn_from(const sqlite::Image& image);
    void refuse(const std::string& file, Error why);
    static std::string key_of(Timestamp time, const std::string& name, const Hash& sha256);
    // Of a backup with companions: what of them and of the databases was adopted. A tag tells it again the next time.
    static std::string set_key(Timestamp time, const Group& group);

    Context& context_;
    OpenRepository& opened_;
    const AdoptRequest& request_;
    Past past_;
    OldCompanions old_;
    LoadedSettings settings_;
    bundle::Catalogue catalogue_;
    There there_;  // what the source has: time, member and content, and ids, and in which backup
    AdoptReport report_;
    std::optional<Error> first_refusal_;
};

}  // namespace holdfast::operations
