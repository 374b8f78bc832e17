#include "holdfast/operations/adoption.h"

#include <algorithm>

#include "holdfast/base/limits.h"
#include "holdfast/base/text.h"
#include "holdfast/bundle/redact_strictly.h"
#include "holdfast/bundle/backup_name.h"
#include "holdfast/bundle/named_layers.h"
#include "holdfast/host/clock.h"
#include "holdfast/operations/check_image.h"
#include "holdfast/operations/database_record.h"
#include "holdfast/operations/keep_database.h"
#include "holdfast/operations/look_at_content.h"
#include "holdfast/operations/purpose.h"
#include "holdfast/sqlite/ask_image.h"

namespace holdfast::operations {

namespace {

using repository::SnapshotKind;

// The catalogue that an application keeps inside the very database that it backs up.
constexpr const char* rows_of_catalogue =
    "SELECT json_group_array(json_object('backup_filename', backup_filename, 'comment', comment, 'is_auto', is_auto, 'created_at', created_at)) "
    "FROM backup_metadata";

constexpr std::string_view set_tag = "adopted-set";

// The repository, and not the file, is what failed.
bool is_over(const Error& error) { return error.code() == ErrorCode::cancelled || error.code() == ErrorCode::full || error.code() == ErrorCode::bug; }

}  // namespace

// In milliseconds: descriptions tell no more.
std::string Adoption::key_of(Timestamp time, const std::string& name, const Hash& sha256) {
    constexpr std::int64_t per_ms = 1'000'000;
    return format("{} {} {}", time.nanoseconds / per_ms, sha256.hex(), name);
}

std::string Adoption::set_key(Timestamp time, const Group& group) {
    std::string parts;
    for (const auto& member : group.members) parts += key_of(time, member.name, member.sha256) + '\n';
    for (std::size_t i = 0; i < group.companions.size(); ++i) parts += key_of(time, group.companion_names[i], group.companions[i]->content) + '\n';
    return sha256(bytes_of(parts)).hex();
}

void Adoption::learn_from(const sqlite::Image& image) {
    const auto rows = sqlite::ask_image(image, rows_of_catalogue, context_.watch);
    if (rows) catalogue_.add("backup_metadata", rows->text);
}

AdoptReport Adoption::take_report() && {
    std::ranges::move(old_.left_out, std::back_inserter(report_.left_out));
    std::ranges::move(old_.warnings, std::back_inserter(report_.warnings));
    return std::move(report_);
}

Result<void> Adoption::begin() {
    report_.repository = opened_.path();
    report_.repository_created = opened_.was_created();
    report_.source = past_.source.record.name;
    report_.database = past_.member;
    report_.dry_run = request_.dry_run;
    if (!past_.source.is_new()) {
        const auto list = TRY(history::list_moments(opened_.get(), {.source = to_hex(past_.source.record.id), .path = {}, .with_forgotten = true}));
        for (const bool are_forgotten : {false, true}) {
            for (const auto& moment : list.moments) {
                if (moment.notes.forgotten == are_forgotten) note_there(moment);
            }
        }
    }
    static_cast<void>(live::with_frozen(context_.host, past_.member, freeze_options(context_),
                                        {.first_look = {}, .use = [&](const sqlite::Image& image, const live::FreezeFacts&) -> Result<void> {
                                             learn_from(image);
                                             return {};
                                         }}).ok());
    return {};
}

void Adoption::note_there(const history::Moment& moment) {
    const There::mapped_type which{.number = moment.snapshot.number, .is_forgotten = moment.notes.forgotten,
                                       .is_to_be_looked_at = !moment.snapshot.companions.empty() && is_yet_to_be_looked_at(moment.snapshot, moment.notes, settings_)};
    there_.emplace(moment.snapshot.id.hex(), which);
    for (const auto& [key, value] : moment.snapshot.tags) {
        if (key == set_tag) there_.emplace(value, which);
    }
    for (const auto& entry : moment.snapshot.members) {
        auto known = entry.database ? entry.database->plain_sha256 : std::nullopt;
        if (!known && moment.snapshot.members.size() == 1) known = moment.notes.plain_sha256;
        if (known) there_.emplace(key_of(moment.snapshot.time, entry.name, *known), which);
    }
}

// What was forgotten would be gone with the next prune, though it was told to be there.
Result<void> Adoption::tell_there(There::iterator known, AdoptedBackup& told) {
    auto& [number, is_forgotten, is_to_be_looked_at] = known->second;
    told.number = number.value;
    told.state = is_forgotten ? "recalled" : "already there";
    if (is_forgotten && !request_.dry_run) TRY(history::recall(opened_.get(), {&number, 1}, context_.host.clock.now()));
    ++(is_forgotten ? report_.recalled : report_.already_there);
    is_forgotten = false;
    return std::exchange(is_to_be_looked_at, false) ? look_at_agreement(told) : Result<void>();
}

void Adoption::refuse(const std::string& file, Error why) {
    ++report_.refused;
    AdoptedBackup refused;
    refused.file = file;
    refused.state = "refused";
    refused.why = why.text();
    report_.backups.push_back(std::move(refused));
    if (!first_refusal_) first_refusal_ = std::move(why);
}

Result<void> Adoption::take(const AdoptableFile& file) {
    const auto others = old_.is_from(file.path) ? bundle::OtherFiles::kept : bundle::OtherFiles::passed_over;
    const auto sql = file.is_named ? OutsideUse::Sql::is_a_dump : OutsideUse::Sql::is_passed_over;  // a project has others, too
    auto opened = open_outside(context_, file.path, request_.outside, {.companions = bundle::CompanionFiles::kept, .others = others, .sql = sql, .folders = file.folders, .known = &catalogue_});
    if (!opened) {
        if (opened.error().code() == ErrorCode::cancelled) return std::move(opened).error();
        // In a folder an archive without a database is no backup, and no fault.
        const bool is_none = !file.is_named && opened.error().code() == ErrorCode::invalid;
        if (is_none) ++report_.passed_over;
        if (is_none) report_.warnings.push_back(format("{} was passed over: {}", printable(file.path), opened.error().message()));
        else refuse(file.path, std::move(opened).error());
        return {};
    }
    if (opened->databases.empty() && !opened->is_bundle) return {};  // what it holds belongs with others
    return take_opened(*opened);
}

// Of the database whose past it becomes: the one of that path, or the only one, or the only one of that name. Empty: nothing
// tells of a place.
Result<std::string> Adoption::place_before(const OutsideBackup& backup) const {
    std::vector<std::string> told, named;
    for (const auto& database : backup.databases) {
        const auto& path = database.told.original_path;
        if (path.empty()) continue;
        told.push_back(path);
        if (host::file_name_of(path) == host::file_name_of(past_.member)) named.push_back(path);
    }
    if (told.empty() || std::ranges::find(told, past_.member) != told.end()) return told.empty() ? std::string() : past_.member;
    if (backup.databases.size() == 1) return told.front();
    if (named.size() == 1) return named.front();
    std::string all;
    for (const auto& path : told) all += (all.empty() ? "" : ", ") + printable(path);
    return fail(ErrorCode::invalid, "{}: it holds {} databases, and nothing tells which of them is {}: {}", printable(backup.path), told.size(), printable(past_.member), all)
        .with_advice("--for with the path that one of them had, or one that is called as it was");
}

// Whatever of it belongs together is one backup, and lies beside the database as it did.
Result<Adoption::Group> Adoption::bundled_group(OutsideBackup& backup) const {
    Group group{.members = {}};
    const std::string before = TRY(place_before(backup));
    const bool is_of_several = backup.databases.size() > 1;
    for (auto& database : backup.databases) {
        const auto& path = database.told.original_path;
        if (is_of_several && path.empty()) continue;  // nothing tells that it belongs to them
        const bool is_it = !is_of_several || path == before;
        group.members.push_back({.database = &database, .name = is_it ? past_.member : TRY(moved_with(path, before, past_.member))});
    }
    TRY(place_companions(backup, before, group));
    TRY(place_missing(backup, before, group));
    return group;
}

Result<void> Adoption::place_companions(const OutsideBackup& backup, const std::string& before, Group& group) const {
    for (const auto& companion : backup.companions) {
        const auto& name = companion.to_keep.name;
        group.companions.push_back(&companion);
        group.companion_names.push_back(before.empty() ? name : TRY(moved_with(name, before, past_.member)));
    }
    return {};
}

// Links by which it was named are those of the place that it had.
Result<void> Adoption::place_missing(const OutsideBackup& backup, const std::string& before, Group& group) const {
    if (!backup.bundle_facts) return {};
    const bool has_moved = !before.empty() && before != past_.member;
    for (const auto& one : backup.bundle_facts->missing) {
        repository::MissingCompanion missing{.path = one.path, .rules = {.include = one.include, .exclude = one.exclude, .within = one.within, .redaction = one.redacted ? bundle::strict_redaction : 0, .named = one.named}};
        if (has_moved) {
            missing.path = TRY(moved_with(one.path, before, past_.member));
            missing.rules.named.clear();
        }
        group.missing.push_back(std::move(missing));
    }
    std::ranges::sort(group.missing, {}, &repository::MissingCompanion::path);
    return {};
}

Result<std::vector<Adoption::Group>> Adoption::groups_of(OutsideBackup& backup) const {
    std::vector<Group> groups;
    auto together = backup.is_bundle ? TRY(bundled_group(backup)) : Group{.members = {}};
    for (auto& database : backup.databases) {
        if (std::ranges::find(together.members, &database, &Member::database) != together.members.end()) continue;
        groups.push_back({.members = {{.database = &database, .name = past_.member}}});
    }
    std::ranges::stable_sort(groups, {}, [](const Group& group) { return group.members.front().database->time.time; });
    if (!together.members.empty() || !together.companions.empty()) groups.insert(groups.begin(), std::move(together));
    return groups;
}

Result<void> Adoption::take_opened(OutsideBackup& backup) {
    const std::uint64_t adopted_before = report_.adopted;
    auto groups = groups_of(backup);
    if (!groups) {
        refuse(backup.path, std::move(groups).error());
        return {};
    }
    for (auto& group : *groups) {
        auto taken = take_group(backup, std::move(group));
        if (taken) continue;
        if (is_over(taken.error())) return taken;
        refuse(backup.path, std::move(taken).error());
    }
    if (report_.adopted > adopted_before) report_.original_bytes += backup.size;
    for (const auto& warning : backup.warnings) report_.warnings.push_back(format("{}: {}", printable(backup.path), warning));
    return {};
}

Result<std::uint64_t> Adoption::take_whole(OutsideBackup& bundle) {
    auto group = TRY(bundled_group(bundle));
    for (auto& member : group.members) TRY(look_at(member));
    auto told = describe(bundle, group);
    TRY(record(bundle, told, group));
    return told.number;
}

// Its hash, and SQLite's judgement.
Result<void> Adoption::look_at(Member& member) {
    const auto& image = member.database->image();
    member.sha256 = TRY(sqlite::plain_sha256(image));
    learn_from(image);
    const auto outcome = TRY(check_image(image, context_.watch));
    member.findings = outcome.findings;
    member.is_damaged = outcome.verdict == sqlite::CheckOutcome::Verdict::damaged;
    return {};
}

AdoptedBackup Adoption::describe(const OutsideBackup& backup, const Group& group) const {
    const auto* const first = group.members.empty() ? nullptr : group.members.front().database;
    const bundle::CatalogueEntry& told_of = first != nullptr ? first->told : backup.bundle_facts->whole;
    const std::string file = bundle::without_layers(host::file_name_of(first != nullptr ? first->name : backup.path));
    const auto name = bundle::read_backup_name(file);
    const auto time = first != nullptr ? first->time : backup.time();
    AdoptedBackup told;
    told.file = backup.path;
    told.member = backup.databases.size() > 1 ? first->name : "";
    told.time = time.time;
    told.time_from = time.from;
    told.operation = (told_of.operation.empty() ? name.operation : told_of.operation).substr(0, limits::operation_size_max);
    const bool is_automatic = told_of.is_automatic.value_or(name.is_automatic || !told.operation.empty());
    told.kind = name_of(is_automatic ? SnapshotKind::automatic : SnapshotKind::manual);
    told.comment = !told_of.comment.empty() ? told_of.comment : !request_.comment.empty() ? request_.comment : format("Adopted from {}", printable(file));
    told.comment = told.comment.substr(0, limits::comment_size_max);
    told.layers = first != nullptr ? first->layers : "";
    told.proven_by = backup.proven_by;
    for (const auto* companion : group.companions) told.logical_bytes += companion->bytes;
    told.companions = group.companion_names;
    told.copies = group.copies;
    if (group.skew) told.skew = group.skew->why;
    for (const auto& member : group.members) {
        told.logical_bytes += member.database->image().size();
        told.findings.insert(told.findings.end(), member.findings.begin(), member.findings.end());
    }
    return told;
}

// A plain copy of ours that is as it was written is the backup of which it is one: its header says another journal mode.
Adoption::There::iterator Adoption::find_there(const OutsideBackup& backup, Timestamp time, const Group& group) {
    if (!group.companions.empty() && !backup.bundle_facts) return there_.find(set_key(time, group));
    if (!group.companions.empty()) {
        const auto origin = there_.find(backup.bundle_facts->id);
        return origin != there_.end() ? origin : there_.find(set_key(time, group));
    }
    const auto& member = group.members.front();
    const auto& told = member.database->told;
    const bool is_our_copy = !told.backup_id.empty() && told.database_sha256 == member.sha256;
    const auto by_id = is_our_copy ? there_.find(told.backup_id) : there_.end();
    return by_id != there_.end() ? by_id : there_.find(key_of(time, member.name, member.sha256));
}

Result<void> Adoption::take_group(OutsideBackup& backup, Group group) {
    for (auto& member : group.members) {
        if (!member.database->told.is_scrubbed) continue;
        return fail(ErrorCode::invalid, "{}: columns of it were scrubbed, so it is no backup", printable(backup.path)).with_advice("holdfast restore --from FILE --to FILE gives the database in it");
    }
    if ((group.members.empty() ? backup.time() : group.members.front().database->time).from.empty()) {
        return fail(ErrorCode::invalid, "{}: nothing tells when it was made", printable(backup.path)).with_advice("give it a name that does: app_YYYYMMDD_HHMMSS.db; or a time: touch -d");
    }
    for (auto& member : group.members) TRY(look_at(member));
    TRY(join_companions(backup, group));
    auto told = describe(backup, group);
    const bool is_damaged = std::ranges::any_of(group.members, &Member::is_damaged);
    const auto known = find_there(backup, told.time, group);
    if (known != there_.end()) {
        TRY(tell_there(known, told));
    } else {
        told.state = is_damaged ? "damaged" : "adopted";
        if (history::is_in_future(told.time, context_.host.clock.now())) {
            report_.warnings.push_back(format("{}: the time it states ({}, by its {}) is in the future: latest passes over it while there are others",
                                              printable(told.file), to_rfc3339(told.time), told.time_from == "modified" ? "own time" : told.time_from));
        }
        if (!request_.dry_run) TRY(record(backup, told, group));
        if (!group.copies.empty()) TRY(look_at_agreement(told));
        ++report_.adopted;
        report_.damaged += is_damaged ? 1 : 0;
        report_.bytes_stored += told.bytes_stored;
        const auto key = !group.companions.empty() ? set_key(told.time, group) : key_of(told.time, group.members.front().name, group.members.front().sha256);
        there_.emplace(key, There::mapped_type{.number = {told.number}});
    }
    report_.backups.push_back(std::move(told));
    return {};
}

// True: it is damaged.
Result<bool> Adoption::keep_member(history::Recorder& recorder, Member& member, Timestamp time) {
    const auto& image = member.database->image();
    auto schema = TRY(read_schema(image));
    FrozenDatabase frozen{.facts = member.database->frozen->facts(), .schema = std::move(schema), .page_count = image.last_page().value, .schema_version = {}};
    judge_header(frozen);
    if (member.is_damaged) frozen.schema.findings = member.findings;
    auto* recording = TRY(recorder.member(member.name, image.page_size().bytes()));
    TRY(recording->look(image, context_.watch));
    TRY(member.database->frozen->finish());
    auto entry = entry_of(member.name, frozen);
    entry.database->frozen = time;
    entry.database->device = entry.database->inode = 0;  // of the copy, which the database never was
    TRY(recording->finish(std::move(entry)));
    return member.is_damaged || frozen.schema.is_damaged;
}

Result<void> Adoption::keep_companions(history::Recorder& recorder, const OutsideBackup& backup, const Group& group) {
    for (std::size_t i = 0; i < group.companions.size(); ++i) {
        auto to_keep = group.companions[i]->to_keep;
        to_keep.name = group.companion_names[i];
        auto kept = TRY(recorder.companion(to_keep, context_.watch));
        if (!kept.failures.empty()) return std::move(kept.failures.front().why).while_doing(format("read what is to be {}", printable(to_keep.name)));
    }
    for (const auto& opened : group.opened) {
        if (opened.expect_unchanged) TRY(opened.expect_unchanged());
    }
    if (!backup.bundle_facts) return {};
    for (const auto& [path, why] : backup.bundle_facts->faults.failed) recorder.failed(path, fail(ErrorCode::unavailable, "{}", why));
    return {};
}

// None: a prune voided the number while this process slept.
Result<std::optional<repository::Snapshot>> Adoption::record_once(const OutsideBackup& backup, const AdoptedBackup& told, Group& group) {
    const Timestamp began = context_.host.clock.now();
    // Everything is read in any case; so it is named, too, and its plain hash tells it again the next time.
    auto recorder = TRY(history::Recorder::begin(opened_.get(), past_.source, {.purpose = "adopt", .everything = true}));
    repository::Snapshot draft;
    for (auto& member : group.members) draft.damaged = TRY(keep_member(*recorder, member, told.time)) || draft.damaged;
    TRY(keep_companions(*recorder, backup, group));
    draft.time = told.time;
    draft.began = began;
    draft.utc_offset_s = host::local_offset_s(told.time);
    draft.kind = told.kind == name_of(SnapshotKind::automatic) ? SnapshotKind::automatic : SnapshotKind::manual;
    draft.operation = told.operation;
    draft.comment = told.comment;
    draft.tags = {{"adopted", host::file_name_of(told.file)}};
    if (!group.companions.empty()) draft.tags.emplace_back(set_tag, set_key(told.time, group));
    if (backup.bundle_facts && !backup.bundle_facts->faults.skew_why.empty()) {
        const auto& faults = backup.bundle_facts->faults;
        draft.skew = repository::Skew{.span_ns = faults.skew_span_ns, .why = faults.skew_why, .paths = faults.skew_paths};
    }
    if (group.skew) draft.skew = group.skew;
    draft.missing = group.missing;
    draft.program = history::adopting_program("holdfast " HOLDFAST_VERSION);
    auto snapshot = recorder->commit(std::move(draft));
    if (!snapshot && snapshot.error().code() == ErrorCode::busy) return std::optional<repository::Snapshot>();
    return std::optional(TRY(std::move(snapshot)));
}

Result<void> Adoption::record(const OutsideBackup& backup, AdoptedBackup& told, Group& group) {
    auto snapshot = TRY(record_once(backup, told, group));
    if (!snapshot) return fail(ErrorCode::busy, "adopt {}: a prune gave up its number while this slept", printable(told.file)).with_advice("run it again: what has been adopted is passed over");
    told.number = snapshot->number.value;
    told.bytes_stored = snapshot->statistics.bytes_stored;
    past_.source.record = snapshot->source;
    past_.source.parent = std::move(*snapshot);
    return {};
}

}  // namespace holdfast::operations
