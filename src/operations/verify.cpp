#include "holdfast/operations/verify.h"

#include <algorithm>
#include <set>

#include "holdfast/base/text.h"
#include "holdfast/history/damage.h"
#include "holdfast/host/clock.h"
#include "holdfast/operations/check_image.h"
#include "holdfast/operations/open_repository.h"
#include "holdfast/operations/selection.h"
#include "holdfast/repository/check.h"

namespace holdfast::operations {

namespace {

using history::Moment;
using repository::Repository;
using repository::SnapshotNumber;
using repository::VerifyLevel;

Result<VerifyLevel> parse_level(const std::string& text) {
    if (text == "listed") return VerifyLevel::listed;
    if (text == "hashed") return VerifyLevel::hashed;
    if (text == "opened") return VerifyLevel::opened;
    return fail(ErrorCode::invalid, "verify at level '{}': there are listed, hashed and opened", printable(text));
}

// What is to be verified; also backups that cannot even be read.
struct Wanted {
    std::vector<Moment> moments;
    std::vector<std::string> unreadable;
    std::vector<std::string> warnings;
};
Result<Wanted> wanted_moments(Context& context, const Repository& repository, const VerifyRequest& request) {
    if (!request.all) {
        auto selection = TRY(select(context, repository, {.snapshot = request.snapshot, .at = {}, .source = request.source}));
        Wanted wanted;
        wanted.moments.push_back(std::move(selection.moment));
        wanted.warnings = std::move(selection.warnings);
        return wanted;
    }
    if (!request.snapshot.empty()) return fail(ErrorCode::invalid, "verify which: both {} and --all are given", printable(request.snapshot));
    auto filter = TRY(source_filter(context, request.source));
    filter.with_forgotten = true;
    auto list = TRY(history::list_moments(repository, filter));
    Wanted wanted;
    wanted.moments = std::move(list.moments);
    for (const auto& [number, why] : list.damaged) wanted.unreadable.push_back(why.text());
    for (const auto& why : list.note_damage) wanted.unreadable.push_back(why.text());
    return wanted;
}

repository::CheckRequest check_request(const VerifyRequest& request, VerifyLevel level, const Wanted& wanted) {
    repository::CheckRequest check;
    check.level = std::min(level, VerifyLevel::hashed);
    const bool is_everything = request.all && request.source.empty();
    if (is_everything) return check;
    for (const auto& moment : wanted.moments) check.snapshots.push_back(moment.snapshot.number);
    return check;
}

// One backup's verdict, for its note.
struct Verdict {
    bool is_good = true;
    std::string findings;
};

class Verification {
public:
    Verification(Context& context, OpenRepository& opened, VerifyLevel level)
        : context_(context), repository_(opened.get()), level_(level) {}

    Result<void> check(const repository::CheckRequest& request, const std::vector<Moment>& moments) {
        const auto checked = TRY(repository::check(repository_, request, context_.watch));
        report_.bytes_read = checked.bytes_read;
        report_.chunks_checked = checked.chunks_checked;
        report_.good = checked.good();
        for (const auto& object : checked.objects) {
            report_.objects.push_back(format("{}: {}{}", object.name, object.why, object.twin_is_good ? " (its copy is good)" : ""));
        }
        for (const auto& range : checked.ranges) tell_of(range, moments);
        return {};
    }

    Result<void> open_all(const std::vector<Moment>& moments) {
        if (level_ != VerifyLevel::opened) return {};
        for (const auto& listed : moments) {
            if (!verdicts_[listed.snapshot.number].is_good) continue;
            TRY(open_one(listed.snapshot.number));
        }
        return {};
    }

    // A repository that cannot be written is as good as its bytes; its notes stay unwritten.
    void note(const std::vector<Moment>& moments) {
        for (const auto& moment : moments) {
            const auto& verdict = verdicts_[moment.snapshot.number];
            report_.verified.push_back(moment.snapshot.number.value);
            const bool is_known = verdict.is_good && moment.notes.verified && moment.notes.verified->good &&
                                  moment.notes.verified->value > static_cast<std::uint64_t>(level_);
            if (is_known) continue;  // a deeper one says more
            repository::Note note;
            note.type = repository::NoteType::verified;
            note.time = context_.host.clock.now();
            note.value = static_cast<std::uint64_t>(level_);
            note.good = verdict.is_good;
            note.text = verdict.findings;
            static_cast<void>(repository_.add_note(moment.snapshot.number, note).ok());
        }
    }

