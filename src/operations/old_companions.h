// OldCompanions: old copies of companions among files that are adopted, each with the database copy that it belongs to.
#pragma once

#include <map>

#include "holdfast/operations/adoptable_files.h"
#include "holdfast/operations/copies_in_tree.h"
#include "holdfast/operations/outside_backup.h"

namespace holdfast::operations {

// Where something lies: on disk (archive is empty, path is absolute), or in an archive.
struct OldPlace {
    std::string archive, path;
    bool operator==(const OldPlace&) const = default;
    std::string text() const;  // for people
};
struct OldCompanion {
    std::size_t sought = 0;
    OldPlace at;
    std::vector<std::string> names = {};    // as in TreeCopy
    std::vector<OldPlace> left_out = {};    // likewise
    OutsideTime time;
    std::string made_in = {};               // the folder whose name or manifest tells that time: all in it is of one making
    std::size_t parts_alike = 0;
    bool is_of_a_database = false;
};
struct OldDatabase {
    std::string file, name;                 // of OutsideBackup and OutsideDatabase
    OldPlace at;
    OutsideTime time;
};

// A copy, for the database copy that it is taken with.
struct OldPart {
    const OldCompanion* copy = nullptr;
    std::int64_t apart_ns = 0;  // between the two
    std::string doubt = {};     // why they may not be of one moment; empty: nothing says so
};
class OldCompanions {
public:
    // Every file is opened to see what is in it, and when it was made. What cannot be opened is left to who adopts it. A copy
    // belongs with the database that lies to it as the live one to the companion; else with the only one in its folder, or its
    // archive; else with the one nearest in time. Of several copies of a companion for one database the nearest is taken.
    static Result<OldCompanions> find(Context& context, const AdoptRequest& request, const std::vector<AdoptableFile>& files, std::vector<SoughtCompanion> sought,
                                      const std::string& database);
    OldCompanions() = default;

    const std::vector<SoughtCompanion>& sought() const { return sought_; }
    const std::vector<OldPart>* of(const std::string& file, const std::string& name) const;  // null: none
    bool is_from(const std::string& archive) const;  // a copy was found in it
    std::vector<AdoptedCompanion> left_out;          // what is not taken, and why
    std::vector<std::string> warnings;

private:
    std::vector<SoughtCompanion> sought_;
    std::vector<std::unique_ptr<const OldCompanion>> copies_;
    std::map<std::pair<std::string, std::string>, std::vector<OldPart>> parts_;
};

AdoptedCompanion told_of(const OldCompanion& copy, const SoughtCompanion& sought);

// As it can be kept. What it was unpacked to goes with it.
struct OpenedOldCompanion {
    std::unique_ptr<OutsideBackup> archive;
    std::unique_ptr<OutsideCompanion> companion;
    std::uint64_t files = 0;
    std::vector<std::string> warnings;
    // Nothing of it has changed since it was opened: to be asked when it was read. `busy`.
    std::function<Result<void>()> expect_unchanged = nullptr;
};
Result<OpenedOldCompanion> open_old_companion(Context& context, const AdoptRequest& request, const OldCompanion& copy, const SoughtCompanion& sought);

}  // namespace holdfast::operations
