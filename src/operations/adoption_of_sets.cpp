#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/operations/adoption.h"
#include "holdfast/operations/check_agreement.h"
#include "holdfast/operations/look_at_content.h"

// What of an adoption is about old copies of companions.
namespace holdfast::operations {

namespace {

constexpr double ns_per_ms = 1e6;

// Those that end what is being done, whatever is adopted.
bool is_over(const Error& error) { return error.code() == ErrorCode::cancelled || error.code() == ErrorCode::full || error.code() == ErrorCode::bug; }

void add_doubt(const OldPart& part, const std::string& companion, const std::string& database, std::optional<repository::Skew>& skew) {
    if (part.doubt.empty()) return;
    if (!skew) skew = repository::Skew{.why = "it was put together of old copies: ", .paths = {database}};
    else skew->why += "; ";
    skew->why += part.doubt;
    skew->span_ns = std::max(skew->span_ns, part.apart_ns);
    skew->paths.push_back(companion);
}

}  // namespace

void Adoption::leave_out(const OldPart& part, std::string why) {
    auto told = told_of(*part.copy, old_.sought()[part.copy->sought]);
    told.why = std::move(why);
    report_.left_out.push_back(std::move(told));
}

// They may belong with the files beside them: a set that lacks something is not passed over in silence.
void Adoption::tell_left_out(const OldPart& part) {
    for (const auto& folder : part.copy->left_out) {
        leave_out(part, "no folder in the companion is called so now");
        auto& told = report_.left_out.back();
        told.from = folder.archive.empty() ? folder.path : folder.archive;
        told.member = folder.archive.empty() ? "" : folder.path;
        report_.warnings.push_back(format("{} lies beside files of {}, and was left out: nothing tells that it belongs to them; --companion PATH=OLD takes all of a folder", folder.text(), printable(told.path)));
        ++report_.refused;
    }
}

// A backup that cannot have one of them is made without, and the command says that not all is well.
Result<void> Adoption::join_companions(const OutsideBackup& backup, Group& group) {
    if (group.members.size() != 1 || !group.companions.empty()) return {};
    const auto& member = group.members.front();
    const auto* const parts = old_.of(backup.path, member.database->name);
    if (parts == nullptr) return {};
    const auto& told = member.database->told;
    const auto origin = told.backup_id.empty() || told.database_sha256 != member.sha256 ? there_.end() : there_.find(told.backup_id);
    for (const auto& part : *parts) {
        if (origin != there_.end()) {
            leave_out(part, format("the database copy beside it is one of backup #{}, which has what belongs to it", origin->second.number.value));
            continue;
        }
        const auto& sought = old_.sought()[part.copy->sought];
        auto opened = open_old_companion(context_, request_, *part.copy, sought);
        if (!opened && is_over(opened.error())) return std::move(opened).error();
        if (!opened) {
            leave_out(part, opened.error().text());
            ++report_.refused;
            continue;
        }
        auto copy = told_of(*part.copy, sought);
        copy.state = "taken";
        copy.apart_ms = static_cast<double>(part.apart_ns) / ns_per_ms;
        copy.files = opened->files;
        copy.bytes = opened->companion->bytes;
        add_doubt(part, sought.path, member.name, group.skew);
        const bool is_told = part.copy->at.archive == backup.path;
        if (!is_told) std::ranges::copy(opened->warnings, std::back_inserter(report_.warnings));
        tell_left_out(part);
        group.copies.push_back(std::move(copy));
        group.companions.push_back(opened->companion.get());
        group.companion_names.push_back(sought.path);
        group.opened.push_back(*std::move(opened));
    }
    return {};
}

// What would be asked is not stored.
void Adoption::tell_that_agreement_is_not_looked_at() {
    const std::string told = "a dry run does not look whether files and databases agree, as the settings say they must: the real run does, and ends with exit code 3 where they do not";
    if (std::ranges::find(report_.warnings, told) == report_.warnings.end()) report_.warnings.push_back(told);
}

// Noted on it as on one that was made here.
Result<void> Adoption::look_at_agreement(AdoptedBackup& told) {
    const auto* const source = settings_.source(past_.source.record.name);
    if (source == nullptr || source->agreement.empty()) return {};
    if (request_.dry_run) {
        tell_that_agreement_is_not_looked_at();
        return {};
    }
    const auto& repository = opened_.get();
    const auto snapshot = TRY(repository.snapshot({told.number}));
    if (snapshot.damaged) return {};
    auto results = agreement_of_backup(context_, repository, snapshot, settings_);
    if (!results && is_over(results.error())) return std::move(results).error();
    std::vector<UnmetThing> unmet;
    if (!results) unmet.push_back({.what = "agreement", .why = "could not be checked: " + results.error().message(), .lost = {}});
    else unmet = unmet_among(told.agreement = *std::move(results));
    if (!unmet.empty()) ++report_.disagreeing;
    for (const auto& thing : unmet) report_.warnings.push_back(format("#{}: expected: {}; {}", told.number, printable(thing.what), thing.why));
    const auto noted = note_expected(context_, opened_.get(), snapshot.number, {.unmet = unmet, .asked = asked_of_content(settings_, snapshot.source.name)});
    if (!noted) report_.warnings.push_back("whether its files agree could not be noted: " + noted.error().message());
    return {};
}

}  // namespace holdfast::operations