    VerifyReport& report() { return report_; }

private:
    void fail_backup(SnapshotNumber number, const std::string& why) {
        auto& verdict = verdicts_[number];
        verdict.is_good = false;
        if (verdict.findings.empty()) verdict.findings = why;
        report_.good = false;
    }

    void tell_of(const repository::DamagedRange& range, const std::vector<Moment>& moments) {
        FoundDamage damage{.number = range.snapshot.value, .offset = range.offset, .size = range.size,
                           .database = range.member, .object = range.object, .why = range.why, .tables = {}};
        const auto at = std::ranges::find(moments, range.snapshot, [](const Moment& moment) { return moment.snapshot.number; });
        if (at != moments.end()) damage.tables = tables_of(at->snapshot.number, range);
        report_.damage.push_back(std::move(damage));
        fail_backup(range.snapshot, range.why);
    }

    std::vector<std::string> tables_of(SnapshotNumber number, const repository::DamagedRange& range) {
        const auto snapshot = repository_.snapshot(number);
        if (!snapshot) return {};
        const auto entry = std::ranges::find(snapshot->members, range.member, &repository::DirectoryEntry::name);
        if (entry == snapshot->members.end() || !entry->database) return {};
        const auto image = history::open_image(repository_, *entry);
        if (!image) return {};
        return history::tables_in(**image, {.offset = range.offset, .size = range.size});
    }

    Result<void> open_one(SnapshotNumber number) {
        const auto lease = TRY(repository_.lease(number));
        const auto snapshot = TRY(repository_.snapshot(number));
        for (const auto& entry : snapshot.members) {
            if (entry.database) TRY(open_member(snapshot, entry));
        }
        return {};
    }

    Result<void> open_member(const repository::Snapshot& snapshot, const repository::DirectoryEntry& entry) {
        const auto image = TRY(history::open_image(repository_, entry));
        const auto outcome = TRY(check_image(*image, sqlite::CheckDepth::full, context_.watch));
        const std::string where = format("#{} {}", snapshot.number.value, printable(entry.name));
        for (const auto& finding : outcome.findings) report_.sqlite_findings.push_back(where + ": " + finding);
        if (outcome.verdict != sqlite::CheckOutcome::Verdict::damaged) return {};
        const std::string why = outcome.findings.empty() ? "damaged" : outcome.findings.front();
        if (entry.database->findings.empty()) {
            fail_backup(snapshot.number, "SQLite finds it damaged: " + why);
        } else {
            report_.warnings.push_back(where + ": the source was damaged already when it was backed up");
            verdicts_[snapshot.number].is_good = false;
        }
        return {};
    }

    Context& context_;
    Repository& repository_;
    VerifyLevel level_;
    VerifyReport report_;
    std::map<SnapshotNumber, Verdict> verdicts_;
};

}  // namespace

Result<VerifyReport> verify(Context& context, const VerifyRequest& request) {
    const host::Stopwatch stopwatch(context.host.clock);
    const auto level = TRY(parse_level(request.level));
    const auto opened = TRY(open_repository(context, request.repository, {}));
    const auto wanted = TRY(wanted_moments(context, opened->get(), request));
    std::vector<std::unique_ptr<Repository::Lease>> leases;
    if (!request.all) leases.push_back(TRY(opened->get().lease(wanted.moments.front().snapshot.number)));

    Verification verification(context, *opened, level);
    TRY(verification.check(check_request(request, level, wanted), wanted.moments));
    TRY(verification.open_all(wanted.moments));
    verification.note(wanted.moments);

    VerifyReport report = std::move(verification.report());
    report.level = request.level;
    report.warnings.insert(report.warnings.begin(), wanted.warnings.begin(), wanted.warnings.end());
    for (const auto& why : wanted.unreadable) report.objects.push_back(why);
    report.good = report.good && wanted.unreadable.empty();
    report.duration_ms = stopwatch.ms();
    return report;
}

}  // namespace holdfast::operations
