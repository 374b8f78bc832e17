#include "holdfast/operations/verification.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/history/damage.h"
#include "holdfast/operations/check_agreement.h"
#include "holdfast/operations/check_image.h"
#include "holdfast/operations/look_at_content.h"
#include "holdfast/operations/look_at_expectations.h"
#include "holdfast/operations/settings_in_effect.h"

namespace holdfast::operations {

using repository::DirectoryEntry;
using repository::SnapshotNumber;

void Verification::fail_backup(SnapshotNumber number, const std::string& why) {
    auto& verdict = verdicts_[number];
    verdict.is_good = false;
    if (verdict.findings.empty()) verdict.findings = why;
    report_.good = false;
}

std::vector<std::string> Verification::tables_of(const repository::DamagedRange& range) const {
    const auto snapshot = repository_.snapshot(range.snapshot);
    if (!snapshot) return {};
    const auto entry = std::ranges::find(snapshot->members, range.member, &DirectoryEntry::name);
    if (entry == snapshot->members.end() || !entry->database) return {};
    const auto image = history::open_image(repository_, *entry);
    if (!image) return {};
    return history::tables_in(**image, {.offset = range.offset, .size = range.size});
}

void Verification::tell_of(const repository::DamagedRange& range) {
    FoundDamage damage;
    damage.number = range.snapshot.value;
    const bool is_database = range.type == repository::EntryType::database || range.type == repository::EntryType::raw;
    (is_database ? damage.database : damage.file) = range.member;
    damage.kind = is_database ? "database" : range.type == repository::EntryType::directory ? "folder" : "file";
    damage.offset = range.offset;
    damage.size = range.size;
    damage.object = range.object;
    damage.why = range.why;
    if (is_database) damage.tables = tables_of(range);
    report_.damage.push_back(std::move(damage));
    fail_backup(range.snapshot, range.why);
}

Result<void> Verification::check_bytes(const repository::CheckRequest& request) {
    const auto checked = TRY(repository::check(repository_, request, context_.watch));
    report_.bytes_read = checked.bytes_read;
    report_.chunks_checked = checked.chunks_checked;
    report_.good = checked.good();
    for (const auto& object : checked.objects) {
        report_.objects.push_back(format("{}: {}{}", object.name, object.why, object.twin_is_good ? " (nothing is lost by it)" : ""));
    }
    for (const auto& range : checked.ranges) tell_of(range);
    return {};
}

Result<void> Verification::open(const history::Moment& moment) {
    const auto number = moment.snapshot.number;
    if (level_ != repository::VerifyLevel::opened || !verdicts_[number].is_good) return {};
    const auto lease = repository_.lease(number);
    if (!lease && lease.error().code() == ErrorCode::not_found) return {};  // pruned meanwhile
    if (!lease) return lease.error().copy();
    const auto snapshot = TRY(repository_.snapshot(number));
    for (const auto& entry : snapshot.members) {
        if (!entry.database) continue;
        auto opened = open_member(number, entry);
        if (!opened && opened.error().code() != ErrorCode::corrupt) return opened;
        if (!opened) fail_backup(number, opened.error().message());
    }
    return {};
}

Result<void> Verification::open_member(SnapshotNumber number, const DirectoryEntry& entry) {
    const auto image = TRY(history::open_image(repository_, entry));
    const auto outcome = TRY(check_kept_image(context_, repository_, *image));
    const std::string where = format("#{} {}", number.value, printable(entry.name));
    for (const auto& finding : outcome.findings) report_.sqlite_findings.push_back(where + ": " + finding);
    if (outcome.verdict != sqlite::CheckOutcome::Verdict::damaged) return {};
    if (entry.database->findings.empty()) {
        fail_backup(number, "SQLite finds it damaged: " + (outcome.findings.empty() ? "" : outcome.findings.front()));
        return {};
    }
    report_.warnings.push_back(where + ": the source was damaged already when it was backed up");
    verdicts_[number].is_good = false;
    return {};
}

Result<void> Verification::look_at_expected(const history::Moment& moment, const LoadedSettings& loaded) {
    const auto expectations = expectations_of(loaded, moment.snapshot.source.name);
    const auto asked = asked_of_content(loaded, moment.snapshot.source.name);
    const auto number = moment.snapshot.number;
    const bool was_unmet = moment.notes.expected && !moment.notes.expected->good;
    if (!asked && !was_unmet) return {};
    if (level_ != repository::VerifyLevel::opened || !verdicts_[number].is_good || moment.snapshot.damaged) return {};
    const auto lease = repository_.lease(number);
    if (!lease && lease.error().code() == ErrorCode::not_found) return {};  // pruned meanwhile
    if (!lease) return lease.error().copy();
    const auto snapshot = TRY(repository_.snapshot(number));
    auto results = look_at_backup(context_, repository_, snapshot, expectations);
    auto agreement = agreement_of_backup(context_, repository_, snapshot, loaded);
    TRY(context_.watch.go_on());
    if (!agreement) {
        report_.unmet = true;
        report_.warnings.push_back(format("#{}: whether its files agree could not be looked at: {}", number.value, agreement.error().message()));
        return {};
    }
    if (!results) {  // the one before it, with which it is compared, may be what is damaged
        report_.unmet = true;
        report_.warnings.push_back(format("#{}: what the settings expect could not be looked at: {}", number.value, results.error().message()));
        return {};
    }
    auto unmet = unmet_among(*results);
    if (auto emptied = emptied_in(repository_, snapshot)) std::ranges::move(*emptied, std::back_inserter(unmet));
    std::ranges::move(unmet_among(*agreement), std::back_inserter(unmet));
    report_.unmet = report_.unmet || !unmet.empty();
    note_what_has_changed(moment, {.unmet = unmet, .asked = asked});
    report_.expected.push_back({.number = number.value, .source = snapshot.source.name, .expectations = std::move(*results), .agreement = std::move(*agreement)});
    return {};
}

// The settings may expect something else than when the backup was made, or the loss before it was accepted.
void Verification::note_what_has_changed(const history::Moment& moment, const ExpectedNote& told) {
    std::vector<std::string> now;
    for (const auto& thing : told.unmet) now.push_back(thing.lost.empty() ? "query" : thing.lost);
    const auto& noted = moment.notes.expected;
    const bool is_noted = noted && noted->hash == told.asked && now == (noted->good ? std::vector<std::string>() : noted->tags);
    if (is_noted || moment.notes.accepted) return;
    static_cast<void>(note_expected(context_, repository_, moment.snapshot.number, told).ok());  // as good as its bytes
}

Result<void> Verification::note(std::span<const history::Moment> moments) {
    const auto there = TRY(repository_.numbers());
    std::vector<repository::NewNote> notes;
    for (const auto& moment : moments) {
        if (!std::ranges::binary_search(there, moment.snapshot.number)) {
            report_.warnings.push_back(format("backup #{} has been pruned meanwhile", moment.snapshot.number.value));
            continue;
        }
        const auto& verdict = verdicts_[moment.snapshot.number];
        const auto level = static_cast<std::uint64_t>(level_);
        report_.verified.push_back(moment.snapshot.number.value);
        const auto& before = moment.notes.verified;
        const bool is_less = verdict.is_good && before && before->value > level;
        if (is_less && !before->good) {
            report_.warnings.push_back(format("#{} stays marked as damaged, as a deeper verification found: {}; holdfast verify {} --level opened looks again",
                                              moment.snapshot.number.value, before->text, moment.snapshot.number.value));
        }
        if (is_less) continue;  // the deeper one goes on standing
        repository::Note note;
        note.type = repository::NoteType::verified;
        note.time = context_.host.clock.now();
        note.value = level;
        note.good = verdict.is_good;
        note.text = verdict.findings;
        notes.push_back({.number = moment.snapshot.number, .note = std::move(note)});
    }
    static_cast<void>(repository_.add_notes(notes).ok());
    return {};
}

}  // namespace holdfast::operations
